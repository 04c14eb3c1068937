"""A connection over sqlite3 alone: as much of SQLAlchemy's as this package's queries use.

Importing SQLAlchemy takes 0.23 s, a quarter of a whole query; readers need nothing of it but rows with names. And a
batch of files is thousands of short statements, over each of which SQLAlchemy takes longer than SQLite.
`tests/db/test_light.py` holds both against each other.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

from db.failures import as_library_error

Values = Mapping[str, object] | Sequence[object]
_Rows = list[tuple[Any, ...]]


class LightConnection:
    """What SQLAlchemy's Connection is to readers, and to `commit`; for one thread at a time.

    Args:
        connect: opens the database.
        folder: of the library, for messages.

    Raises:
        LibraryError: it cannot be opened. From every query, too: see `db.failures`.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], folder: Path) -> None:
        self._folder = folder
        self.info: dict[str, Any] = {}
        self.closed = False
        self.dbapi = self._translated(connect)

    def exec_driver_sql(self, statement: str, values: Values | None = None) -> "LightResult":
        """Run one statement. `values`: by name, or in the order of the question marks; a list of them: for each."""
        run = self.dbapi.executemany if isinstance(values, list) else self.dbapi.execute
        return LightResult(self._translated(lambda: run(statement, () if values is None else values)), self._translated)

    def close(self) -> None:
        """Let go of the database."""
        self.dbapi.close()
        self.closed = True

    def _translated(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever sqlite3 gives
        try:
            return work()
        except sqlite3.Error as error:
            known = as_library_error(error, self._folder)
            if known is None:
                raise
            raise known from error


class LightResult:
    """The rows of a query, each read once; a row is a tuple whose columns are attributes, too."""

    def __init__(self, cursor: sqlite3.Cursor, translated: Callable[[Callable[[], Any]], Any]) -> None:
        self.cursor = cursor
        self._translated = translated
        self._row = _row_of(tuple(column[0] for column in cursor.description or ()))

    @property
    def lastrowid(self) -> int | None:
        """The id that an insertion gave its row."""
        return self.cursor.lastrowid

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        return self.cursor.rowcount

    def __iter__(self) -> Iterator[Any]:
        while page := self._translated(lambda: self.cursor.fetchmany(1_000)):
            yield from map(self._row, page)

    def all(self) -> list[Any]:
        """Every row that is left."""
        return list(map(self._row, self._fetch()))

    def one(self) -> Any:  # noqa: ANN401 - a row
        """The only row; raises LookupError where there is none, or another."""
        found = self.one_or_none()
        if found is None:
            raise LookupError("expected one row, got none")
        return found

    def one_or_none(self) -> Any:  # noqa: ANN401 - a row
        """The only row, or None; raises LookupError where there are several."""
        rows = self._fetch()
        if len(rows) > 1:
            raise LookupError(f"expected one row, got {len(rows)}")
        return self._row(rows[0]) if rows else None

    def first(self) -> Any:  # noqa: ANN401 - a row
        """The first row, or None."""
        rows = self._fetch()
        return self._row(rows[0]) if rows else None

    def scalar_one(self) -> Any:  # noqa: ANN401 - a value
        """The first value of the only row; raises as `one`."""
        return self.one()[0]

    def scalar_one_or_none(self) -> Any:  # noqa: ANN401 - a value
        """The first value of the only row, or None; raises as `one_or_none`."""
        row = self.one_or_none()
        return None if row is None else row[0]

    def scalar(self) -> Any:  # noqa: ANN401 - a value
        """The first value of the first row, or None."""
        row = self.first()
        return None if row is None else row[0]

    def scalars(self) -> "LightScalars":
        """The first value of each row."""
        return LightScalars(self)

    def close(self) -> None:
        """Read no more."""
        self.cursor.close()

    def _fetch(self) -> _Rows:
        rows: _Rows = self._translated(self.cursor.fetchall)
        return rows


class LightScalars:
    """The first value of each row of a result."""

    def __init__(self, result: LightResult) -> None:
        self._result = result

    def __iter__(self) -> Iterator[Any]:
        return (row[0] for row in self._result)

    def all(self) -> list[Any]:
        """Every one that is left."""
        return list(self)


@lru_cache(256)
def _row_of(names: tuple[str, ...]) -> type[tuple[Any, ...]]:
    """A tuple whose values have these names."""
    columns = {name: property(itemgetter(at)) for at, name in enumerate(names)}
    return type("Row", (tuple,), {"__slots__": (), **columns})
