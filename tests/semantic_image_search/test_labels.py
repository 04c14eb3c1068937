"""Labels and tags through the front door: colours with the fake encoder, real photos with mini."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.arrays import Vectors
from core.errors import LibraryNotFound, PictureProblem, UnknownModel, UsageError, WrongModel
from core.indexing import Progress
from core.queries import Filters
from core.tags import USER
from db import check_library, open_writer
from searcher.label_sets import SETS, LabelSet, make_set
from searcher.labels import OTHERS
from semantic_image_search import Library, open_library
from semantic_image_search.labels import selection as tagged
from semantic_image_search.labels.labelling import Labeller
from tests.fakes import FakeEncoder

COLOURS = {"red": (220, 30, 30), "blue": (30, 60, 220), "green": (30, 160, 40)}


def bare(*labels: str, name: str = "labels") -> LabelSet:
    """Labels as they are: the fake encoder knows the words of colours, and no full stops."""
    return make_set(name, labels, ["{}"])


ALL = bare(*COLOURS)


class Counting(FakeEncoder):
    """Counts the texts it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = 0

    def encode_texts(self, texts: list[str]) -> Vectors:  # type: ignore[override]
        self.texts += len(texts)
        return super().encode_texts(texts)


class Scaleless(FakeEncoder):
    def __init__(self) -> None:
        super().__init__()
        self._info = replace(self._info, logit_scale=None)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for folder in ("a", "b"):
        (tmp_path / "photos" / folder).mkdir(parents=True)
        for name, colour in COLOURS.items():
            Image.new("RGB", (64, 48 if folder == "a" else 64), colour).save(
                tmp_path / "photos" / folder / f"{name}.png"
            )
    return tmp_path / "photos"


@pytest.fixture
def library(photos: Path, tmp_path: Path) -> Iterator[Library]:
    opened = open_library(tmp_path / "library", model=FakeEncoder())
    assert opened.index([photos]).added == 6
    yield opened
    assert check_library(opened.path) == []


def found(library: Library, *tags: str) -> list[str]:
    hits = library.search("red", filters=Filters(tags=tags), k=20, group=False).hits
    return sorted("/".join(Path(os.fsdecode(hit.picture.path)).parts[-2:]) for hit in hits)


def counts(library: Library) -> dict[str, int]:
    return {tag.name: tag.pictures for tag in library.tags.list()}


def test_labels_of_pictures_the_library_need_not_hold(library: Library, tmp_path: Path) -> None:
    Image.new("RGB", (30, 30), (225, 20, 20)).save(tmp_path / "new.png")
    for picture in (tmp_path / "new.png", np.full((30, 30, 3), (225, 20, 20), np.uint8)):
        ((best, second),) = library.label([picture], ALL, k=2)
        assert best.name == "red"
        assert best.probability is not None
        assert best.probability > 0.99 > (second.probability or 0)
    with pytest.raises(PictureProblem):
        library.label([tmp_path / "nothing.png"], ["red"])
    with pytest.raises(UsageError, match="no set of labels"):
        library.label([tmp_path / "new.png"], "rainbow")


def test_a_single_label_competes_with_everyday_words(library: Library, photos: Path) -> None:
    labeller = Labeller(FakeEncoder(), [bare("blue")], listener=print)
    assert labeller.or_none == (True,)
    assert labeller.notices == (
        "a single label would always have the probability 1: everyday words compete with it here",
    )
    (((red,),), ((blue,),)) = labeller.best([photos / "a" / "red.png", photos / "a" / "blue.png"], 1)
    assert red.probability is not None
    assert blue.probability is not None
    assert red.probability < 0.01
    assert blue.probability > 0.9


def test_the_whole_library_is_tagged_by_its_vectors(library: Library, photos: Path) -> None:
    for picture in photos.rglob("*.png"):
        picture.unlink()  # nothing is opened
    heard: list[Progress] = []
    report = library.tags.write(ALL, listener=heard.append)
    assert (report.source, report.model, report.looked_at, report.tagged) == ("labels", "fake", 6, 6)
    assert (report.labels, report.least, report.or_none) == (3, 0.3, True)
    assert dict(report.counts) == {"red": 2, "blue": 2, "green": 2}
    assert heard[-1] == Progress("tag", 6, 6)
    assert found(library, "RED") == ["a/red.png", "b/red.png"]
    (hit,) = library.search("blue", filters=Filters(tags=("blue",), folders=(os.fsencode(photos / "a"),))).hits
    (tag,) = hit.picture.facts.tags
    assert (tag.name, tag.source, tag.model) == ("blue", "labels", "fake")
    assert 0.9 < (tag.score or 0) <= 1.0


