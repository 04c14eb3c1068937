"""What the encoders say: that a model is being prepared; with `--verbose`, what its towers run on and why."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cli.console import say

_ENCODERS = "encoders"


class _Telling(logging.Handler):
    """Hands each line on."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        self._tell(record.getMessage())


def hear_encoders() -> None:
    """All of it, on stderr as this program shows what it says, from here on to the end of the program."""
    logger = logging.getLogger(_ENCODERS)
    logger.handlers = [_Telling(say)]  # one, however often it is asked for
    logger.setLevel(logging.DEBUG)
    logger.propagate = False


@contextmanager
def told_of_preparing(tell: Callable[[str], None]) -> Iterator[None]:
    """While this lasts, `tell` hears what takes so long that people wonder."""
    logger, handler = logging.getLogger(_ENCODERS), _Telling(tell)
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before
