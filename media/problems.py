"""What went wrong with one file, said in one line: exceptions of the system and of decoders to PictureProblems.

Decoders raise whatever they like (measured over 6,024 odd files: ValueError, TypeError, SyntaxError, IndexError,
KeyError, struct.error and more beside OSError). The boundary that catches them is in `decode`; here they get a name.
"""

import errno
import re
from typing import IO

from core.errors import PictureProblem, ProblemKind
from media.cut_short import is_cut_short

_REASON_CHARACTERS = 160
_PILLOW_SAYS_NO = "not identified by this driver"
_WORDS = re.compile(r"[A-Za-z]{3,} [A-Za-z]{2,}")  # two words in a row: a sentence, not a key or a number

_BY_ERRNO = {
    errno.ENOENT: (ProblemKind.VANISHED, "there is no such file"),
    errno.ENOTDIR: (ProblemKind.VANISHED, "there is no such folder"),
    errno.ESTALE: (ProblemKind.VANISHED, "there is no such file (stale network handle)"),
    errno.EACCES: (ProblemKind.PERMISSION, "no permission to read it"),
    errno.EPERM: (ProblemKind.PERMISSION, "no permission to read it"),
    errno.EISDIR: (ProblemKind.NOT_A_PICTURE, "a folder, not a file"),
    errno.ELOOP: (ProblemKind.NOT_A_PICTURE, "a symbolic link that leads nowhere"),
    errno.ENXIO: (ProblemKind.NOT_A_PICTURE, "not a regular file"),
}

# What decoders say (lower case) where the end of the file is missing, and where it is all there but too much.
_CUT_SHORT_WORDS = (
    "truncated",
    "end of file",
    "unexpected end",
    "eof",
    "not enough data",
    "buffer is not large enough",
)
_TOO_LARGE_WORDS = (
    "security limit",
    "too large",
    "decompression bomb",
    "exceeds limit",
    "memory allocation",
    "allocation failed",
    "out of memory",
)


def problem_of_system(error: OSError) -> PictureProblem:
    """The problem behind an error of the operating system (one with an errno)."""
    kind, reason = _BY_ERRNO.get(
        error.errno or 0, (ProblemKind.IO_ERROR, f"could not be read: {error.strerror or 'input/output error'}")
    )
    return PictureProblem(kind, reason)


def problem_of_decoder(error: BaseException, *, format_name: str, stream: IO[bytes]) -> PictureProblem:
    """The problem behind whatever a decoder raised on a file that claims to be of `format_name`."""
    if isinstance(error, MemoryError):
        return PictureProblem(ProblemKind.TOO_LARGE, f"{format_name}: takes more memory than one picture may have")
    said = _one_line(error)
    lower = said.lower()
    if type(error).__name__.startswith("DecompressionBomb") or any(words in lower for words in _TOO_LARGE_WORDS):
        return PictureProblem(ProblemKind.TOO_LARGE, f"{format_name}: {said}")
    if any(words in lower for words in _CUT_SHORT_WORDS) or is_cut_short(format_name, stream):
        return PictureProblem(ProblemKind.TRUNCATED, f"{format_name}: the end of the file is missing ({said})")
    return PictureProblem(ProblemKind.BROKEN, f"{format_name}: {said}")


def _one_line(error: BaseException) -> str:
    """What the error says, with its type where the text alone would mean nothing (KeyError: 6)."""
    text = " ".join("".join(c if c.isprintable() else " " for c in str(error)).split())
    if text == _PILLOW_SAYS_NO:
        return "its header is damaged"
    name = type(error).__name__
    said = text if _WORDS.search(text) else f"{name}: {text}" if text else name
    return said if len(said) <= _REASON_CHARACTERS else said[: _REASON_CHARACTERS - 1] + "…"
