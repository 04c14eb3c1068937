"""The server: takes in whoever may ask, and answers from a library that is held in memory.

A thread for each conversation, one for each question. What goes wrong with a question is told to the one who asked, who
then answers it alone; nothing of it ends the server.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Event, Thread
from time import perf_counter

from core.errors import PictureProblem, SearchError, ServerEnding, UsageError
from core.indexing import Progress
from core.queries import SearchResult
from core.settings import load_settings
from semantic_image_search.warm import identity
from semantic_image_search.warm.held import Held
from semantic_image_search.warm.line import Broken, Line
from semantic_image_search.warm.messages import PROTOCOL, Answer, Ask, Hello, Refused, SearchQuestion, Welcome
from semantic_image_search.warm.post import Post

CONVERSATIONS = 200  # at once; further clients answer themselves
HELLO_S = 2.0  # a client says it at once
QUIET_S = 30.0  # between two questions of one client: a slow pipe behind it
HEARTBEAT_S = 1.0
SEND_S = 10.0  # a client that is stopped takes nothing in


@dataclass(frozen=True, slots=True)
class Heard:
    """One question that was dealt with; nothing of what was asked."""

    kind: str  # "search" or "lookup"
    took_ms: float
    trouble: Exception | None = None  # why it was not answered; a SearchError is no bug


class Server:
    """Answers for one library.

    Args:
        library: its folder, absolute, as clients name it.
        held: the library itself.
        report: hears of each question, from any thread.
    """

    def __init__(self, library: bytes, held: Held, report: Callable[[Heard], None]) -> None:
        self._library = library
        self._held = held
        self._report = report
        self._settings = identity.in_force(load_settings())
        self._room = BoundedSemaphore(CONVERSATIONS)
        self._ending = Event()

    def take_in(self, post: Post) -> None:
        """Talk with everybody who comes, until the post is left."""
        while (connected := post.next_visitor()) is not None:
            if not self._room.acquire(blocking=False):
                connected.close()
                continue
            Thread(target=self._meet, args=(Line(connected),), daemon=True).start()

    def end(self, *, wait_s: float) -> None:
        """Answer what is being answered, for so long, and nothing more."""
        self._ending.set()
        self._held.turns.close(wait_s=wait_s)

    def _meet(self, line: Line) -> None:
        try:
            if line.peer == os.getuid():
                self._converse(line)
        except Broken:  # the client left, or is none
            pass
        finally:
            line.close()
            self._room.release()

    def _converse(self, line: Line) -> None:
        refusal = self._refusal(line.receive(timeout_s=HELLO_S))
        line.send(refusal or Welcome(os.getpid()), timeout_s=SEND_S)
        while refusal is None and isinstance(asked := line.receive(timeout_s=QUIET_S), Ask):
            self._answer(line, asked)

    def _refusal(self, hello: object) -> Refused | None:
        """Why this client had better answer itself."""
        if not isinstance(hello, Hello) or hello.protocol != PROTOCOL:
            return Refused("speaks another protocol")
        if hello.build != identity.build():
            return Refused("is another version of `search`, or was started before it was installed anew")
        if hello.library != self._library:
            return Refused("has another library")
        if hello.settings != self._settings:
            self._read_settings_again(hello.settings)
        other = identity.differing(self._settings, hello.settings)
        return Refused(f"has other settings ({', '.join(other)})") if other else None

    def _read_settings_again(self, wanted: identity.Said) -> None:
        """The config file may have been written since; then the library is opened anew, by what it says now."""
        with suppress(UsageError):
            now = identity.in_force(load_settings())
            if now == wanted:
                self._held.let_go()
                self._settings = now

    def _answer(self, line: Line, asked: Ask) -> None:
        started, said, left = perf_counter(), SimpleQueue[object](), Event()
        Thread(target=self._work, args=(asked, said, left), daemon=True).start()
        try:
            while True:
                message = _next(said)
                took_ms = 1000 * (perf_counter() - started)
                if isinstance(message, SearchResult):
                    message = Answer(message, took_ms)
                line.send(message, timeout_s=SEND_S)
                if not isinstance(message, Progress | None):
                    return
        finally:
            left.set()

    def _work(self, asked: Ask, said: SimpleQueue[object], left: Event) -> None:
        """Say how it goes, and at the end one thing: the result, whose fault it is, or that there is none."""
        started = perf_counter()
        trouble: Exception | None = None

        def hear(progress: Progress) -> None:
            if left.is_set() or self._ending.is_set():
                raise _Abandoned
            said.put(progress)

        try:
            said.put(self._result(asked, hear))
        except (UsageError, PictureProblem) as fault:
            said.put(fault)
        except (_Abandoned, ServerEnding):
            said.put(Refused("is ending"))
        except SearchError as error:
            trouble = error
            said.put(Refused(f"could not answer ({error})"))
        except Exception as bug:  # noqa: BLE001 - of one question, and no reason to leave the others without a server
            trouble = bug
            said.put(Refused(f"met a bug ({type(bug).__name__})"))
        kind = "search" if isinstance(asked.question, SearchQuestion) else "lookup"
        self._report(Heard(kind, 1000 * (perf_counter() - started), trouble))

    def _result(self, asked: Ask, hear: Callable[[Progress], None]) -> SearchResult | Refused:
        if any(_identity(path) != (device, inode) for path, device, inode in asked.seen):
            return Refused("sees another file of that name")
        if self._ending.is_set():
            return Refused("is ending")
        with self._held.library() as library:
            self._held.encode_ahead(asked.question.texts)
            with self._held.turns.one():
                return asked.question.put_to(library, hear)


class _Abandoned(Exception):
    """Whoever asked has left."""


def _next(said: SimpleQueue[object]) -> object:
    """What is said next; None where nothing is for a heartbeat's time."""
    try:
        return said.get(timeout=HEARTBEAT_S)
    except Empty:
        return None


def _identity(path: bytes) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - bytes
    except OSError:
        return None
    return found.st_dev, found.st_ino
