import time
from pathlib import Path

import pytest
from sqlalchemy import event

from db import open_reader, open_writer
from db.connect import Store, close, connect_memory, transaction
from db.migrate import bring_up_to_date


def insert(store: Store, *values: int) -> None:
    with transaction(store) as conn:
        for value in values:
            conn.exec_driver_sql(f"INSERT INTO kept VALUES ({value})")


def test_a_ctrl_c_inside_a_statement_rolls_back_and_leaves_the_connection_usable(tmp_path: Path) -> None:
    store = connect_memory(tmp_path)  # were it connected anew, its table would be gone
    bring_up_to_date(store)
    store.conn.exec_driver_sql("CREATE TABLE kept (value)")

    def press(_cursor: object, statement: str, _parameters: object, _context: object) -> None:
        if "(2)" in statement:
            raise KeyboardInterrupt

    event.listen(store.conn.engine, "do_execute", press)
    with pytest.raises(KeyboardInterrupt):
        insert(store, 1, 2)
    insert(store, 3)

    assert store.conn.exec_driver_sql("SELECT value FROM kept").scalars().all() == [3]
    close(store)


def test_a_writer_ends_while_somebody_goes_on_reading(tmp_path: Path) -> None:
    """`search index` beside a long `search label` does not hang at its end; the journal is folded in by the next one."""
    library, journal = tmp_path / "library", tmp_path / "library" / "library.sqlite3-wal"
    open_writer(library, command="first").close()
    with open_reader(library) as reader:
        writer = open_writer(library, command="second")
        started = time.monotonic()
        writer.close()
        assert time.monotonic() - started < 5  # half a second, and what a busy machine takes
        assert journal.stat().st_size > 0
        assert reader.roots() == []
    open_writer(library, command="third").close()
    assert not journal.exists() or journal.stat().st_size == 0
