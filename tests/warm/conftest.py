"""A small library, a server of it in this process, and an end of a socket to talk nonsense into."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from PIL import Image

from semantic_image_search import Library, open_library
from semantic_image_search.warm.client import Asking
from semantic_image_search.warm.server import Heard
from semantic_image_search.warm.serving import Ready, Report, serve
from tests.fakes import COLOURS, FakeEncoder, FakeReranker


@pytest.fixture(autouse=True)
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder of the test's own; a socket's path must be short, so it is not below tmp_path."""
    folder = Path(tempfile.mkdtemp(prefix="warm-"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for colour, rgb in COLOURS.items():
        Image.new("RGB", (64, 64), rgb).save(folder / f"{colour}.png")
    return folder


@pytest.fixture
def library(tmp_path: Path, photos: Path) -> Path:
    with open_library(tmp_path / "library", model=FakeEncoder()) as opened:
        assert opened.index([photos]).added == len(COLOURS)
    return opened.path


class Served:
    """A server in threads of this process."""

    def __init__(self, library: Path, encoder: FakeEncoder, reranker: FakeReranker | None, idle_s: float) -> None:
        self.library = library
        self.encoder = encoder
        self.reranker = reranker
        self.heard: list[Report] = []
        self.opened = 0
        self._ready, self._stop = Event(), Event()
        self._error: BaseException | None = None
        self._thread = Thread(target=self._serve, args=(idle_s,), daemon=True)

    def start(self) -> "Served":
        self._thread.start()
        self._ready.wait(30)
        if self._error is not None:
            raise self._error
        return self

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    @property
    def answered(self) -> list[Heard]:
        return [one for one in self.heard if isinstance(one, Heard)]

    def _serve(self, idle_s: float) -> None:
        try:
            serve(self.library, self._open, idle_s=idle_s, report=self._hear, stop=self._stop)
        except BaseException as error:  # noqa: BLE001 - told to the test
            self._error = error
            self._ready.set()

    def _open(self) -> Library:
        self.opened += 1
        return open_library(self.library, model=self.encoder, reranker=self.reranker)

    def _hear(self, what: Report) -> None:
        self.heard.append(what)
        if isinstance(what, Ready):
            self._ready.set()


Serve = Callable[..., Served]


@pytest.fixture
def start_server() -> Iterator[Serve]:
    """Start a server of a library; it is stopped at the end."""
    with ExitStack() as ends:

        def start(
            library: Path,
            encoder: FakeEncoder | None = None,
            *,
            reranker: FakeReranker | None = None,
            idle_s: float = 0.0,
        ) -> Served:
            served = Served(library, encoder or FakeEncoder(), reranker, idle_s).start()
            ends.callback(served.stop)
            return served

        yield start


@contextmanager
def asking(library: Path) -> Iterator[Asking]:
    """As the command line asks; here the library is opened with an encoder that only sees colours, too."""
    asks = Asking(library, None, lambda download: open_library(library, model=FakeEncoder()))
    try:
        yield asks
    finally:
        asks.close()


@pytest.fixture
def me() -> int:
    return os.getuid()
