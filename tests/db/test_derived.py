"""When the index and the columns are written, and that no answer ever depends on them (invariants 2 and 3)."""

from pathlib import Path

import numpy as np
import pytest

from core.recall import DEFAULT_RECALL
from db import LibraryWriter, check_library, open_reader, open_writer
from db.connect import transaction
from db.records import ImportedRow
from db.vectors.records import IndexRecord
from tests.db.making import DIM, Disk, index, unit
from tests.db.vectors.shelves import clustered


def grow(writer: LibraryWriter, disk: Disk, start: int, end: int) -> None:
    for number in range(start, end):
        disk.put(b"/p/%d/%d" % (number % 7, number))
    index(writer, disk, b"/p", batch=200)


def best(library: Path, query: np.ndarray, k: int = 10) -> list[bytes]:
    with open_reader(library) as reader:
        space = reader.active_space()
        return [p.path for p in reader.pictures(space, reader.search(space, query, k).rows)]


def notices(library: Path, dim: int = DIM) -> tuple[str, ...]:
    with open_reader(library) as reader:
        reader.search(reader.active_space(), unit("anything", dim), 3)
        return reader.notices()


def record(library: Path):
    with open_reader(library) as reader:
        return reader.generation(reader.active_space()).index


def test_no_index_below_the_threshold(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    grow(writer, disk, 0, 100)
    space = writer.spaces()[0]
    writer.refresh_derived(space, exact_below=101)
    assert record(library) is None
    told = []
    writer.refresh_derived(space, exact_below=100, on_progress=told.append)
    built = record(library)
    assert built is not None
    assert built.built_rows == 100
    assert {progress.stage for progress in told} == {"finish"}


def test_pictures_are_found_before_the_index_knows_them(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    grow(writer, disk, 0, 300)
    space = writer.spaces()[0]
    writer.refresh_derived(space, exact_below=0)
    disk.put(b"/p/new")
    del disk.files[b"/p/3/3"]
    index(writer, disk, b"/p")
    assert record(library).built_rows == 300
    assert best(library, unit("fake:/p/new"), 1) == [b"/p/new"]
    assert best(library, unit("fake:/p/3/3"), 1) != [b"/p/3/3"]  # masked, never removed from the index
    writer.refresh_derived(space, exact_below=0)
    assert record(library).built_rows == 300  # too little changed
    writer.refresh_derived(space, exact_below=0, force=True)
    assert record(library).built_rows == 301
    assert len(list((library / "spaces").rglob("index.*"))) == 1


@pytest.mark.parametrize("damage", ["flip", "truncate", "delete"])
def test_a_damaged_index_is_bypassed_with_one_notice_and_built_again(
    writer: LibraryWriter, disk: Disk, library: Path, damage: str
) -> None:
    grow(writer, disk, 0, 300)
    queries = [unit(f"query {number}") for number in range(20)]
    exact = [best(library, query) for query in queries]
    writer.refresh_derived(writer.spaces()[0], exact_below=0)
    assert notices(library) == ()
    file = next((library / "spaces").rglob("index.*"))
    whole = file.read_bytes()
    if damage == "delete":
        file.unlink()
    elif damage == "truncate":
        file.write_bytes(whole[: len(whole) // 2])
    else:
        middle = len(whole) // 2
        file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :])
    (notice,) = notices(library)
    assert "slower" in notice
    assert [best(library, query) for query in queries] == exact
    writer.refresh_derived(writer.spaces()[0], exact_below=0)
    assert notices(library) == ()


def take_in(writer: LibraryWriter, rows: np.ndarray, folder: str = "a") -> None:
    space = writer.use_imported_space("made", rows.shape[1])
    named = [b"/%s/%d" % (folder.encode(), number) for number in range(len(rows))]
    writer.import_rows(
        space, [ImportedRow(path, row) for path, row in zip(named, rows.astype(np.float32), strict=True)]
    )


def refreshed(writer: LibraryWriter, *, recall: float | None = None) -> IndexRecord:
    space = writer.spaces()[0]
    writer.refresh_derived(space, exact_below=64, recall=recall)
    found = writer.generation(space).index
    assert found is not None
    assert [path.name for path in (writer.path / "spaces").rglob("index.*")] == [found.file]
    return found


def test_a_long_tail_is_added_to_the_same_lists(writer: LibraryWriter, library: Path) -> None:
    rows = clustered(1_300, 32)
    take_in(writer, rows[:1_000])
    built = refreshed(writer)
    assert (built.built_rows, built.trained_rows, built.target) == (1_000, 1_000, DEFAULT_RECALL)
    take_in(writer, rows[1_000:1_250], "b")
    assert refreshed(writer) == built  # 8 · √1,000 is 253
    take_in(writer, rows[1_250:], "c")
    extended = refreshed(writer)
    assert (extended.built_rows, extended.trained_rows) == (1_300, 1_000)
    assert (extended.structure, extended.coarse_error, extended.imbalance) == (
        built.structure,
        built.coarse_error,
        built.imbalance,
    )
    assert best(library, rows[1_299].astype(np.float32), 1) == [b"/c/49"]


def test_rows_unlike_those_of_the_training_have_new_lists_trained(writer: LibraryWriter) -> None:
    rows = clustered(1_200, 32)
    take_in(writer, rows[:1_000])
    built = refreshed(writer)
    take_in(writer, rows[1_000:], "b")
    assert refreshed(writer) == built  # more of the same
    take_in(writer, -clustered(100, 32, seed=1), "c")  # on the other side of the sphere
    assert refreshed(writer).trained_rows == 1_300


def test_another_recall_is_measured_with_the_same_lists_and_kept(writer: LibraryWriter) -> None:
    take_in(writer, clustered(1_000, 32))
    built = refreshed(writer)
    aimed = refreshed(writer, recall=0.8)
    assert (aimed.target, aimed.trained_rows, aimed.digest) == (0.8, 1_000, built.digest)
    assert min(aimed.recall_image, aimed.recall_text) >= 0.8
    assert refreshed(writer) == aimed
    take_in(writer, clustered(2_000, 32)[1_000:], "b")
    assert (refreshed(writer).target, refreshed(writer).trained_rows) == (0.8, 2_000)


def test_rows_that_died_have_recall_measured_again(writer: LibraryWriter) -> None:
    for number in range(10):
        take_in(writer, clustered(1_000, 32)[number * 100 : number * 100 + 100], f"{number}")
    built = refreshed(writer)
    writer.forget(b"/3")
    assert refreshed(writer) == built
    writer.forget(b"/7/5")
    again = refreshed(writer)
    assert (again.dead_rows, again.trained_rows, again.built_rows) == (101, 1_000, 1_000)
    assert refreshed(writer) == again


def test_lists_that_fall_short_are_given_up_at_once(writer: LibraryWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = clustered(1_300, 32)
    take_in(writer, rows[:1_000])
    refreshed(writer)
    monkeypatch.setattr("db.derived.fell_short", lambda record: record.trained_rows < record.built_rows)
    take_in(writer, rows[1_000:], "b")
    assert refreshed(writer).trained_rows == 1_300


@pytest.mark.parametrize("moment", ["extend_index", "build_index"])
def test_an_index_that_could_not_be_written_leaves_the_old_one(
    writer: LibraryWriter, library: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = clustered(1_600, 32)
    take_in(writer, rows[:1_000])
    built = refreshed(writer)
    take_in(writer, rows[1_000 : 1_300 if moment == "extend_index" else 1_600], "b")

    def killed(*_: object, folder: Path, **__: object) -> None:
        (folder / "index.1.faiss.tmp").write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"db.derived.{moment}", killed)
        with pytest.raises(KeyboardInterrupt):
            writer.refresh_derived(writer.spaces()[0], exact_below=64)
    assert record(library) == built
    assert notices(library, dim=32) == ()
    assert best(library, rows[1_299].astype(np.float32), 1) == [b"/b/299"]
    (library / "spaces" / "made" / "image" / "index.1.faiss.tmp").unlink()
    assert refreshed(writer).built_rows == len(rows[: 1_300 if moment == "extend_index" else 1_600])


def test_an_index_of_an_earlier_version_is_built_anew(writer: LibraryWriter, library: Path) -> None:
    """It is whole and cannot be read: bypassed until the next run."""
    take_in(writer, clustered(300, 32))
    file = (library / "spaces" / "made" / "image") / refreshed(writer).file
    with transaction(writer.store) as conn:
        conn.exec_driver_sql(
            "UPDATE generation SET index_record = json_remove(index_record, '$.trained_rows', '$.coarse_error')"
        )
    assert file.exists()
    assert refreshed(writer).trained_rows == 300


def test_columns_are_written_when_due(
    writer: LibraryWriter, disk: Disk, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.derived._TAIL_ROWS", 20)
    monkeypatch.setattr("db.derived._DIRTY_ROWS", 5)

    def covered() -> int:
        writer.refresh_derived(writer.spaces()[0], exact_below=10**6)
        with open_reader(library) as reader:
            return reader.generation(reader.active_space()).columns_rows

    grow(writer, disk, 0, 20)
    assert covered() == 0
    grow(writer, disk, 20, 21)
    assert covered() == 21
    grow(writer, disk, 21, 41)
    assert covered() == 21  # twenty rows of tail are read from SQL
    grow(writer, disk, 41, 42)
    assert covered() == 42
    grow(writer, disk, 42, 400)
    assert covered() == 400
    grow(writer, disk, 400, 421)
    assert covered() == 421  # no more of a large library: SQL takes as long for them
    for number in range(6):
        disk.sidecars[b"/p/%d/%d" % (number % 7, number)] = b"changed"
    index(writer, disk, b"/p")
    assert writer.store.conn.exec_driver_sql("SELECT count(*) FROM dirty_asset").scalar_one() == 6
    assert covered() == 421
    assert writer.store.conn.exec_driver_sql("SELECT count(*) FROM dirty_asset").scalar_one() == 0


def test_a_killed_build_leaves_only_strays(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    grow(writer, disk, 0, 100)
    folder = next((library / "spaces").rglob("vectors.*")).parent
    for name in ("index.1.faiss.tmp", "index.7.faiss", "columns.1.npy.tmp", "columns.9.npy", "vectors.2.f16"):
        (folder / name).write_bytes(b"half")
    (folder / "somebody's notes.txt").touch()
    assert best(library, unit("fake:/p/3/3"), 1) == [b"/p/3/3"]
    writer.close()
    (finding,) = check_library(library)
    assert (finding.code, len(finding.files)) == ("stray_files", 5)
    with open_writer(library, command="index"):
        pass
    assert sorted(path.name for path in folder.iterdir()) == ["somebody's notes.txt", "vectors.1.f16"]
    assert next(folder.glob("vectors.*")).stat().st_size == 4096 + 100 * DIM * 2
