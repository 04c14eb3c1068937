"""What a bug says of itself on the server's stderr: which kind, and where; nothing of what was asked.

An exception's message may hold the words that somebody searched for, or the name of a file: those are in no log.
"""

from __future__ import annotations

import sys
import traceback


def report_bug(error: BaseException) -> None:
    """Where it was raised, without its message, and without that of what caused it."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    frames = "".join(traceback.format_tb(error.__traceback__))
    sys.stderr.write(
        f"a bug of the server, at:\n{frames}{kind} (what it says may hold what was asked, and is left out)\n"
    )
    sys.stderr.flush()
