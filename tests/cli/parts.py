"""Hand-written parts for the commands: a library that answers what it was told to, and answers to tell it."""

from datetime import datetime
from pathlib import Path
from typing import Any, Self

import pytest
from PIL import Image

from core.errors import LibraryNotFound, SearchError
from core.indexing import IndexReport, Problem, Progress
from core.optimizing import OptimizeReport
from core.pictures import Caption, CaptionSource, Picture, PictureFacts, TakenAt, TakenSource
from core.queries import Alike, AlikeKind, CopyKind, Hit, SearchResult, Took
from core.settings import load_settings
from semantic_image_search import open_library


def facts(*, source: TakenSource = TakenSource.EXIF, offset: int | None = 120) -> PictureFacts:
    return PictureFacts(
        format="jpeg",
        width=640,
        height=480,
        exif_orientation=1,
        taken=TakenAt(datetime(2019, 5, 1, 12, 30, 5), offset, source),  # noqa: DTZ001 - wall clock
        camera="Canon EOS 40D",
        captions=(Caption("a dog", CaptionSource.IPTC),),
    )


def hit(
    path: bytes = b"/photos/dog.jpg",
    *,
    rank: int = 1,
    score: float = 0.31234567,
    alike: tuple[Alike, ...] = (),
    copy: CopyKind | None = None,
    source: TakenSource = TakenSource.EXIF,
    offline: bool = False,
) -> Hit:
    return Hit(rank, score, Picture(7, 0, path, (), offline, facts(source=source), b"h" * 32), alike, copy)


BURST = tuple(Alike(f"/photos/burst-{n}.jpg".encode(), AlikeKind.BURST) for n in range(11))


def result(*hits: Hit, query: str = "a dog", searched: int = 12_000, notices: tuple[str, ...] = ()) -> SearchResult:
    return SearchResult(
        query=query,
        space="vit-b-32-1a2b3c4d",
        model="ViT-B-32",
        library="/library",
        searched=searched,
        indexed=12_000,
        known=12_400,
        took_ms=Took(encode=30.0, retrieve=5.5, rerank=0.0, total=412.25),
        hits=hits,
        notices=notices,
    )


class FakeLibrary:
    """Remembers what it was asked, and answers as told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.opened: dict[str, Any] = {}
        self.answer: SearchResult | SearchError | BaseException = result(hit())
        self.lookups: dict[bytes, SearchResult | SearchError] = {}
        self.report = IndexReport()
        self.needs: str | None = None  # the default model, where its weights are not here and nobody named another
        self.optimized: OptimizeReport | BaseException = OptimizeReport((), 50_000, 1.0, 0, 0)
        self.files = 12  # that are forgotten, or let in again
        self.progress: tuple[Progress, ...] = ()
        self.state: Any = LibraryNotFound("nothing indexed yet: run search index FOLDER")
        self.skipped: list[Problem] = []
        self.findings: list[Any] = []
        self.findings_left: list[Any] = []

    def open(self, path: Path | None = None, **options: Any) -> "FakeLibrary":
        self.opened = {"path": path, **options}
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.calls.append(("close", {}))

    @property
    def settings(self) -> Any:
        return load_settings()

    def search(self, text: str | None = None, **options: Any) -> SearchResult:
        return self._give("search", {"text": text, **options}, self.answer)

    def lookup(self, image: bytes, **options: Any) -> SearchResult:
        return self._give("lookup", {"image": image, **options}, self.lookups.get(image, self.answer))

    def index(self, paths: Any = (), **options: Any) -> IndexReport:
        listener = options["listener"]
        for progress in self.progress:
            listener(progress)
        return self._give("index", {"paths": tuple(paths), **options}, self.report)

    def undecided(self, paths: Any = (), *, options: Any = None) -> str | None:
        return self.needs

    def status(self) -> Any:
        return self._give("status", {}, self.state)

    def optimize(self, **options: Any) -> OptimizeReport:
        listener = options.pop("listener")
        for progress in self.progress:
            listener(progress)
        return self._give("optimize", options, self.optimized)

    def problems(self) -> list[Problem]:
        return self.skipped

    def forget(self, path: bytes) -> int:
        return self._give("forget", {"path": path}, self.files)

    def unforget(self, path: bytes) -> int:
        return self._give("unforget", {"path": path}, self.files)

    def doctor(self, *, fix: bool = False) -> list[Any]:
        return self._give("doctor", {"fix": fix}, self.findings_left if fix else self.findings)

    def use_model(self, name: str) -> Any:
        return self._give("use_model", {"name": name}, self.state.spaces[0].space)

    def import_vectors(self, vectors: Path, paths: Path, **options: Any) -> IndexReport:
        return self._give("import_vectors", {"vectors": vectors, "paths": paths, **options}, self.report)

    def export_vectors(self, out: Path) -> int:
        return self._give("export_vectors", {"out": out}, 1234)

    def asked(self, name: str) -> dict[str, Any]:
        """What the one call of this name was asked."""
        found = [options for called, options in self.calls if called == name]
        assert len(found) == 1, self.calls
        return found[0]

    def _give(self, name: str, options: dict[str, Any], value: Any) -> Any:
        self.calls.append((name, options))
        if isinstance(value, BaseException):
            raise value
        return value


def index_one_red(folder: Path) -> Path:
    """A library of one red picture, made by the program itself below this folder with `mini`; returns where it is."""
    (folder / "photos").mkdir()
    Image.new("RGB", (64, 64), (200, 0, 0)).save(folder / "photos" / "red.png")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SEARCH_CONFIG", str(folder / "none.toml"))
        with open_library(folder / "library", model="mini") as opened:
            opened.index([folder / "photos"])
    return folder / "library"
