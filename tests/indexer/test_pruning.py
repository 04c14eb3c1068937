"""A run gives the room of dead rows back once it is worth it, and builds the index once, over what is left."""

from pathlib import Path

import pytest

import db.derived
from db import check_library, open_reader, open_writer
from db.records import GenerationInfo
from tests.indexer.runs import album, held, index, names

EXACT_BELOW = 64  # the least rows an index is built for


def generation(library: Path) -> GenerationInfo:
    with open_reader(library) as reader:
        return reader.generation(reader.active_space())


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return tmp_path / "photos"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows there were at each build of an index."""
    builds: list[int] = []
    build = db.derived.build_index

    def counted(rows, **options):
        builds.append(len(rows))
        return build(rows, **options)

    monkeypatch.setattr(db.derived, "build_index", counted)
    return builds


def test_the_index_is_built_once_and_after_the_compaction(library: Path, photos: Path, built: list[int]) -> None:
    old = album(photos / "old", 70)
    index(library, photos, exact_below=EXACT_BELOW)
    for path in old[:30]:
        path.unlink()
    album(photos / "new", 30, first_seed=1_000)  # so many that the index is due without a compaction, too
    assert index(library, prune=True, exact_below=EXACT_BELOW).removed == 30
    assert built == [70, 70]  # the second over 40 + 30 rows, and none over the 100 there were before
    after = generation(library)
    assert (after.number, after.committed_rows, after.live_rows) == (2, 70, 70)
    assert after.index is not None
    assert after.index.built_rows == 70
    assert names(library, photos) == [f"new/{i:04d}.jpg" for i in range(30)] + [
        f"old/{i:04d}.jpg" for i in range(30, 70)
    ]
    assert check_library(library) == []


@pytest.mark.parametrize(("gone", "number", "rows"), [(4, 1, 20), (5, 2, 15)])
def test_only_a_fifth_of_dead_rows_is_worth_a_copy(
    library: Path, photos: Path, gone: int, number: int, rows: int
) -> None:
    paths = album(photos, 20)
    index(library, photos)
    before = held(library)
    for path in paths[:gone]:
        path.unlink()
    assert index(library, prune=True).removed == gone
    after = generation(library)
    assert (after.number, after.committed_rows, after.live_rows) == (number, rows, 20 - gone)
    kept = {path: one.vector.tobytes() for path, one in held(library).items()}
    assert kept == {bytes(path): before[bytes(path)].vector.tobytes() for path in paths[gone:]}


def test_what_was_forgotten_is_left_behind_without_prune(library: Path, photos: Path) -> None:
    paths = album(photos, 20)
    index(library, photos)
    with open_writer(library, command="forget") as writer:
        for path in paths[:10]:
            writer.forget(bytes(path))
    assert (generation(library).number, generation(library).committed_rows) == (1, 20)
    index(library)
    assert (generation(library).number, generation(library).committed_rows) == (2, 10)


def test_hidden_pictures_keep_their_rows(library: Path, photos: Path) -> None:
    """They may come back: however many of them there are, there is nothing to leave behind."""
    paths = album(photos, 60)
    index(library, photos)
    for path in paths[:5]:
        path.unlink()
    index(library)
    with open_writer(library, command="forget") as writer:
        writer.forget(bytes(paths[59]))
    for path in paths[5:9]:
        path.unlink()
    index(library)
    assert (generation(library).number, generation(library).live_rows) == (1, 50)