def test_a_dry_run_counts_and_writes_nothing(library: Library) -> None:
    dry = library.tags.write(ALL, dry_run=True)
    assert (dry.dry_run, dict(dry.counts)) == (True, {"red": 2, "blue": 2, "green": 2})
    assert library.tags.list() == []


def test_a_set_is_replaced_where_it_is_given_again(library: Library, photos: Path) -> None:
    colours = bare(*COLOURS, name="rainbow")
    library.tags.write(colours)
    library.tags.write(bare("red", name="rainbow"), or_none=True, filters=Filters(folders=(os.fsencode(photos / "a"),)))
    assert found(library, "blue") == ["b/blue.png"]
    assert found(library, "red") == ["a/red.png", "b/red.png"]
    report = library.tags.write(colours, paths=[photos / "b" / "blue.png", "nowhere.png"])
    assert (report.looked_at, report.unknown) == (1, (os.fsencode(Path("nowhere.png").absolute()),))
    assert found(library, "blue") == ["b/blue.png"]


def test_labels_without_a_name_come_one_at_a_time(library: Library) -> None:
    library.tags.write(bare("red"))
    library.tags.write(bare("blue"))
    assert counts(library) == {"red": 2, "blue": 2}
    assert library.tags.write(make_set("labels", ["red"], ["some {}like thing"])).counts == ()
    assert counts(library) == {"blue": 2}


def test_few_labels_need_more_and_their_own_may_be_none(library: Library) -> None:
    assert library.tags.write("weather", dry_run=True).least == 0.5
    assert library.tags.write("objects", dry_run=True).least == 0.3
    assert (library.tags.write(["red", "blue"], or_none=False, dry_run=True).least) == 0.5
    everything = library.tags.write(bare("yellow", "black"), or_none=False, dry_run=True)
    assert everything.tagged == 6  # one of two is always more probable than the other
    assert library.tags.write(bare("yellow", "black"), dry_run=True).tagged < 6
    for least in (0.0, -1.0, 1.5, float("nan")):
        with pytest.raises(UsageError, match="probability"):
            library.tags.write(["red"], least=least)


def test_no_scale_no_tags(photos: Path, tmp_path: Path) -> None:
    library = open_library(tmp_path / "other", model=Scaleless())
    library.index([photos])
    with pytest.raises(UsageError, match="no scale"):
        library.tags.write(["red", "blue"])
    ((best,),) = library.label([photos / "a" / "red.png"], ["red", "blue"], k=1)
    assert (best.name, best.probability) == ("red", None)
    assert "says no scale" in Labeller(Scaleless(), [make_set("x", ["red", "blue"])], listener=print).notices[0]


def test_imported_vectors_of_another_length_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", np.eye(2, 7, dtype=np.float32))
    (tmp_path / "paths.txt").write_text("/a.jpg\n/b.jpg\n")
    library = open_library(tmp_path / "library", model=FakeEncoder())
    library.import_vectors(tmp_path / "rows.npy", tmp_path / "paths.txt", model="fake")
    with pytest.raises(WrongModel, match="fake"):
        library.tags.write(ALL)
    other = open_library(tmp_path / "other")
    other.import_vectors(tmp_path / "rows.npy", tmp_path / "paths.txt", model="somebody's")
    with pytest.raises(UnknownModel, match="a model that cannot be had here"):
        other.tags.write(ALL)


def test_imported_vectors_are_tagged_where_their_model_is_here(tmp_path: Path) -> None:
    """Nothing is known of the pictures but their vectors; their tags are shown all the same."""
    encoder = FakeEncoder()
    np.save(tmp_path / "rows.npy", encoder.encode_texts(["red", "blue"]))
    (tmp_path / "paths.txt").write_text("/a/red.png\n/a/blue.png\n")
    library = open_library(tmp_path / "library", model=encoder)
    library.import_vectors(tmp_path / "rows.npy", tmp_path / "paths.txt", model="fake")
    assert library.tags.write(ALL).tagged == 2
    (hit,) = library.search("red", filters=Filters(tags=("red",))).hits
    assert (hit.picture.path, [tag.name for tag in hit.picture.facts.tags]) == (b"/a/red.png", ["red"])


def test_tags_by_hand(library: Library, photos: Path) -> None:
    change = library.tags.add(["Holiday", "sea"], paths=[photos / "a", photos / "b" / "red.png", "nowhere"])
    assert change.changed == (("Holiday", 4), ("sea", 4))
    assert change.unknown == (os.fsencode(Path("nowhere").absolute()),)
    assert library.tags.add(["sea"], filters=Filters(formats=("png",))).changed == (("sea", 2),)
    assert library.tags.remove(["sea"], filters=Filters(folders=(os.fsencode(photos / "b"),))).changed == (("sea", 3),)
    assert found(library, "sea", "holiday") == ["a/blue.png", "a/green.png", "a/red.png"]
    only_b = library.tags.list(paths=[photos / "b"])
    assert [(tag.name, tag.pictures) for tag in only_b] == [("Holiday", 1)]
    assert library.tags.remove(sources=[USER]).changed == ((USER, 4),)
    assert library.tags.list() == []
    with pytest.raises(UsageError, match="which pictures"):
        library.tags.add(["sea"])


