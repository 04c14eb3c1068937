"""How a server ends when somebody wants it to: cleanly, and within ten seconds, whatever holds it up.

SIGTERM and SIGHUP end it as Ctrl-C does, by an exception in the main thread. That can be lost (Python drops what is
raised while it takes an object apart) or come late (a library is at work in that thread). So a thread of its own hears
of the signal, too: it sets `stop`, and ends the process when its time is over.
"""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread, current_thread, main_thread
from time import sleep
from types import FrameType

from cli.console import say

LAST_S = 9.0  # whoever ends a container or a service kills it after ten
_SIGNALS = (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM))


@contextmanager
def ends_in_time(stop: Event) -> Iterator[None]:
    """What is done here is ended by SIGTERM, SIGHUP and Ctrl-C, by a KeyboardInterrupt; `stop` is set as well.

    From such a signal on the process has LAST_S, also for what it does behind this.
    """
    if current_thread() is not main_thread():  # Python lets no other hear of signals
        yield
        return
    heard, bell = socket.socketpair()
    bell.setblocking(False)
    Thread(target=_see_to_it, args=(heard, stop), name="ending", daemon=True).start()
    handlers = [(number, signal.signal(number, _like_ctrl_c())) for number in _SIGNALS]
    before = signal.set_wakeup_fd(bell.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        for number, handler in reversed(handlers):
            signal.signal(number, handler)
        bell.close()


def _like_ctrl_c() -> signal.Handlers:
    """Once: what ends the process is not to be broken off by being told so again."""
    told = Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        if not told.is_set():
            told.set()
            raise KeyboardInterrupt

    return end  # type: ignore[return-value]  # as `signal.signal` takes it


def _see_to_it(heard: socket.socket, stop: Event) -> None:
    """In a thread: wait for a signal; where none comes before the end, nothing is done."""
    with heard:
        while came := heard.recv(1):
            if came[0] in {*_SIGNALS, signal.SIGINT}:
                break
    if came:
        stop.set()
        sleep(LAST_S)
        say(f"the server did not end within {LAST_S:g} seconds, and is ended now", style="yellow")
        os._exit(1)
