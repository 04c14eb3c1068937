from pathlib import Path

import pytest
from sqlalchemy import event

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
