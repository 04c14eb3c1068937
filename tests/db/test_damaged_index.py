"""Whatever became of an index file: one line says so, the answer is exact search's, and the next run writes it anew.

Seen from the library's front; what `RowSearcher` makes of one is in tests/db/vectors/test_searcher.py.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING, fields
from pathlib import Path

import numpy as np
import pytest

from db import check_library, open_reader, open_writer
from db.connect import transaction
from db.records import FindingCode, ImportedRow
from db.vectors import IndexRecord
from db.vectors.engine import load_faiss
from db.vectors.ivfpq import _digest, open_index
from db.vectors.upkeep import Action
from semantic_image_search import open_library
from tests.db.vectors.shelves import clustered, make_shelf, unit

DIM = 32
ROWS = clustered(1_100, DIM)
BUILT, KEPT = 700, 740  # rows in the index, and with the tail
EXACT_BELOW = 64
K = 7
QUERIES = np.concatenate([ROWS[:KEPT:150].astype(np.float32), unit(np.random.default_rng(1).standard_normal((3, DIM)))])
NEWER = [field.name for field in fields(IndexRecord) if field.default is not MISSING]


def take_in(library: Path, start: int, end: int, *, refresh: bool) -> None:
    """These rows, as pictures at /p/NUMBER, and where wanted what a run does at its end."""
    with open_writer(library, command="index") as writer:
        space = writer.use_imported_space("made", DIM)
        named = [(b"/p/%d" % number, ROWS[number].astype(np.float32)) for number in range(start, end)]
        writer.import_rows(space, [ImportedRow(path, row) for path, row in named])
        if refresh:
            writer.refresh_derived(space, exact_below=EXACT_BELOW)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with an index, a tail, and dead rows in both. Not to be changed."""
    library = tmp_path_factory.mktemp("sound") / "library"
    take_in(library, 0, BUILT, refresh=True)
    take_in(library, BUILT, KEPT, refresh=False)
    with open_writer(library, command="forget") as writer:
        for number in (3, 150, BUILT + 1):
            writer.forget(b"/p/%d" % number)
    return library


@pytest.fixture
def library(sound: Path, tmp_path: Path) -> Path:
    """A copy of it, to be harmed."""
    return shutil.copytree(sound, tmp_path / "library")


def record_of(library: Path) -> IndexRecord:
    with open_reader(library) as reader:
        found = reader.generation(reader.active_space()).index
    assert found is not None
    return found


def file_of(library: Path) -> Path:
    return library / "spaces" / "made" / "image" / record_of(library).file


def reached(library: Path) -> float:
    """The share of exact search's hits that are found, by an index that nothing is said of."""
    with open_reader(library) as reader:
        space = reader.active_space()
        worst = [reader.search_exactly(space, query, K).scores[-1] - 1e-6 for query in QUERIES]
        found = [reader.search(space, query, K).scores for query in QUERIES]
        assert reader.notices() == ()
    return float(np.mean([scores >= least for scores, least in zip(found, worst, strict=True)]))


def expect_bypassed(library: Path) -> str:
    """The answers are those of exact search, by the reader and by the front; the notice, which is one line."""
    with open_reader(library) as reader:
        space = reader.active_space()
        for query in QUERIES:
            found, exact = reader.search(space, query, K), reader.search_exactly(space, query, K)
            assert found.rows.tolist() == exact.rows.tolist()
            assert found.scores.tolist() == exact.scores.tolist()
        paths = [picture.path for picture in reader.pictures(space, exact.rows)]
        result = open_library(library).search(vector=query, k=K, group=False)
        assert [hit.picture.path for hit in result.hits] == paths
        (notice,) = result.notices
        assert reader.notices() == (notice,)
        due = reader.index_state(space, exact_below=EXACT_BELOW, recall=None).due
    assert due.action is Action.REBUILD
    assert "\n" not in notice
    assert "searched exactly instead" in notice
    return notice


def expect_mended(library: Path) -> None:
    """By the next run, and for good: nothing is said any more, what is found is what should be."""
    with open_writer(library, command="index") as writer:
        writer.refresh_derived(writer.spaces()[0], exact_below=EXACT_BELOW)
    assert record_of(library).built_rows == record_of(library).trained_rows >= KEPT
    assert reached(library) >= 0.9
    assert open_library(library).search(vector=QUERIES[0], k=K).notices == ()
    assert check_library(library) == []
    open_writer(library, command="index").close()  # nothing is in the way of the one after


