"""What the encoders say: that a model is being prepared; with `--verbose`, what its towers run on and why."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_ENCODERS = "encoders"


class _Telling(logging.Handler):
    """Hands each line on."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        self._tell(record.getMessage())


@contextmanager
def encoders_heard(tell: Callable[[str], None], *, everything: bool = False) -> Iterator[None]:
    """While this lasts, `tell` hears what takes so long that people wonder, or all they say of themselves."""
    logger, handler = logging.getLogger(_ENCODERS), _Telling(tell)
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if everything else logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before
