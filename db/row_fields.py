"""The fields of COLUMNS of every row of one snapshot: the file of columns, and over it what SQL knows better.

Leaves to others: what is asked of them (`filters`, `browse`, `facets`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from db.columns import (
    COLUMNS,
    Columns,
    folders_of_rows,
    open_columns,
    read_columns,
    read_dirty_columns,
    rows_below,
)

if TYPE_CHECKING:
    from core.arrays import RowMask
    from db.connect import Store
    from db.records import GenerationInfo

Fields: TypeAlias = NDArray[np.void] | Columns
"""Rows of COLUMNS, by field."""

Test = Callable[[Fields], NDArray[np.bool_]]


class RowFields:
    """What is known of the rows of one snapshot, read once.

    Args:
        store: a reader's.
        generation: whose rows.
    """

    def __init__(self, store: Store, generation: GenerationInfo) -> None:
        self._conn = store.conn
        self._generation_id = generation.id
        self._count = generation.committed_rows
        self._parts = _parts(store, generation)
        self._whole: dict[str, NDArray[Any]] = {}

    def __len__(self) -> int:
        return self._count

    def ask(self, test: Test) -> RowMask:
        """The test's answer for every row; where two parts hold a row, the later one knows better."""
        answers = np.zeros(self._count, np.bool_)
        for rows, records in self._parts:
            answers[rows] = test(records)
        return answers

    def __getitem__(self, name: str) -> NDArray[Any]:
        """One field of all rows, (len,), read-only; rows that stand for nothing are zeros."""
        if name not in self._whole:
            values = self._laid_out(name)
            values.flags.writeable = False
            self._whole[name] = values
        return self._whole[name]

    def _laid_out(self, name: str) -> NDArray[Any]:
        first, *others = self._parts
        if isinstance(first[1], Columns) and len(first[1]) == self._count and not any(len(r) for _, r in others):
            return first[1][name]
        values = np.zeros(self._count, COLUMNS[name])
        for rows, records in self._parts:
            values[rows] = records[name]
        return values

    def in_folders(self, folder_ids: Sequence[int]) -> RowMask:
        """The rows with a live file in one of these folders themselves, bool (len,)."""
        inside = np.zeros(self._count, np.bool_)
        for rows, records in self._parts:
            inside[rows] = one_of(records["folder"], folder_ids)
            if isinstance(records, Columns):
                copies, folders = records.copies[:, 0], records.copies[:, 1]
                inside[copies[one_of(folders, folder_ids)]] = True
            elif records["several"].any():
                several = np.arange(self._count)[rows][records["several"]]
                inside[several] = rows_below(self._conn, self._generation_id, several, list(folder_ids))
        return inside

    def copies(self) -> NDArray[np.int32]:
        """Row and folder of every live file of the rows with several, int32 (n, 2), each pair once."""
        found, known_better = [], np.zeros(self._count, np.bool_)
        for rows, records in reversed(self._parts):
            if isinstance(records, Columns):
                found.append(records.copies[~known_better[records.copies[:, 0]]])
            else:
                known_better[rows] = True
                several = np.asarray(np.arange(self._count)[rows][records["several"]], np.int64)
                found.append(folders_of_rows(self._conn, self._generation_id, several))
        return np.concatenate(found)


def one_of(values: NDArray[np.integer], wanted: Sequence[int] | NDArray[np.int64]) -> NDArray[np.bool_]:
    """Membership: by comparing where the ids are neighbours, as a folder's are, else through a table: ids are dense."""
    if not len(wanted):
        return np.zeros(len(values), np.bool_)
    least, most = int(np.min(wanted)), int(np.max(wanted))
    if most - least == len(wanted) - 1:
        return (values >= least) & (values <= most)
    table = np.zeros(max(most, int(values.max(initial=0))) + 1, np.bool_)
    table[wanted] = True
    return np.take(table, values)


def _parts(store: Store, generation: GenerationInfo) -> list[tuple[slice | NDArray[np.int64], Fields]]:
    """The fields of all rows: the columns, then what SQL knows better."""
    columns = open_columns(store, generation.id)
    if columns is None:
        return [read_columns(store.conn, generation.id, 0)]
    covered = len(columns)
    return [
        (slice(covered), columns),
        read_dirty_columns(store.conn, generation.id, covered),
        read_columns(store.conn, generation.id, covered),
    ]
