"""A light connection answers as SQLAlchemy's does, and says the same of a database that cannot be read."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.errors import LibraryDamaged, LibraryNotFound
from db.connect import (
    DATABASE,
    Store,
    begin_snapshot,
    close,
    connect_light,
    connect_reader,
    connect_writer,
    data_version,
    end_snapshot,
    light,
    run_many,
    scratch_transaction,
)
from tests.conftest import PROJECT

CONNECT = [connect_reader, connect_light]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / DATABASE) as made:
        made.execute("CREATE TABLE picture (id INTEGER PRIMARY KEY, path BLOB, note TEXT)")
        made.executemany("INSERT INTO picture VALUES (?, ?, ?)", [(i, b"/p/%d" % i, None) for i in range(2_500)])
    made.close()
    return tmp_path


@pytest.fixture(params=CONNECT, ids=lambda connect: connect.__name__)
def store(folder: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    store = request.param(folder)
    yield store
    close(store)
    assert store.conn.closed


def test_rows_have_names_and_are_tuples(store: Store) -> None:
    rows = store.conn.exec_driver_sql("SELECT id, path AS place FROM picture WHERE id < 3 ORDER BY id").all()
    assert rows == [(0, b"/p/0"), (1, b"/p/1"), (2, b"/p/2")]
    number, path = rows[2]
    assert (rows[2].id, rows[2].place, rows[2][1]) == (number, path, path)
    with pytest.raises(AttributeError):
        _ = rows[0].note


def test_iteration_goes_through_all(store: Store) -> None:
    query = "SELECT id FROM picture ORDER BY id"
    assert [row.id for row in store.conn.exec_driver_sql(query)] == list(range(2_500))
    assert list(store.conn.exec_driver_sql(query).scalars()) == list(range(2_500))
    assert store.conn.exec_driver_sql(query).scalars().all() == list(range(2_500))


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (lambda found: found.first(), (7, None)),
        (lambda found: found.one(), (7, None)),
        (lambda found: found.one_or_none(), (7, None)),
        (lambda found: found.scalar(), 7),
        (lambda found: found.scalar_one(), 7),
        (lambda found: found.scalar_one_or_none(), 7),
    ],
)
def test_one_row(store: Store, ask: Callable[[object], object], expected: object) -> None:
    assert ask(store.conn.exec_driver_sql("SELECT id, note FROM picture WHERE id = ?", (7,))) == expected
    assert ask(store.conn.exec_driver_sql("SELECT id, note FROM picture WHERE id = :id", {"id": 7})) == expected


def test_no_row(store: Store) -> None:
    none = "SELECT id FROM picture WHERE id = -1"
    found = [getattr(store.conn.exec_driver_sql(none), name)() for name in ("first", "one_or_none", "scalar")]
    assert [*found, store.conn.exec_driver_sql(none).scalar_one_or_none()] == [None] * 4
    for name in ("one", "scalar_one"):
        with pytest.raises(Exception, match=r"(?i)row"):
            getattr(store.conn.exec_driver_sql(none), name)()


def test_several_rows_are_not_one(store: Store) -> None:
    for name in ("one", "one_or_none", "scalar_one", "scalar_one_or_none"):
        with pytest.raises(Exception, match=r"(?i)row"):
            getattr(store.conn.exec_driver_sql("SELECT id FROM picture"), name)()


def test_a_snapshot_holds_while_somebody_writes(folder: Path, store: Store) -> None:
    with sqlite3.connect(folder / DATABASE) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        count = "SELECT count(*) FROM picture"
        begin_snapshot(store)
        before, version = store.conn.exec_driver_sql(count).scalar_one(), data_version(store)
        writer.execute("DELETE FROM picture WHERE id > 9")
        writer.commit()
        assert store.conn.exec_driver_sql(count).scalar_one() == before == 2_500
        end_snapshot(store)
        begin_snapshot(store)
        assert store.conn.exec_driver_sql(count).scalar_one() == 10
        assert data_version(store) != version
    writer.close()


@pytest.mark.parametrize("connect", CONNECT)
def test_a_damaged_database_is_named(folder: Path, connect: Callable[[Path], Store]) -> None:
    (folder / DATABASE).write_bytes(b"no database" * 1_000)
    with pytest.raises(LibraryDamaged, match=r"library.sqlite3 is damaged .*: run `search doctor`"):
        connect(folder).conn.exec_driver_sql("SELECT * FROM picture").all()


@pytest.mark.parametrize("connect", CONNECT)
def test_where_there_is_none(tmp_path: Path, connect: Callable[[Path], Store]) -> None:
    with pytest.raises(LibraryNotFound):
        connect(tmp_path)


def test_nothing_is_written(store: Store) -> None:
    with pytest.raises(Exception, match=r"readonly|cannot be written"):
        store.conn.exec_driver_sql("DELETE FROM picture")


def test_readers_import_no_sqlalchemy() -> None:
    program = "import sys, db.reader, db.kept; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert not {"sqlalchemy", "alembic"} & set(done.stdout.split())


def test_what_is_written_through_it_is_a_part_of_the_transaction(folder: Path) -> None:
    store = connect_writer(folder)
    try:
        with suppress(RuntimeError), scratch_transaction(store.conn):
            quick = light(store)
            added = quick.exec_driver_sql("INSERT INTO picture (path) VALUES (:path)", {"path": b"/p/new"})
            assert added.lastrowid == 2_500
            run_many(quick, "UPDATE picture SET note = ? WHERE id = ?", [("a", 1), ("b", 2)])
            assert quick.exec_driver_sql("UPDATE picture SET note = NULL WHERE id < 3").rowcount == 3
            raise RuntimeError
        assert store.conn.exec_driver_sql("SELECT count(*), count(note) FROM picture").one() == (2_500, 0)
    finally:
        close(store)