def test_a_sound_one_is_used(library: Path) -> None:
    """Else no test here would tell anything."""
    with open_reader(library) as reader:
        space = reader.active_space()
        reader.search(space, QUERIES[0], K)
        searcher = reader._searching.searcher(reader.generation(space))
        assert searcher._opened[0] is not None
        assert reader.notices() == ()
        assert reader.index_state(space, exact_below=EXACT_BELOW, recall=None).due.action is Action.NOTHING


def test_truncated_at_any_length(library: Path) -> None:
    file = file_of(library)
    whole = file.read_bytes()
    means = 4 * open_index(file.parent, record_of(library), ROWS).lists
    for length in (0, 1, 3, 4, 17, len(whole) // 3, len(whole) * 4 // 5, len(whole) - means, len(whole) - 1):
        file.write_bytes(whole[:length])
        assert expect_bypassed(library).startswith(f"the index {file} is damaged: ")
    expect_mended(library)


def places_in(library: Path) -> dict[str, tuple[int, int]]:
    """Of the parts of an index file: where each begins, and where it ends."""
    file = file_of(library)
    whole = file.read_bytes()
    index = open_index(file.parent, record_of(library), ROWS)
    lists, faiss = index.ivf.invlists, load_faiss()
    longest = int(index.list_sizes.argmax())
    ids = faiss.rev_swig_ptr(lists.get_ids(longest), lists.list_size(longest)).tobytes()
    centroids = index.ivf.quantizer.reconstruct_n(0, index.lists).tobytes()
    parts = {
        "header": whole[:64],
        "rotation": index._rotation.tobytes(),
        "centroids": centroids,
        "codebooks": faiss.vector_to_array(index.ivf.pq.centroids).tobytes(),
        "codes": faiss.rev_swig_ptr(lists.get_codes(longest), 128).tobytes(),
        "ids": ids,
        "means": index.known.mean.tobytes(),
    }
    found = {name: (whole.find(part), whole.find(part) + len(part)) for name, part in parts.items()}
    assert [name for name, (start, _) in found.items() if start < 0] == []
    return found | {"lists": (found["means"][1], len(whole))}


def test_a_bit_flipped_anywhere(library: Path) -> None:
    file = file_of(library)
    whole = file.read_bytes()
    rng = np.random.default_rng(5)
    for start, end in places_in(library).values():
        for at in (start, int(rng.integers(start, end)), end - 1):
            harmed = bytearray(whole)
            harmed[at] ^= 1 << int(rng.integers(8))
            file.write_bytes(harmed)
            assert expect_bypassed(library).startswith(f"the index {file} is damaged: ")
    expect_mended(library)


def missing(file: Path) -> None:
    file.unlink()


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def a_folder_with_something_in_it(file: Path) -> None:
    a_folder(file)
    (file / "notes.txt").write_text("mine")


def a_link_to_itself(file: Path) -> None:
    file.unlink()
    file.symlink_to(file)


def nonsense(file: Path) -> None:
    file.write_bytes(np.random.default_rng(2).bytes(20_000))


def more_behind_it(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\0\0\0\0")


def of_another_dimension(file: Path) -> None:
    put_other(file, clustered(BUILT, 48))


def of_another_space(file: Path) -> None:
    put_other(file, clustered(BUILT, DIM, seed=9))


def put_other(file: Path, rows: np.ndarray) -> None:
    """The sound index of these rows, under this one's name."""
    other = file.parents[3] / "other"
    other.mkdir()
    made = make_shelf(other, rows)
    assert made.record is not None
    (other / made.record.file).replace(file)


@pytest.mark.parametrize("tail", ["short", "long"])
@pytest.mark.parametrize(
    "harm",
    [
        missing,
        a_folder,
        a_folder_with_something_in_it,
        a_link_to_itself,
        nonsense,
        more_behind_it,
        of_another_dimension,
        of_another_space,
    ],
)
def test_something_else_in_its_place(library: Path, harm: Callable[[Path], None], tail: str) -> None:
    """A long tail would be added to the lists: the harm is noticed on another way."""
    harm(file_of(library))
    if tail == "long":
        take_in(library, KEPT, KEPT + 250, refresh=False)
    notice = expect_bypassed(library)
    assert str(file_of(library)) in notice
    expect_mended(library)
    left = list(library.rglob("notes.txt"))
    assert len(left) == (harm is a_folder_with_something_in_it)  # it is not ours to remove


@contextmanager
def as_an_ordinary_user(owned: Path) -> Iterator[None]:
    """Root may read everything."""
    if os.geteuid() != 0:
        yield
        return
    for path in (owned, *owned.rglob("*")):
        os.chown(path, 65534, 65534)
    closed = {parent: parent.stat().st_mode for parent in owned.parents if parent.stat().st_mode & 0o055 != 0o055}
    for parent, mode in closed.items():
        parent.chmod(mode | 0o055)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        for parent, mode in closed.items():
            parent.chmod(mode)


@pytest.mark.skipif(os.name == "nt", reason="no such permissions there")
def test_one_that_may_not_be_read(library: Path) -> None:
    missing(file_of(library))
    expect_bypassed(library)
    expect_mended(library)  # whatever is imported for it is imported now, by whoever may read it
    file = file_of(library)
    with as_an_ordinary_user(library):
        file.chmod(0)
        assert f"the index {file} cannot be read (Permission denied): " in expect_bypassed(library)
        expect_mended(library)


def change_record(library: Path, **changes: object) -> None:
    """Without the fields that are None."""
    known = json.loads(record_of(library).to_json()) | changes
    known = {name: value for name, value in known.items() if value is not None}
    with open_writer(library, command="index") as writer, transaction(writer.store) as conn:
        conn.exec_driver_sql("UPDATE generation SET index_record = ?", (json.dumps(known),))


def test_one_of_the_version_before(library: Path) -> None:
    """Neither a rotation before the lists nor means behind them, and a record that knows nothing of either."""
    faiss = load_faiss()
    plain = faiss.index_factory(DIM, "IVF17,PQ8x4fsr", faiss.METRIC_INNER_PRODUCT)
    plain.cp.min_points_per_centroid = plain.pq.cp.min_points_per_centroid = 1
    plain.train(ROWS[:BUILT].astype(np.float32))
    plain.add(ROWS[:BUILT].astype(np.float32))
    file = file_of(library)
    faiss.write_index(plain, str(file))
    change_record(library, **dict.fromkeys(NEWER), digest=_digest(file), structure="IVF17,PQ8x4fsr")
    assert record_of(library).trained_rows == 0
    assert expect_bypassed(library).startswith(f"the index {file} is not one that this version reads: ")
    expect_mended(library)


def test_a_record_without_the_newer_fields(library: Path) -> None:
    """The file is sound: it is used, as far as the record tells how, until the next run writes both anew."""
    change_record(library, **dict.fromkeys(NEWER))
    assert reached(library) >= 0.9
    with open_reader(library) as reader:
        due = reader.index_state(reader.active_space(), exact_below=EXACT_BELOW, recall=None).due
    assert (due.action, due.reason) == (Action.REBUILD, "an earlier version of search built it")
    expect_mended(library)


def of_a_later_faiss(library: Path) -> None:
    """A whole file, as its digest says, that this faiss makes nothing of."""
    nonsense(file_of(library))
    change_record(library, digest=_digest(file_of(library)))


def with_a_new_field(library: Path) -> None:
    change_record(library, layers=3)


def with_a_field_of_another_type(library: Path) -> None:
    change_record(library, nprobe=[8, 16])


def without_a_field(library: Path) -> None:
    change_record(library, built_rows=None)


def no_record_at_all(library: Path) -> None:
    with open_writer(library, command="index") as writer, transaction(writer.store) as conn:
        conn.exec_driver_sql("UPDATE generation SET index_record = 'FAISS'")


LATER = [of_a_later_faiss, with_a_new_field, with_a_field_of_another_type, without_a_field, no_record_at_all]


@pytest.mark.parametrize("later", LATER)
def test_one_of_a_later_version(library: Path, later: Callable[[Path], None]) -> None:
    later(library)
    expect_bypassed(library)
    assert FindingCode.INDEX_UNSOUND in {finding.code for finding in check_library(library)}
    expect_mended(library)


@pytest.mark.parametrize("later", LATER)
def test_one_that_is_not_needed_any_more_is_dropped(library: Path, later: Callable[[Path], None]) -> None:
    """Nothing is said of it any more: exact search is good enough for so few rows."""
    later(library)
    expect_bypassed(library)
    with open_writer(library, command="index") as writer:
        space = writer.spaces()[0]
        writer.refresh_derived(space, exact_below=10_000)
        assert writer.generation(space).index is None
    assert open_library(library).search(vector=QUERIES[0], k=K).notices == ()
    open_writer(library, command="index").close()
    assert check_library(library) == []
    assert list(library.rglob("index.*")) == []


@pytest.mark.parametrize("later", LATER)
def test_optimize_writes_it_anew(library: Path, later: Callable[[Path], None]) -> None:
    later(library)
    with open_writer(library, command="optimize") as writer:
        writer.optimize(writer.spaces()[0], exact_below=EXACT_BELOW)
    assert record_of(library).built_rows >= KEPT - 3
    assert reached(library) >= 0.9
