"""What else answers from a held library: when it is entered and left, and where it is alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from core.errors import LibraryNotFound, UsageError
from semantic_image_search import open_library
from semantic_image_search.warm import post, serving
from semantic_image_search.warm.held import Held
from semantic_image_search.warm.serving import Ready, serve
from tests.fakes import FakeEncoder


class Door:
    """Writes down what happens to it."""

    def __init__(self, runtime: Path) -> None:
        self.seen: list[str] = []
        self._runtime = runtime

    @contextmanager
    def __call__(self, held: Held) -> Iterator[None]:
        self.seen.append(f"entered, {len(self._sockets())} socket")
        yield
        self.seen.append(f"left, {'open' if held.is_open else 'closed'}, {len(self._sockets())} socket")

    def _sockets(self) -> list[Path]:
        return list(self._runtime.rglob("*.sock"))


def run(library: Path, door: Door) -> None:
    """From the beginning to the end, with nobody asking."""
    stop = Event()

    def report(what: object) -> None:
        if isinstance(what, Ready):
            door.seen.append("ready" if what.trouble is None else f"ready, {type(what.trouble).__name__}")
            stop.set()

    serve(
        library,
        lambda: open_library(library, model=FakeEncoder()),
        idle_s=0.0,
        report=report,
        stop=stop,
        doors=[door],
    )


def test_a_door_is_entered_first_and_left_before_the_library_is_let_go_of(library: Path, runtime: Path) -> None:
    door = Door(runtime)
    run(library, door)
    assert door.seen == ["entered, 1 socket", "ready", "left, open, 1 socket"]
    assert not list(runtime.rglob("*.sock"))


def test_without_sockets_for_the_command_line_the_door_is_alone(
    library: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "CAN_POST", False)
    monkeypatch.setattr(post, "CAN_POST", False)
    door = Door(runtime)
    run(library, door)
    assert door.seen == ["entered, 0 socket", "ready", "left, open, 0 socket"]
    with pytest.raises(UsageError, match="Unix sockets"):
        serve(library, lambda: pytest.fail("opened"), idle_s=0.0, report=print, stop=Event())


def test_only_behind_a_door_can_a_library_begin(tmp_path: Path, runtime: Path) -> None:
    door = Door(runtime)
    run(tmp_path / "none", door)
    assert "ready, LibraryNotFound" in door.seen
    with pytest.raises(LibraryNotFound):
        serve(tmp_path / "none", lambda: pytest.fail("opened"), idle_s=0.0, report=print, stop=Event())
