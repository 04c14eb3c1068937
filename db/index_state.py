"""What is measured of a generation's index, and what should be done about it; for the writer and `search status`."""

from dataclasses import dataclass, replace

import numpy as np

from core.errors import LibraryDamaged
from db.compaction import compaction_is_due, rows_for_nothing
from db.connect import Store
from db.filters import findable_rows
from db.places import place_of
from db.records import GenerationInfo
from db.vectors.drift import measure_drift
from db.vectors.ivfpq import open_index
from db.vectors.records import IndexRecord
from db.vectors.upkeep import (
    Action,
    Decision,
    Drift,
    Signals,
    decide,
    of_no_use,
    tail_rows,
    worth_an_index,
    worth_measuring,
)

_FOREIGN = "another version of search built it"
_DAMAGED = "its file is missing or damaged, or not one that this version reads"


@dataclass(frozen=True, slots=True)
class IndexState:
    """One generation's index at one moment; shares are of committed rows, 0 to 1."""

    record: IndexRecord | None  # None: searched exactly
    tail_rows: int  # newer than the index, searched exactly
    tail_share: float
    dead_share: float  # rows that cannot be found: of hidden pictures, or standing for nothing
    due: Decision  # what the next `search index` or `search optimize` does about it


def index_state(store: Store, current: GenerationInfo, *, exact_below: int, recall: float | None) -> IndexState:
    """What there is to say about the index of these rows. Reads the index where it is to be extended."""
    committed = current.committed_rows
    tail = 0 if current.index is None else tail_rows(current.index, committed)
    return IndexState(
        record=current.index,
        tail_rows=tail,
        tail_share=tail / committed if committed else 0.0,
        dead_share=1 - current.live_rows / committed if committed else 0.0,
        due=_compaction(store, current, exact_below)
        or index_decision(store, current, exact_below=exact_below, recall=recall),
    )


def _compaction(store: Store, current: GenerationInfo, exact_below: int) -> Decision | None:
    """With the rows a run would write the index anew, too."""
    if not worth_an_index(current.live_rows, exact_below=exact_below) or not compaction_is_due(store, current):
        return None
    gone = rows_for_nothing(store, current)
    return Decision(Action.REBUILD, f"{gone:,} of {current.committed_rows:,} rows stand for nothing, and will go")


def index_decision(store: Store, current: GenerationInfo, *, exact_below: int, recall: float | None) -> Decision:
    """What should be done about the index of these rows now, by all signals; unsound, it is rebuilt.

    Args:
        store: a writer's or a reader's.
        current: the rows.
        exact_below: under this many live rows no index is built.
        recall: recall@10 asked for; None: what the index aims at is right.
    """
    record = current.index
    if current.foreign_index:
        return of_no_use(_FOREIGN, current.live_rows, exact_below=exact_below)
    signals = Signals(current.committed_rows, current.live_rows, _dead_built_rows(store, current))
    decision = decide(record, signals, exact_below=exact_below, recall=recall)
    if record is None or decision.action is Action.REBUILD:
        return decision
    try:
        if decision.action is Action.EXTEND and worth_measuring(record, signals):
            signals = replace(signals, drift=_drift(store, current, record))
            return decide(record, signals, exact_below=exact_below, recall=recall)
        require_index(store, current, record)
    except LibraryDamaged:
        return of_no_use(_DAMAGED, current.live_rows, exact_below=exact_below)
    return decision


def require_index(store: Store, current: GenerationInfo, record: IndexRecord) -> None:
    """See that the index can be read, by reading it: a whole file may still be of another version of faiss.

    0.15 s at a million rows, faiss's own start included.

    Raises:
        LibraryDamaged: it is missing, damaged, not over these rows, or not one that this version reads.
    """
    place = place_of(store, current.id)
    shaped = np.broadcast_to(
        np.float16(0), (current.committed_rows, place.dim)
    )  # the rows themselves are not looked at
    open_index(place.folder, record, shaped)


def _dead_built_rows(store: Store, current: GenerationInfo) -> int:
    if current.index is None or current.live_rows == current.committed_rows:
        return 0
    return int(
        store.conn.exec_driver_sql(
            "SELECT count(*) FROM tombstone WHERE generation_id = :id AND row < :built",
            {"id": current.id, "built": current.index.built_rows},
        ).scalar_one()
    )


def _drift(store: Store, current: GenerationInfo, record: IndexRecord) -> Drift | None:
    """How the rows since the training lie in the index's lists.

    Raises:
        LibraryDamaged: the index is missing or not what it was.
    """
    place = place_of(store, current.id)
    rows = place.open().view(current.committed_rows)
    index = open_index(place.folder, record, rows)
    return measure_drift(index, rows, trained_rows=record.trained_rows, live=findable_rows(store.conn, current))