def test_a_library_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    library = open_library(tmp_path / "none", model=FakeEncoder())
    for ask in (
        lambda: library.tags.write(bare("red")),
        lambda: library.tags.add(["x"], paths=["."]),
        lambda: library.tags.remove(["x"]),
        library.tags.list,
    ):
        with pytest.raises(LibraryNotFound):
            ask()
    assert not (tmp_path / "none").exists()


def test_tagging_goes_block_by_block(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = library.tags.write(ALL, dry_run=True)
    monkeypatch.setattr(tagged, "BLOCK_ROWS", 4)
    library.forget(next(iter(library.search("green", k=1).hits)).picture.path)
    heard: list[Progress] = []
    report = library.tags.write(ALL, listener=heard.append)
    assert (whole.tagged, report.tagged) == (6, 5)
    done = [progress.done for progress in heard if progress.stage == "tag"]
    assert (len(done), done[0] <= 4, done[1]) == (2, True, 5)
    assert counts(library) == {"red": 2, "blue": 2, "green": 1}


def test_stopped_in_the_middle_nothing_has_changed(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.tags.write(bare("red"))
    monkeypatch.setattr(tagged, "BLOCK_ROWS", 2)

    def stop(progress: Progress) -> None:
        if progress.done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.tags.write(ALL, listener=stop)
    assert counts(library) == {"red": 2}
    with open_writer(library.path, command="test"):
        pass  # the lock was let go


def test_tags_outlive_a_change_of_the_model(library: Library, photos: Path) -> None:
    """And a change in the middle of a run is no reason to mix two models."""
    library.tags.write(ALL)
    newer = FakeEncoder("newer")
    with open_writer(library.path, command="test") as writer:
        writer.begin_space(newer.info)
    indexing = open_library(library.path)
    indexing.encoders.for_run = lambda spaces: [(one, newer) for one in spaces if one.name == "newer"]  # type: ignore[method-assign]

    def index_meanwhile(progress: Progress) -> None:
        if progress.stage == "labels" and progress.total == 1:
            indexing.index()

    with pytest.raises(WrongModel, match="changed from fake to newer"):
        library.tags.write(bare("red"), listener=index_meanwhile)
    changed = open_library(library.path, model=newer)
    assert [(tag.name, tag.sources[0].model) for tag in changed.tags.list()] == [
        (name, "fake") for name in sorted(COLOURS)
    ]
    assert found(changed, "red") == ["a/red.png", "b/red.png"]
    changed.tags.write(bare("red"))
    assert {source.model for tag in changed.tags.list() for source in tag.sources} == {"fake", "newer"}


def test_built_in_sets_are_encoded_once(photos: Path, tmp_path: Path) -> None:
    encoder = Counting()
    library = open_library(tmp_path / "library", model=encoder)
    library.index([photos])
    picture, before = photos / "a" / "red.png", encoder.texts
    first = library.label([picture], "weather", or_none=True)
    weather = SETS["weather"]
    assert encoder.texts - before == len(weather.labels) * len(weather.templates) + len(OTHERS.labels)
    assert library.label([picture], "weather", or_none=True) == first
    assert encoder.texts - before == len(weather.labels) * len(weather.templates) + len(OTHERS.labels)
    for file in (tmp_path / "cache").rglob("*.npy"):
        file.write_bytes(file.read_bytes()[:-9])  # torn: encoded again
    assert library.label([picture], "weather", or_none=True) == first
    own = encoder.texts
    library.label([picture], ["red", "blue"])
    library.label([picture], ["red", "blue"])
    assert encoder.texts == own + 2 * 2 * 7


def test_mini_knows_dogs_and_boats(test_data: Path, tmp_path: Path) -> None:
    library = open_library(tmp_path / "library", model="mini")
    names = ("beagle", "Walker_hound", "Rottweiler", "catamaran", "speedboat", "alp", "minivan")
    assert library.index([test_data / "photos" / f"{name}.jpg" for name in names]).added == len(names)
    ((best, *_),) = library.label([test_data / "photos" / "beagle.jpg"], ["cat", "dog", "horse", "car", "house"])
    assert best.name == "dog"
    library.tags.write(make_set("three", ["dog", "boat", "mountain"]))
    dogs = {
        Path(os.fsdecode(hit.picture.path)).stem for hit in library.search("x", filters=Filters(tags=("dog",))).hits
    }
    assert {"beagle", "Walker_hound"} <= dogs <= {"beagle", "Walker_hound", "Rottweiler"}
