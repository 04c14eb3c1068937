"""Each invariant broken on purpose: the doctor says so, and mends it without losing a good picture."""

import copy
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import LibraryTooNew
from db import check_library, fix_library, open_reader, open_writer
from db.records import CommitCounts, FindingCode
from db.vectors.blocks import BLOCK_ROWS
from tests.db.making import Disk, index, unit

PICTURES = 2 * BLOCK_ROWS + 300
ROW_BYTES = 32
HEADER = 4096


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Disk]:
    """Three blocks of rows, an index and columns; one picture hidden, one pruned (the oldest: in the last rows)."""
    library, disk = tmp_path_factory.mktemp("built") / "library", Disk()
    for number in range(PICTURES):
        disk.put(b"/p/%d" % number)
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p", batch=500)
        del disk.files[b"/p/0"]
        index(writer, disk, b"/p", prune=True)
        del disk.files[b"/p/1"]
        index(writer, disk, b"/p")
        writer.refresh_derived(writer.spaces()[0], exact_below=0, force=True)
    assert check_library(library) == []
    return library, disk


@pytest.fixture
def disk(built: tuple[Path, Disk]) -> Disk:
    return copy.deepcopy(built[1])


@pytest.fixture
def indexed(built: tuple[Path, Disk], library: Path) -> Path:
    return Path(shutil.copytree(built[0], library))


def vectors(library: Path) -> Path:
    return next((library / "spaces").rglob("vectors.*"))


