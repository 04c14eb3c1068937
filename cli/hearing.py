"""What the encoders say of themselves, shown with `--verbose`: what a model's towers run on, and why."""

import logging

from cli.console import say

_ENCODERS = "encoders"


class _Saying(logging.Handler):
    """Shows a line on stderr as this program shows what it says."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        say(record.getMessage())


def hear_encoders() -> None:
    """From here on to the end of the program."""
    logger = logging.getLogger(_ENCODERS)
    logger.handlers = [_Saying()]  # one, however often it is asked for
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
