"""Pictures and paths named on the command line."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.errors import PictureProblem, SearchError
from core.paths import display


def as_unicode(words: str) -> str:
    """Words as a model can take them: bytes of the command line that are not UTF-8 become �."""
    return os.fsencode(words).decode("utf-8", "replace")


def shown(path: str | bytes | Path) -> str:
    """A path of the command line, safe to print."""
    return display(os.fsencode(path))


@contextmanager
def naming(pictures: Sequence[Path | str | bytes]) -> Iterator[None]:
    """A problem with one of these pictures is told with its name.

    Raises:
        SearchError: in place of the PictureProblem.
    """
    try:
        yield
    except PictureProblem as problem:
        raise SearchError(f"{' or '.join(shown(path) for path in pictures)}: {problem.reason}") from problem