def sql(library: Path, *statements: str) -> None:
    connection = sqlite3.connect(library / "library.sqlite3")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def flip(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 0xFF
    file.write_bytes(data)


def findable(library: Path) -> set[bytes]:
    with open_reader(library) as reader:
        space = reader.active_space()
        return {p.path for p in reader.pictures(space, range(reader.generation(space).committed_rows))}


def mend(library: Path) -> None:
    findings = check_library(library)
    with open_writer(library, command="doctor --fix") as writer:
        assert [finding.code for finding in fix_library(writer, findings)] == [finding.code for finding in findings]
    assert check_library(library) == []


def cut_to(rows: int) -> Callable[[Path], None]:
    def cut(library: Path) -> None:
        with vectors(library).open("r+b") as file:
            file.truncate(HEADER + rows * ROW_BYTES + 7)

    return cut


def append_rows(library: Path) -> None:
    with vectors(library).open("ab") as file:
        file.write(bytes(3 * ROW_BYTES + 1))


BREAKAGES: dict[str, tuple[set[FindingCode], Callable[[Path], None], int]] = {
    # name: what the doctor says, how it is broken, how many pictures have to be embedded again after the fix
    "vectors deleted": ({FindingCode.VECTORS_LOST}, lambda lib: vectors(lib).unlink(), PICTURES - 2),
    "header damaged": ({FindingCode.VECTORS_LOST}, lambda lib: flip(vectors(lib), 30), PICTURES - 2),
    "vectors cut short": ({FindingCode.VECTORS_SHORT}, cut_to(BLOCK_ROWS + 5), PICTURES - BLOCK_ROWS - 2),
    "vectors never committed": ({FindingCode.VECTORS_EXCESS}, append_rows, 0),
    "a byte of the first block": (
        {FindingCode.BLOCKS_DAMAGED},
        lambda lib: flip(vectors(lib), HEADER + 10 * ROW_BYTES),
        BLOCK_ROWS,
    ),
    "a byte of the last block": (
        {FindingCode.BLOCKS_DAMAGED},
        lambda lib: flip(vectors(lib), HEADER + PICTURES * ROW_BYTES - 1),
        PICTURES - 2 * BLOCK_ROWS - 2,
    ),
    "a checksum": (
        {FindingCode.BLOCKS_DAMAGED},
        lambda lib: sql(lib, "UPDATE block SET crc = crc + 1 WHERE block = 1"),
        BLOCK_ROWS,
    ),
    "no checksum": (
        {FindingCode.BLOCKS_DAMAGED},
        lambda lib: sql(lib, "DELETE FROM block WHERE block = 1"),
        BLOCK_ROWS,
    ),
    "index": (
        {FindingCode.INDEX_UNSOUND},
        lambda lib: flip(next((lib / "spaces").rglob("index.*")), 5_000),
        0,
    ),
    "index deleted": (
        {FindingCode.INDEX_UNSOUND},
        lambda lib: next((lib / "spaces").rglob("index.*")).unlink(),
        0,
    ),
    "columns": ({FindingCode.COLUMNS_UNSOUND}, lambda lib: flip(next((lib / "spaces").rglob("columns.*")), 500), 0),
    "columns out of date": (
        {FindingCode.COLUMNS_UNSOUND},
        lambda lib: sql(lib, "UPDATE asset SET taken = taken + 1 WHERE id = 100"),
        0,
    ),
    "a row of no picture": (
        {FindingCode.ROWS_UNMAPPED},
        lambda lib: sql(lib, "DELETE FROM vector_row WHERE row = 9"),
        1,
    ),
    "a tombstone too many": (
        {FindingCode.TOMBSTONES},
        lambda lib: sql(lib, "INSERT INTO tombstone SELECT generation_id, row FROM vector_row WHERE row = 9"),
        0,
    ),
    "a tombstone too few": (
        {FindingCode.TOMBSTONES},
        lambda lib: sql(
            lib,
            "DELETE FROM tombstone WHERE row IN (SELECT row FROM vector_row r JOIN asset a ON a.id = r.asset_id"
            " WHERE NOT a.live)",
        ),
        0,
    ),
    "a picture marked dead": (
        {FindingCode.LIVENESS, FindingCode.COUNTS, FindingCode.TOMBSTONES},
        lambda lib: sql(lib, "UPDATE asset SET live = 0 WHERE id = 100"),
        0,
    ),
    "stray files": (
        {FindingCode.STRAY_FILES},
        lambda lib: (vectors(lib).parent / "index.9.faiss").write_bytes(b"x") and None,
        0,
    ),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_what_breaks_is_found_and_mended(indexed: Path, disk: Disk, name: str) -> None:
    codes, break_it, lost = BREAKAGES[name]
    break_it(indexed)
    assert {finding.code for finding in check_library(indexed)} == codes
    mend(indexed)
    # the next ordinary run has everything again, and embeds only what was lost
    with open_writer(indexed, command="index") as writer:
        counts, settled = index(writer, disk, b"/p", batch=500)
        writer.refresh_derived(writer.spaces()[0], exact_below=0)
    assert counts.embedded == lost
    assert counts == CommitCounts(unchanged=lost, embedded=lost)
    assert settled.notices == ()
    assert findable(indexed) == set(disk.files)
    assert check_library(indexed) == []
    with open_reader(indexed) as reader:
        space = reader.active_space()
        for number in (2, 700, BLOCK_ROWS + 1, PICTURES - 1):
            hit = reader.search(space, unit(f"fake:/p/{number}"), 1)
            assert reader.pictures(space, hit.rows)[0].path == b"/p/%d" % number
        assert reader.notices() == ()


def test_hidden_rows_of_a_damaged_block_come_back_embedded(indexed: Path, disk: Disk) -> None:
    flip(vectors(indexed), HEADER + 10)
    mend(indexed)
    disk.put(b"/p/1")  # it was hidden
    with open_writer(indexed, command="index") as writer:
        index(writer, disk, b"/p", batch=500)
    assert b"/p/1" in findable(indexed)


def test_files_without_a_picture_are_read_again(indexed: Path, disk: Disk) -> None:
    sql(indexed, "DELETE FROM file_asset WHERE asset_id = 100")
    assert FindingCode.FILES_EMPTY in {finding.code for finding in check_library(indexed)}
    mend(indexed)
    with open_writer(indexed, command="index") as writer:
        counts, _ = index(writer, disk, b"/p")
    assert counts == CommitCounts(added=1)
    assert findable(indexed) == set(disk.files)


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        (["DROP INDEX ix_file_root_id"], FindingCode.SCHEMA),
        (["DROP TABLE caption"], FindingCode.SCHEMA),
        (["PRAGMA foreign_keys = OFF", "UPDATE file SET root_id = 99 WHERE id = 5"], FindingCode.FOREIGN_KEYS),
        (["UPDATE space SET state = 'retired'"], FindingCode.GENERATIONS),
    ],
)
def test_what_cannot_be_mended_is_said(indexed: Path, statements: list[str], code: FindingCode) -> None:
    sql(indexed, *statements)
    (finding,) = check_library(indexed)
    assert (finding.code, finding.fixable) == (code, False)
    with open_writer(indexed, command="doctor --fix") as writer:
        assert fix_library(writer, [finding]) == []


def test_a_damaged_database_page(indexed: Path) -> None:
    database = indexed / "library.sqlite3"
    data = bytearray(database.read_bytes())
    for page in range(8, 60):
        data[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    database.write_bytes(data)
    (finding,) = check_library(indexed)
    assert (finding.code, finding.fixable) == (FindingCode.DATABASE, False)


@pytest.mark.parametrize("database", [b"no database at all" * 1000, None])
def test_a_database_that_cannot_be_opened_is_told_with_a_way_out(indexed: Path, database: bytes | None) -> None:
    file = indexed / "library.sqlite3"
    file.write_bytes(database or file.read_bytes()[:40_000])
    (finding,) = check_library(indexed)
    assert (finding.code, finding.fixable) == (FindingCode.DATABASE, False)
    assert "from a backup" in finding.message
    assert "search doctor" not in finding.message  # that is what was run


def test_an_unknown_version_is_not_judged(indexed: Path) -> None:
    sql(indexed, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LibraryTooNew):
        check_library(indexed)


def test_a_writer_at_work_is_no_damage(indexed: Path) -> None:
    with open_writer(indexed, command="index"):
        append_rows(indexed)
        (vectors(indexed).parent / "index.9.faiss.tmp").touch()
        assert check_library(indexed) == []
    assert {finding.code for finding in check_library(indexed)} == {
        FindingCode.VECTORS_EXCESS,
        FindingCode.STRAY_FILES,
    }
