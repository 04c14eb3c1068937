"""The files of pictures, opened only as what was indexed: whatever took a file's place since then is never handed out.

A path says nothing of what lies there now: a link may have been turned elsewhere since. The bytes decide: their hash
must be the one that was indexed, so that nothing can be read through the library that is not part of it.
"""

from __future__ import annotations

import os

from core.errors import PictureProblem, ProblemKind
from core.placeholders import is_online_only

CHANGED = PictureProblem(
    ProblemKind.CHANGED_WHILE_READING, "the file is another than when it was indexed: index it again"
)
NEVER_READ = PictureProblem(
    ProblemKind.VANISHED, "the library has the picture's vector only, its file was never read: index its folder"
)


def require_on_disk(path: bytes) -> None:
    """Looking must not fetch what a cloud keeps elsewhere.

    Raises:
        PictureProblem: VANISHED, PERMISSION, ONLINE_ONLY.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - bytes
    except PermissionError as error:
        raise PictureProblem(ProblemKind.PERMISSION, "no permission to read the file") from error
    except OSError as error:
        raise PictureProblem(ProblemKind.VANISHED, "the file is out of reach: is its drive connected?") from error
    if is_online_only(found):
        raise PictureProblem(ProblemKind.ONLINE_ONLY, "the file is in the cloud, and here in name only")


def known_hash(content_hash: bytes | None) -> bytes:
    """The hash of a picture whose file was read.

    Raises:
        PictureProblem: it was not.
    """
    if content_hash is None:
        raise PictureProblem(NEVER_READ.kind, NEVER_READ.reason)
    return content_hash
