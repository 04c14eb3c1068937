"""Questions put to a library: to its server where one answers, else to the library itself, in this process.

A server is a shortcut and nothing more. Whatever is amiss with it (none there, a socket that a crash left behind,
another user's, another version, another configuration, silence, nonsense, an end in the middle) costs a bounded time
and no answer. Errors are taken from it only where they are the question's own fault; every other is met again, and
told, in this process.
"""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack, suppress
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from core.errors import PictureProblem, UsageError
from core.indexing import Progress, silent
from core.paths import absolute
from core.queries import SearchResult
from core.settings import load_settings
from semantic_image_search.warm import identity
from semantic_image_search.warm.line import Broken, Line
from semantic_image_search.warm.messages import (
    PROTOCOL,
    Answer,
    Ask,
    Hello,
    Question,
    Refused,
    SearchQuestion,
    Welcome,
)
from semantic_image_search.warm.place import is_ours_alone, sockets

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from core.indexing import ProgressListener
    from core.models import Device
    from semantic_image_search import Library

CONNECT_S = 0.5  # a server that lives takes connections at once
WELCOME_S = 2.0  # a thread of its own says it, however busy the others are
SILENCE_S = 5.0  # between two heartbeats, which come every second
PATIENCE_S = 60.0  # without an answer nor progress: a large model is read from a slow disk in less


class Asking:
    """Puts questions to one library.

    Args:
        library: its folder as typed; None: the setting.
        device: as typed; a device of one's own choice is not a server's.
        open_here: opens the library in this process; its argument says whether weights may be fetched.
    """

    def __init__(self, library: Path | None, device: Device | None, open_here: Callable[[bool], Library]) -> None:
        self._open_here = open_here
        self._here: Library | None = None
        self._held = ExitStack()
        self._server: Conversation | None = None
        self.told = ""
        """Who answered last, for people."""
        try:
            self._server = _server_for(library, device)
        except Broken as why:
            self._say_here(why)

    def ask(self, question: Question, listener: ProgressListener = silent, *, download: bool = False) -> SearchResult:
        """The library's answer, whoever gives it; raises as `Library.search` and `Library.lookup`.

        Args:
            question: what is asked.
            listener: called with `Progress`.
            download: fetch missing weights; only this process does.
        """
        if self._server is not None and not download:
            try:
                answer = self._server.ask(question, listener)
            except (UsageError, PictureProblem):  # the conversation goes on
                raise
            except BaseException as end:
                self._server.close()
                self._server = None
                if not isinstance(end, Broken):
                    raise
                self._say_here(end)
            else:
                self.told = f"answered by the server (process {self._server.process}), {answer.took_ms:.1f} ms in it"
                return answer.result
        if self._here is None or download:
            self._held.close()
            self._here = self._held.enter_context(self._open_here(download))
        return question.put_to(self._here, listener)

    def close(self) -> None:
        """Hang up; let go of the library, where it was opened here."""
        if self._server is not None:
            self._server.close()
        self._held.close()

    def _say_here(self, why: Broken) -> None:
        self.told = f"answered here: the server {why}"


def _server_for(library: Path | None, device: Device | None) -> Conversation:
    if device is not None:  # the server has its own
        raise Broken("is not asked where --device is given")
    return Conversation.begin(library)


class Conversation:
    """A server that said Welcome. Made by `begin`."""

    def __init__(self, line: Line, process: int) -> None:
        self._line = line
        self.process = process

    @classmethod
    def begin(cls, library: Path | None) -> Conversation:
        """Find the server of a library, and be let in.

        Raises:
            Broken: there is none, or none that may answer us.
            UsageError: a setting is not usable.
        """
        settings = load_settings(library=library and library.expanduser())
        folder = settings.library.absolute()
        hello = Hello(PROTOCOL, identity.build(), os.fsencode(folder), identity.in_force(settings))
        line = _connected(folder)
        try:
            line.send(hello, timeout_s=CONNECT_S)
            welcome = _welcome(line.receive(timeout_s=WELCOME_S))
        except BaseException:
            line.close()
            raise
        return cls(line, welcome.process)

    def ask(self, question: Question, listener: ProgressListener) -> Answer:
        """The answer of the server.

        Raises:
            Broken: there is none to be had from it.
            UsageError, PictureProblem: as `Library.search` and `Library.lookup`.
        """
        self._line.send(_sendable(question), timeout_s=SILENCE_S)
        until = monotonic() + PATIENCE_S
        while True:
            message = self._line.receive(timeout_s=SILENCE_S)
            if isinstance(message, Answer) and isinstance(message.result, SearchResult):
                return message
            if isinstance(message, UsageError | PictureProblem):
                raise message
            if isinstance(message, Refused):
                raise Broken(message.reason)
            if isinstance(message, Progress):
                listener(message)
                until = monotonic() + PATIENCE_S
            elif message is not None or monotonic() > until:
                raise Broken("speaks another language" if message is not None else "takes too long")

    def close(self) -> None:
        """Hang up."""
        self._line.close()


def _welcome(message: object) -> Welcome:
    if isinstance(message, Refused):
        raise Broken(message.reason)
    if not isinstance(message, Welcome):
        raise Broken("speaks another language")
    return message


def _connected(library: Path) -> Line:
    """A line to whoever serves this library.

    Raises:
        Broken: nobody does; or it is none of our processes.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise Broken("needs Unix sockets, which this system does not have")
    why = "of this library (`search serve`) is not running"
    for place in sockets(library):
        if not place.exists():
            continue
        if not is_ours_alone(place.parent):
            why = f"is not trusted: {place.parent} is not yours alone"
            continue
        connected = socket.socket(socket.AF_UNIX)
        connected.settimeout(CONNECT_S)
        try:
            connected.connect(str(place))
        except OSError as error:
            connected.close()
            why = f"left its socket behind ({error.strerror})" if error.strerror else "takes no questions"
            continue
        line = Line(connected)
        if line.peer == os.getuid():
            return line
        line.close()
        why = "is not trusted: it belongs to another user"
    raise Broken(why)


def _sendable(question: Question) -> Ask:
    """The question as it can be put from another folder, and which files are meant."""
    if isinstance(question, SearchQuestion):
        images, not_images = map(absolute, question.images), map(absolute, question.not_images)
        question = replace(question, images=tuple(images), not_images=tuple(not_images))
    else:
        question = replace(question, image=absolute(question.image))
    seen = []
    for path in map(absolute, question.files):
        with suppress(OSError, ValueError):  # what is not there is the answer's business
            found = os.stat(path)  # noqa: PTH116 - bytes
            seen.append((path, found.st_dev, found.st_ino))
    return Ask(question, tuple(seen))
