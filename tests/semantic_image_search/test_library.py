"""The front door on real photos, with an encoder that sees coarse colours."""

import os
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import db
from core.errors import LibraryNotFound, PictureProblem, UsageError, WrongModel
from core.queries import CopyKind, Filters, SearchResult, Sort
from db.records import Finding, FindingCode, SpaceState
from semantic_image_search import Library, open_library
from tests.fakes import FakeEncoder
from tests.tiny_clip import make_tiny_clip

NAMES = ("beagle.jpg", "Siamese_cat.jpg", "alp.jpg", "catamaran.jpg", "candle.jpg", "artichoke.jpg")


@pytest.fixture
def photos(test_data: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in NAMES:
        shutil.copy(test_data / "photos" / name, folder)
    for colour in ("red", "green", "blue"):
        Image.new("RGB", (64, 64), colour).save(folder / f"{colour}.png")
    return folder


@pytest.fixture
def library(photos: Path, tmp_path: Path) -> Library:
    opened = open_library(tmp_path / "library", model=FakeEncoder())
    assert opened.index([photos]).added == len(NAMES) + 3
    return opened


def names_of(library: Library, **query: object) -> list[str]:
    return [Path(hit.picture.path.decode()).name for hit in library.search(**query).hits]  # type: ignore[arg-type]


def test_words_find_pictures(library: Library) -> None:
    for colour in ("red", "green", "blue"):
        assert names_of(library, text=colour, k=1) == [f"{colour}.png"]


def test_pictures_find_pictures(library: Library, photos: Path) -> None:
    with Image.open(photos / "alp.jpg") as image:
        for example in (photos / "alp.jpg", image, np.asarray(image.convert("RGB"))):
            assert names_of(library, images=[example], k=1) == ["alp.jpg"]


def test_a_vector_finds_what_its_text_finds(library: Library) -> None:
    vector = library.encode_texts(["blue"])[0]
    assert names_of(library, vector=7.0 * vector) == names_of(library, text="blue")


def test_encoding_gives_unit_rows(library: Library, photos: Path) -> None:
    with Image.open(photos / "beagle.jpg") as image:
        vectors = library.encode_images([image, photos / "candle.jpg"])
    texts = library.encode_texts(["red", "anything else"])
    assert vectors.shape == (2, 48)
    assert texts.shape == (2, 48)
    for rows in (vectors, texts):
        assert rows.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    assert library.encode_images([]).shape == (0, 48)


def test_filters_and_paging(library: Library) -> None:
    every = names_of(library, text="red", k=20)
    assert names_of(library, text="red", k=3, offset=2) == every[2:5]
    pngs = names_of(library, text="red", k=20, filters=Filters(formats=("png",)))
    assert sorted(pngs) == ["blue.png", "green.png", "red.png"]


def test_a_page_shows_what_is_asked_for(library: Library, photos: Path) -> None:
    shutil.copy(photos / "red.png", photos / "red again.png")
    Image.new("RGB", (64, 64), "yellow").save(photos / "yellow.png")
    os.utime(photos / "yellow.png", (10**9, 10**9))  # the oldest
    library.index()

    def names(answer: SearchResult) -> list[str]:
        return [Path(hit.picture.path.decode()).name for hit in answer.hits]

    pngs = Filters(formats=("png",))
    for ask in (partial(library.search, "yellow"), partial(library.lookup, photos / "yellow.png")):
        together, apart = ask(filters=pngs), ask(filters=pngs, group=False)
        assert (names(together)[0], len(together.hits)) == ("yellow.png", 4)
        assert sorted(names(apart)) == ["blue.png", "green.png", "red again.png", "red.png", "yellow.png"]
        assert ask(filters=pngs, group=False, k=2, offset=2).hits == apart.hits[2:4]
    by_date = {"filters": pngs, "sort": Sort.DATE}
    assert names(library.lookup(photos / "yellow.png", **by_date))[-1] == "yellow.png"  # nothing is judged: all of them
    assert (
        names(library.search("yellow", **by_date))[0] == "yellow.png"
    )  # the one that matches; below it, what does not


def test_lookup_tells_copies_apart(library: Library, photos: Path, tmp_path: Path) -> None:
    with Image.open(photos / "Siamese_cat.jpg") as image:
        width, height = image.size
        image.save(tmp_path / "again.jpg", quality=50)
        image.resize((width // 2, height // 2)).save(tmp_path / "small.png")
        image.crop((width // 10, height // 10, width, height)).save(tmp_path / "part.png")
    expected = {
        photos / "Siamese_cat.jpg": CopyKind.IDENTICAL,
        tmp_path / "again.jpg": CopyKind.RECOMPRESSED,
        tmp_path / "small.png": CopyKind.RESIZED,
        tmp_path / "part.png": CopyKind.CROPPED,
    }
    for path, kind in expected.items():
        hits = library.lookup(path).hits
        assert (Path(hits[0].picture.path.decode()).name, hits[0].copy) == ("Siamese_cat.jpg", kind)
        assert {hit.copy for hit in hits[1:]} == {CopyKind.SIMILAR}


def test_an_identical_file_needs_no_model(library: Library, photos: Path) -> None:
    encoder = FakeEncoder()
    with open_library(library.path, model=encoder) as again:
        assert again.lookup(photos / "alp.jpg").hits[0].copy is CopyKind.IDENTICAL
    assert encoder.pictures_seen == 0


def test_a_refresh_encodes_only_what_is_new(library: Library, photos: Path) -> None:
    encoder = FakeEncoder()
    again = open_library(library.path, model=encoder)
    assert again.index().unchanged == len(NAMES) + 3
    assert encoder.pictures_seen == 0
    Image.new("RGB", (64, 64), "yellow").save(photos / "yellow.png")
    assert again.index().added == 1
    assert encoder.pictures_seen == 1
    assert names_of(again, text="yellow", k=1) == ["yellow.png"]


def test_a_dry_run_writes_nothing(photos: Path, tmp_path: Path) -> None:
    library = open_library(tmp_path / "none", model=FakeEncoder())
    assert library.index([photos], dry_run=True).added == len(NAMES) + 3
    assert not (tmp_path / "none").exists()


def test_another_model_is_refused_until_it_is_asked_for(library: Library) -> None:
    other = open_library(library.path, model=FakeEncoder("other"))
    with pytest.raises(WrongModel, match="search models use other"):
        other.search("red")
    with pytest.raises(WrongModel, match="search models use other"):
        other.index()


def test_changing_the_model_keeps_answering(photos: Path, tmp_path: Path) -> None:
    old, new = (make_tiny_clip(tmp_path / f"model{seed}", seed=seed) for seed in (0, 1))
    path = tmp_path / "library"
    open_library(path, model=old).index([photos])
    open_library(path).use_model(new)
    Image.new("RGB", (64, 64), "yellow").save(photos / "yellow.png")
    with open_library(path) as library:
        assert library.search(images=[photos / "alp.jpg"], k=1).model == old
        report = library.index()
        assert (report.added, report.embedded) == (1, 2 + len(NAMES) + 3)  # the new picture went into both spaces
    with open_library(path) as library:
        answer = library.search(images=[photos / "alp.jpg"], k=1)
        assert (answer.model, answer.indexed) == (new, len(NAMES) + 4)
        assert answer.hits[0].picture.path == bytes(photos / "alp.jpg")
        library.index()
        assert [space.space.name for space in library.status().spaces] == [new]  # the old one is let go of


def test_a_change_of_model_is_given_up_by_asking_for_the_present_one(library: Library) -> None:
    new, third = (open_library(library.path, model=FakeEncoder(name)) for name in ("new", "third"))
    assert new.use_model("new").state is SpaceState.BUILDING
    with pytest.raises(UsageError, match="changing to new already"):
        third.use_model("third")
    assert library.use_model("fake").state is SpaceState.ACTIVE
    assert [one.space.name for one in library.status().spaces] == ["fake"]
    assert library.index().embedded == 0
    assert third.use_model("third").state is SpaceState.BUILDING


def test_status_and_problems(library: Library, photos: Path) -> None:
    (photos / "broken.jpg").write_bytes((photos / "alp.jpg").read_bytes()[:3000])
    report = library.index()
    assert [problem.path for problem in report.problems] == [bytes(photos / "broken.jpg")]
    status = library.status()
    assert [root.path for root in status.roots] == [bytes(photos)]
    assert status.spaces[0].counts.indexed == len(NAMES) + 3
    assert [problem.path for problem in library.problems()] == [bytes(photos / "broken.jpg")]
    assert status.disk.vectors >= (len(NAMES) + 3) * 48 * 2


def test_forgotten_stays_forgotten(library: Library, photos: Path) -> None:
    assert library.forget(photos / "red.png") == 1
    assert "red.png" not in names_of(library, text="red", k=20)
    library.index()
    assert "red.png" not in names_of(library, text="red", k=20)
    assert library.unforget(photos / "red.png") == 1
    library.index()
    assert names_of(library, text="red", k=1) == ["red.png"]


def test_doctor_finds_nothing_wrong(library: Library) -> None:
    assert library.doctor() == []


def test_the_doctor_mends_only_what_is_wrong_once_no_other_writes(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    outdated = [Finding(FindingCode.VECTORS_LOST, "it was being replaced", fixable=True, generation_id=1)]
    check, answers = db.check_library, [outdated]
    monkeypatch.setattr(db, "check_library", lambda path: answers.pop() if answers else check(path))
    before = names_of(library, text="red", k=20)
    assert library.doctor(fix=True) == []
    assert names_of(library, text="red", k=20) == before


def test_the_doctor_starts_lost_vectors_anew(library: Library) -> None:
    before = names_of(library, text="red", k=20)
    shutil.rmtree(library.path / "spaces")
    assert [finding.code for finding in library.doctor()] == [FindingCode.VECTORS_LOST] * 2  # pictures' and captions'
    assert library.doctor(fix=True) == []
    again = library.index()
    assert (again.embedded, again.captions) == (len(before), 1)
    assert names_of(library, text="red", k=20) == before


def test_mistakes_are_said_clearly(library: Library, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="empty"):
        library.search("  ")
    for wrong in (lambda: library.search("red", k=0), lambda: library.lookup(tmp_path / "nothing.jpg", k=0)):
        with pytest.raises(UsageError, match="k must be"):
            wrong()
    with pytest.raises(UsageError, match="uint8"):
        library.search(images=[np.zeros((4, 4), np.uint8)])
    with pytest.raises(PictureProblem):
        library.lookup(tmp_path / "nothing.jpg")
    with pytest.raises(LibraryNotFound, match="search index"):
        open_library(tmp_path / "none", model=FakeEncoder()).search("red")
    with pytest.raises(UsageError, match="name a folder"):
        open_library(tmp_path / "none").index()
    for look in ("status", "problems", "doctor"):
        with pytest.raises(LibraryNotFound):
            getattr(open_library(tmp_path / "none"), look)()


def test_pruning_gives_room_back(library: Library, photos: Path) -> None:
    before = library.status().disk.vectors
    for name in NAMES[:4]:
        (photos / name).unlink()
    assert library.index().offline == 4  # more than a tenth at once: kept
    assert library.status().disk.vectors == before
    assert library.index(prune=True).removed == 4
    assert library.status().disk.vectors == before - (4 + 1) * 48 * 2  # one of them had a caption
    assert names_of(library, text="red", k=1) == ["red.png"]
    assert library.doctor() == []
