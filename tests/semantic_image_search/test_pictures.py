"""`library.pictures`: by id, drawn once however many ask, from whatever file is still what was indexed."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import PictureProblem, ProblemKind, UnknownPicture, UsageError
from db import open_writer
from db.thumbnails import ThumbnailCache
from semantic_image_search import Library, open_library
from semantic_image_search.pictures.thumbnails import ThumbnailAsked, Thumbnails
from tests.fakes import FakeEncoder

HASH = bytes(32)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "photos" / "copies").mkdir(parents=True)
    for name, rgb in (("red", (220, 30, 30)), ("blue", (30, 30, 220)), ("copies/red", (220, 30, 30))):
        Image.new("RGB", (64, 48), rgb).save(tmp_path / "photos" / f"{name}.png")
    return tmp_path / "photos"


@pytest.fixture
def library(tmp_path: Path, photos: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library", model=FakeEncoder()) as opened:
        opened.index([photos])
        yield opened


def id_of(library: Library, path: Path) -> int:
    return library.lookup(path, k=1).hits[0].picture.image_id


def test_pictures_are_those_that_answers_show(library: Library, photos: Path) -> None:
    hits = library.search("red", k=2).hits
    ids = [hit.picture.image_id for hit in hits]
    assert library.pictures.of(ids) == [hit.picture for hit in hits]
    assert library.pictures.of([*reversed(ids), 999, -1]) == [hit.picture for hit in reversed(hits)]

    detail = library.pictures.detail(id_of(library, photos / "red.png"))
    first, second = detail.files
    assert [first.path, second.path] == [str(photos / name).encode() for name in ("red.png", "copies/red.png")]
    found = (photos / "red.png").stat()
    assert (first.size, first.mtime_ns, first.offline) == (found.st_size, found.st_mtime_ns, False)

    for ask in (
        library.pictures.detail,
        library.pictures.open_original,
        library.pictures.without_location,
        library.pictures.handed,
        lambda number: library.pictures.thumbnail(number, 256),
    ):
        with pytest.raises(UnknownPicture, match="no picture 999"):
            ask(999)
    with pytest.raises(UsageError, match="128, 256"):
        library.pictures.thumbnail(1, 300)


def test_a_picture_without_a_vector_is_one_all_the_same(library: Library, photos: Path) -> None:
    red = id_of(library, photos / "red.png")
    with open_writer(library.path, command="test") as writer:
        space = writer.spaces()[0]
        writer._store.conn.exec_driver_sql("DELETE FROM vector_row WHERE asset_id = ?", (red,))
        writer._store.conn.commit()
    assert space.name
    (picture,) = library.pictures.of([red])
    assert (picture.row, picture.path) == (-1, str(photos / "red.png").encode())
    assert library.pictures.thumbnail(red, 128).as_asked


def test_a_picture_that_was_never_read_has_its_vector_only(library: Library, tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.ones((1, library.encoder().info.dim), np.float32))
    (tmp_path / "p.txt").write_text("/nowhere/a.png\n")
    with open_library(tmp_path / "imported") as imported:
        imported.import_vectors(tmp_path / "v.npy", tmp_path / "p.txt", model="fake")
        assert imported.pictures.of([1])[0].path == b"/nowhere/a.png"
        for ask in (imported.pictures.open_original, lambda number: imported.pictures.thumbnail(number, 256)):
            with pytest.raises(PictureProblem, match="never read") as caught:
                ask(1)
            assert caught.value.kind is ProblemKind.VANISHED


def test_a_library_that_cannot_be_written_draws_and_keeps_nothing(
    library: Library, photos: Path, tmp_path: Path
) -> None:
    (library.path / "thumbnails").write_text("in the way")
    blue = id_of(library, photos / "blue.png")
    assert library.pictures.thumbnail(blue, 128).webp == library.pictures.thumbnail(blue, 128).webp


@pytest.fixture
def thumbnails(tmp_path: Path) -> Thumbnails:
    (tmp_path / "kept").mkdir()
    return Thumbnails(ThumbnailCache(tmp_path / "kept", 1_000_000))


def webp(fill: int) -> bytes:
    return b"RIFF" + (92).to_bytes(4, "little") + b"WEBP" + bytes([fill]) * 88


def test_however_many_ask_it_is_drawn_once(thumbnails: Thumbnails) -> None:
    made, go = [], threading.Event()

    def make() -> bytes:
        go.wait(10)
        made.append(1)
        return webp(1)

    asked = ThumbnailAsked(HASH, 256, make, lambda: True)
    got: list[bytes] = []
    threads = [threading.Thread(target=lambda: got.append(thumbnails.get(asked).webp)) for _ in range(12)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert (len(made), got) == (1, [webp(1)] * 12)


def test_what_failed_is_told_to_all_and_not_tried_again_at_once(thumbnails: Thumbnails) -> None:
    tried: list[int] = []

    def make() -> bytes:
        tried.append(1)
        raise PictureProblem(ProblemKind.DECODER_CRASHED, "its decoder crashed")

    for _ in range(3):
        with pytest.raises(PictureProblem, match="crashed"):
            thumbnails.get(ThumbnailAsked(HASH, 256, make, lambda: True))
    assert len(tried) == 1


def test_a_drive_that_is_connected_again_shows_its_pictures_at_once(thumbnails: Thumbnails) -> None:
    connected: list[bytes] = []

    def make() -> bytes:
        if not connected:
            raise PictureProblem(ProblemKind.VANISHED, "the file is out of reach")
        return connected[0]

    asked = ThumbnailAsked(HASH, 256, make, lambda: True)
    with pytest.raises(PictureProblem):
        thumbnails.get(asked)
    connected.append(webp(1))
    assert thumbnails.get(asked).webp == webp(1)


def test_what_is_forgotten_while_it_is_drawn_is_not_kept(thumbnails: Thumbnails, tmp_path: Path) -> None:
    assert thumbnails.get(ThumbnailAsked(HASH, 256, lambda: webp(1), lambda: False)).webp == webp(1)
    assert not list((tmp_path / "kept").rglob("*.webp"))


def test_another_side_stands_in_the_larger_before_the_smaller(thumbnails: Thumbnails) -> None:
    def none() -> bytes:
        raise PictureProblem(ProblemKind.VANISHED, "the file is out of reach")

    for side in (128, 1024, 2048):
        thumbnails.get(ThumbnailAsked(HASH, side, lambda side=side: webp(side % 251), lambda: True))  # type: ignore[misc]
    stand_in = thumbnails.get(ThumbnailAsked(HASH, 256, none, lambda: True))
    assert (stand_in.side, stand_in.asked, stand_in.as_asked) == (1024, 256, False)
