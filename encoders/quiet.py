"""Keeps the model libraries' chatter out of the program's output while they work.

open_clip logs through the root logger (which installs a handler on stderr for the rest of the process), timm and the
hub warn about things the user cannot change. What goes wrong still raises. Knows nothing about models.
"""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_CHATTY = ("huggingface_hub", "transformers", "timm")
_THROUGH_ROOT = "open_clip"
_LOCK = threading.RLock()  # warning filters and loggers belong to the whole process


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings and no log lines of the model libraries inside; everything as before outside."""
    root = logging.getLogger()
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        silencer = logging.NullHandler()
        root.addFilter(_not_open_clip)
        if not root.handlers:
            root.addHandler(silencer)  # else logging.info() would install a handler of its own
        levels = [(logger := logging.getLogger(name), logger.level) for name in _CHATTY]
        for logger, _ in levels:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            root.removeFilter(_not_open_clip)
            root.removeHandler(silencer)
            for logger, level in levels:
                logger.setLevel(level)


def _not_open_clip(record: logging.LogRecord) -> bool:
    """False for what open_clip says through the root logger ("Model initialized randomly", before the weights come)."""
    return record.levelno >= logging.ERROR or _THROUGH_ROOT not in record.pathname
