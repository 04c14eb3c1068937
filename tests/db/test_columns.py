"""The file of columns: what SQL says, whatever is in memory at once; checked once while it stays as it is."""

import gc
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.queries import Filters, Near
from db import LibraryWriter, check_library, columns, open_reader
from db.columns import COLUMNS, open_columns, read_columns, write_columns
from db.filters import _is_near
from tests.db.making import Disk, index


@pytest.fixture
def mixed(writer: LibraryWriter, disk: Disk) -> int:
    """Pictures with one file and with three, and rows that stand for nothing; the generation's id."""
    for number in range(23):
        disk.put(b"/p/%d/a" % (number % 5), f"content {number % 7}")
        disk.put(b"/p/%d/%d" % (number % 5, number), f"content {number}")
        disk.put(b"/q/%d" % number, f"content {number % 11}")
    index(writer, disk, b"/p", b"/q")
    for path in [b"/p/0/20", b"/p/1/21"]:
        del disk.files[path]
    index(writer, disk, b"/p", b"/q", prune=True)
    return writer.generation(writer.spaces()[0]).id


@pytest.mark.parametrize("page", [1, 4, 20_000])
def test_what_is_written_is_what_sql_says(
    writer: LibraryWriter, mixed: int, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "_PAGE", page)
    covered = write_columns(writer.store, mixed)
    opened = open_columns(writer.store, mixed)
    rows, records = read_columns(writer.store.conn, mixed, 0)
    assert opened is not None
    assert len(opened) == covered == writer.generation(writer.spaces()[0]).committed_rows
    assert opened.take(rows).tobytes() == records.tobytes()
    gone = np.setdiff1d(np.arange(covered), rows)
    assert len(gone) == 2
    assert opened.take(gone).tobytes() == bytes(len(gone) * COLUMNS.itemsize)
    folders = writer.store.conn.exec_driver_sql(
        "SELECT DISTINCT r.row, f.folder_id FROM vector_row r JOIN file_asset fa ON fa.asset_id = r.asset_id"
        " JOIN file f ON f.id = fa.file_id WHERE r.row IN"
        " (SELECT value FROM json_each(?)) AND r.generation_id = ? ORDER BY r.row, f.folder_id",
        (str(rows[records["several"]].tolist()), mixed),
    )
    assert opened.copies.tolist() == [list(pair) for pair in folders]
    assert len(opened.copies) > 10


def test_a_file_is_checked_once_while_it_stays_and_somebody_uses_it(writer: LibraryWriter, mixed: int) -> None:
    write_columns(writer.store, mixed)
    first = open_columns(writer.store, mixed)
    assert first is not None
    assert open_columns(writer.store, mixed) is first
    write_columns(writer.store, mixed)  # the same bytes in another file
    second = open_columns(writer.store, mixed)
    assert second is not None
    assert second is not first
    path = next((writer.path / "spaces").rglob("columns.*"))
    os.utime(path, ns=(0, 0))
    assert open_columns(writer.store, mixed) is not second
    del first, second
    gc.collect()
    path.write_bytes(path.read_bytes()[:-1])
    assert open_columns(writer.store, mixed) is None
    write_columns(writer.store, mixed)


def test_a_mask_is_made_once_for_a_filter(library: Path, writer: LibraryWriter, mixed: int) -> None:
    write_columns(writer.store, mixed)
    with open_reader(library) as reader:
        space = reader.active_space()
        mask, _ = reader.allowed_rows(space, Filters(folders=(b"/q",)))
        again, _ = reader.allowed_rows(space, Filters(folders=(b"/q",)))
        other, _ = reader.allowed_rows(space, Filters(folders=(b"/p/1",)))
        assert mask is again
        assert mask is not None
        assert other is not None
        assert not mask.flags.writeable
        assert mask.tolist() != other.tolist()


degrees = st.floats(-1, 1, width=32)


@given(
    places=st.lists(st.tuples(degrees, degrees) | st.tuples(st.just(math.nan), degrees), min_size=1, max_size=20),
    scale=st.sampled_from([1e-5, 1e-3, 1.0, 90.0]),
    here=st.tuples(st.sampled_from([0.0, 59.25, -89.0]), st.sampled_from([0.0, 179.5])),
    at=st.integers(0, 19),
    beyond=st.sampled_from([-1e-9, 1e-9, 0.3]),
)
def test_near_is_told_in_float32_as_in_float64(
    places: list[tuple[float, float]], scale: float, here: tuple[float, float], at: int, beyond: float
) -> None:
    records = np.zeros(len(places), COLUMNS)
    records["latitude"] = np.clip([here[0] + latitude * scale for latitude, _ in places], -90, 90)
    records["longitude"] = [here[1] + longitude * scale for _, longitude in places]
    distances = [exact_km(record["latitude"], record["longitude"], *here) for record in records]
    picked = distances[at % len(places)]
    radius = max(0.0, (1.0 if math.isnan(picked) else picked) + beyond)
    found = _is_near(records, Near(*here, radius))
    for distance, is_inside in zip(distances, found.tolist(), strict=True):
        if not abs(distance - radius) < told_apart_km(distance):
            assert is_inside == (distance <= radius)


def told_apart_km(distance: float) -> float:
    """What float64 can tell by the haversine formula, which is weak near the antipode."""
    return 1e-10 if distance < 100 else 1e-7 if distance < 19_000 else 0.01


def exact_km(latitude: np.float32, longitude: np.float32, here_latitude: float, here_longitude: float) -> float:
    """The haversine formula, in Python's floats."""
    a, b, c, d = (math.radians(float(angle)) for angle in (latitude, longitude, here_latitude, here_longitude))
    half_chord = math.sin((a - c) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((b - d) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(min(half_chord, 1.0)))


def test_columns_that_were_written_and_not_named_leave_those_before(
    writer: LibraryWriter, disk: Disk, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed just before the transaction: what SQLite names is still there."""
    disk.put(b"/p/1")
    index(writer, disk, b"/p")
    generation = writer.generation(writer.spaces()[0])
    write_columns(writer.store, generation.id)
    disk.put(b"/p/2")
    index(writer, disk, b"/p")

    def killed(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("db.columns.transaction", killed)
        with pytest.raises(KeyboardInterrupt):
            write_columns(writer.store, generation.id)
    before = open_columns(writer.store, generation.id)
    assert before is not None
    assert len(before) == 1
    assert len(list(library.rglob("columns.*"))) == 2
    assert check_library(library) == []
    write_columns(writer.store, generation.id)
    assert len(list(library.rglob("columns.*"))) == 1
