"""The vector file: what append promises, what a crash leaves, what a full disk does."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.errors import LibraryDamaged, LibraryError, StorageFull
from db.vectors.rows_file import HEADER_BYTES, RowsFile, RowsHeader
from tests.small_disk import mounted

HEADER = RowsHeader(dim=8, space="ab" * 32, generation=3)


def rows_of(count: int, seed: int = 0, dim: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float16)


@pytest.fixture
def file(tmp_path: Path) -> RowsFile:
    return RowsFile.create(tmp_path / "vectors.3.f16", HEADER)


def test_rows_come_back_bit_for_bit_under_the_numbers_append_gave(file: RowsFile) -> None:
    first, second = rows_of(5, 1), rows_of(3, 2)
    assert file.append(first) == 0
    assert file.append(second) == 5
    again = RowsFile.open(file.path, HEADER)
    assert again.rows_on_disk == 8
    assert np.array_equal(again.view(8), np.concatenate([first, second]))
    assert file.path.stat().st_size == HEADER_BYTES + 8 * 16


def test_rows_that_are_not_contiguous_are_written_as_they_read(file: RowsFile) -> None:
    wide = rows_of(6, dim=16)
    file.append(wide[::2, ::2])
    assert np.array_equal(file.view(3), wide[::2, ::2])


def test_a_view_holds_only_the_rows_asked_for_and_cannot_be_written(file: RowsFile) -> None:
    rows = rows_of(4)
    file.append(rows)
    view = file.view(2)
    file.append(rows_of(100, 9))
    assert np.array_equal(view, rows[:2])
    with pytest.raises(ValueError, match="read-only"):
        view[0, 0] = 1


def test_no_rows_at_all(file: RowsFile) -> None:
    assert file.append(np.empty((0, 8), np.float16)) == 0
    assert file.rows_on_disk == 0
    assert file.view(0).shape == (0, 8)


@pytest.mark.parametrize("bad", [np.zeros((2, 7), np.float16), np.zeros((2, 8), np.float32), np.zeros(8, np.float16)])
def test_rows_of_another_shape_or_type_are_refused(file: RowsFile, bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"expected float16 \(n, 8\)"):
        file.append(bad)


def test_a_torn_row_at_the_end_is_overwritten(file: RowsFile) -> None:
    rows = rows_of(3)
    file.append(rows)
    with file.path.open("ab") as raw:
        raw.write(b"\xff" * 11)  # of the 16 bytes of a row
    assert file.rows_on_disk == 3
    assert file.append(rows_of(2, 7)) == 3
    assert np.array_equal(file.view(5), np.concatenate([rows, rows_of(2, 7)]))
    assert file.path.stat().st_size == HEADER_BYTES + 5 * 16


def test_bytes_past_the_committed_rows_are_cut(file: RowsFile) -> None:
    file.append(rows_of(9))
    with file.path.open("ab") as raw:
        raw.write(b"torn")
    file.truncate(6)
    assert file.path.stat().st_size == HEADER_BYTES + 6 * 16
    assert np.array_equal(file.view(6), rows_of(9)[:6])
    file.truncate(6)
    assert file.rows_on_disk == 6


def test_fewer_rows_than_were_committed_is_damage(file: RowsFile) -> None:
    file.append(rows_of(2))
    for ask in (file.view, file.truncate):
        with pytest.raises(LibraryDamaged, match=r"vectors\.3\.f16 holds 2 vectors where 3 were committed"):
            ask(3)


def test_a_file_that_is_gone_is_damage(file: RowsFile) -> None:
    file.append(rows_of(2))
    file.path.unlink()
    with pytest.raises(LibraryDamaged, match="holds 0 vectors where 2"):
        file.view(2)
    with pytest.raises(LibraryDamaged, match="are missing"):
        RowsFile.open(file.path, HEADER)


def test_a_file_that_cannot_be_read_is_no_damage_to_be_mended(file: RowsFile) -> None:
    file.path.unlink()
    file.path.mkdir()
    with pytest.raises(LibraryError, match="cannot be read") as caught:
        RowsFile.open(file.path, HEADER)
    assert not isinstance(caught.value, LibraryDamaged)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (RowsHeader(9, HEADER.space, 3), "dim 8, expected 9"),
        (RowsHeader(8, "cd" * 32, 3), "space abab"),
        (RowsHeader(8, HEADER.space, 4), "generation 3, expected 4"),
    ],
)
def test_another_files_header_is_refused_by_name(file: RowsFile, wanted: RowsHeader, said: str) -> None:
    with pytest.raises(LibraryDamaged, match=said) as caught:
        RowsFile.open(file.path, wanted)
    assert str(file.path) in str(caught.value)


@pytest.mark.parametrize(
    ("at", "said"), [(0, "does not begin like one"), (30, "header is damaged"), (4000, "header is damaged")]
)
def test_a_flipped_byte_in_the_header_is_damage(file: RowsFile, at: int, said: str) -> None:
    data = bytearray(file.path.read_bytes())
    data[at] ^= 0x80
    file.path.write_bytes(data)
    with pytest.raises(LibraryDamaged, match=said):
        RowsFile.open(file.path, HEADER)


@pytest.mark.parametrize("size", [0, 10, HEADER_BYTES - 1])
def test_a_file_shorter_than_its_header_is_damage(file: RowsFile, size: int) -> None:
    os.truncate(file.path, size)
    assert file.rows_on_disk == 0
    with pytest.raises(LibraryDamaged):
        RowsFile.open(file.path, HEADER)


def test_create_replaces_what_a_crash_left(file: RowsFile) -> None:
    file.append(rows_of(4))
    fresh = RowsFile.create(file.path, RowsHeader(8, HEADER.space, 4))
    assert fresh.rows_on_disk == 0
    assert [p.name for p in file.path.parent.iterdir()] == ["vectors.3.f16"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of one megabyte."""
    with mounted(tmp_path / "disk", "1m") as folder:
        yield folder


def test_a_full_disk_takes_back_the_whole_batch_and_keeps_the_rest(small_disk: Path) -> None:
    file = RowsFile.create(small_disk / "vectors.3.f16", HEADER)
    kept = rows_of(1000)
    file.append(kept)
    size = file.path.stat().st_size
    with pytest.raises(StorageFull, match=r"no space to write .*vectors\.3\.f16"):
        file.append(rows_of(100_000, 1))
    assert file.path.stat().st_size == size
    assert np.array_equal(file.view(1000), kept)
    assert file.append(rows_of(10, 2)) == 1000  # goes on as soon as there is room


def test_create_on_a_full_disk(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(b"x" * (1 << 20))
    with pytest.raises(StorageFull):
        RowsFile.create(small_disk / "vectors.3.f16", HEADER)
    assert not (small_disk / "vectors.3.f16").exists()


def test_the_limit_on_a_files_size_counts_as_full(file: RowsFile) -> None:
    resource = pytest.importorskip("resource", reason="no such limits on this system")
    file.append(rows_of(4))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (HEADER_BYTES + 200, hard))  # room for 12.5 rows
    try:
        with pytest.raises(StorageFull):
            file.append(rows_of(20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.path.stat().st_size == HEADER_BYTES + 4 * 16
