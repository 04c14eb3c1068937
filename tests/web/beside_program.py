"""Programs in the place of `web.beside.child`: the real one with the tests' model, or one that misbehaves.

python -m tests.web.beside_program honest|brief|silent|crash|lame|nonsense
"""

import functools
import os
import sys
import time
from typing import TYPE_CHECKING

from core.frames import read_frame, write_frame
from semantic_image_search import open_library
from tests.fakes import FakeEncoder
from web.beside import child
from web.beside.messages import Ready

if TYPE_CHECKING:
    from collections.abc import Callable


def honest() -> None:
    child.open_library = functools.partial(open_library, model=FakeEncoder())
    child.main()


def brief() -> None:
    """Ends when nobody has asked for a moment."""
    child.IDLE_S = 0.1
    honest()


def silent() -> None:
    """Takes a question, and says nothing."""
    _be_ready()
    time.sleep(60)


def crash() -> None:
    """Dies of its first question."""
    _be_ready()
    read_frame(sys.stdin.buffer)
    os._exit(3)


def nonsense() -> None:
    """Says it is ready again and again."""
    _be_ready()
    while True:
        read_frame(sys.stdin.buffer)
        write_frame(sys.stdout.buffer, Ready())


def lame() -> None:
    """Never gets ready."""
    read_frame(sys.stdin.buffer)


def _be_ready() -> None:
    read_frame(sys.stdin.buffer)
    write_frame(sys.stdout.buffer, Ready())


KINDS: "dict[str, Callable[[], None]]" = {one.__name__: one for one in (honest, brief, silent, crash, nonsense, lame)}

if __name__ == "__main__":
    KINDS[sys.argv[1]]()
