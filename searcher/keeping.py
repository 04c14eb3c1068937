"""Which of several files of one picture to keep, and why: a table of rules, the first that tells them apart decides."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.duplicates import RecordedFile
from core.paths import is_at_or_below
from core.pictures import TakenSource

_COPY_NAME = re.compile(
    rb"(?i)(\((\d{1,3}|copy)\)|[ _.-](copy|kopie|copie|copia)( ?\(?\d*\)?)|\xe5\x89\xaf\xe6\x9c\xac(\s?\d*))\.[^./]+$"
)
"""What programs append to the names of copies: photo (1).jpg, photo copy.jpg, photo - Kopie.jpg, 副本."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Of two files the one whose value is higher is kept."""

    value: Callable[[RecordedFile], float]
    why: str


def _knows(file: RecordedFile) -> int:
    """How many of time, camera and place the picture itself tells."""
    timed = file.taken is not None and file.taken.source is not TakenSource.FILE
    return int(timed) + int(file.camera is not None) + int(file.has_place)


_BETTER = (
    Rule(lambda file: not file.offline, "within reach"),
    Rule(lambda file: file.width * file.height, "the most pixels"),
    Rule(_knows, "says more of when, where and with what it was taken"),
    Rule(lambda file: file.size_bytes or 0, "as many pixels and more bytes: compressed least"),
)
_AS_GOOD = (
    Rule(lambda file: -(file.mtime_ns or 0), "the oldest"),
    Rule(lambda file: _COPY_NAME.search(file.path) is None, "not named as a copy"),
    Rule(lambda file: -len(file.path), "the shortest path"),
)
_LAST = "the first by name"
_WANTED = "in the folder to keep"

WHYS = (*(rule.why for rule in _BETTER), _WANTED, *(rule.why for rule in _AS_GOOD), _LAST)
"""Every reason there is, in the order in which they decide: the page has them in other languages."""


class Keeper:
    """Puts the files of one picture in order, the one to keep first.

    Args:
        folders: absolute; of files that are as good, those below any of them are kept. Nobody's wish for a folder costs
            pixels.
    """

    def __init__(self, folders: tuple[bytes, ...] = ()) -> None:
        wanted = Rule(lambda file: any(is_at_or_below(file.path, one) for one in folders), _WANTED)
        self._rules = (*_BETTER, wanted, *_AS_GOOD)

    def order(self, file: RecordedFile) -> tuple[object, ...]:
        """A key to sort by: the less, the rather kept; no two paths have the same."""
        return (*(-rule.value(file) for rule in self._rules), file.path)

    def why(self, files: Sequence[RecordedFile]) -> str:
        """What sets the first file, which is kept, apart from the next best."""
        if len(files) < 2:
            return ""
        first, second = files[0], files[1]
        return next((rule.why for rule in self._rules if rule.value(first) != rule.value(second)), _LAST)
