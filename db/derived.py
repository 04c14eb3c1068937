"""When rows are copied, and the index and the filter columns of a space written anew, at the end of a run that wrote.

Index and columns are derived: losing them costs time only. What was there before answers until the transaction that
names its successor; a crash before it leaves files that nobody names, which the next writer removes. The rules are in
`vectors.upkeep` and `compaction`.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np

from core.arrays import HalfRows, RowMask, Vectors
from core.errors import LibraryDamaged
from core.indexing import Progress, ProgressListener
from core.models import Device, VectorKind
from core.recall import DEFAULT_RECALL
from db.columns import open_columns, write_columns
from db.compaction import compact_space, compaction_is_due
from db.connect import Store, transaction
from db.filters import findable_rows
from db.index_state import index_decision
from db.known_texts import known_texts
from db.places import RowsPlace, place_of
from db.records import GenerationInfo, SpaceInfo
from db.recovery import remove_strays
from db.spaces import find_generation, generation_by_id, generation_of
from db.vectors.build import build_index, extend_index
from db.vectors.gpu import find_cuda
from db.vectors.records import IndexRecord
from db.vectors.upkeep import Action, fell_short, worth_an_index

# What the filter columns do not say, SQL does, once for each snapshot that is asked with a filter: 25 ms for this many
# of either. So few, however large the library is; to write a million rows anew takes 2.7 s, once for so many.
_TAIL_ROWS = 10_000
_DIRTY_ROWS = 4_000  # strewn over the tables


def refresh_derived(
    store: Store,
    space: SpaceInfo,
    *,
    exact_below: int,
    recall: float | None = None,
    force: bool = False,
    on_progress: ProgressListener | None = None,
) -> None:
    """Write what is due, unsound, or (with `force`) everything that this many rows are worth.

    Args:
        store: the writer's.
        space: whose.
        exact_below: under this many live rows no index is built.
        recall: recall@10 that an index should reach; None: what the present one aims at, else 0.99.
        force: write even what is fresh.
        on_progress: told how the index build goes.
    """
    for rows in generations_of(store, space):
        work = _Work(store, space, rows, exact_below=exact_below, recall=recall, on_progress=on_progress)
        if compaction_is_due(store, rows):
            with suppress(LibraryDamaged):  # it waits until the doctor has been there
                work.compact()
        work.refresh_index(force=force)
    current = generation_of(store.conn, space.id)
    if force or _columns_due(store, current):
        write_columns(store, current.id)


def optimize(
    store: Store,
    space: SpaceInfo,
    *,
    exact_below: int,
    recall: float | None = None,
    device: Device = Device.AUTO,
    on_progress: ProgressListener | None = None,
) -> dict[VectorKind, int]:
    """Leave every row behind that stands for nothing, train the index anew and write the columns; rows gone, by kind.

    Under `exact_below` live rows there is no index afterwards.

    Raises:
        DeviceError: the device asked for by name is not there; nothing was done.
    """
    find_cuda(device)
    gone = {}
    for rows in generations_of(store, space):
        work = _Work(store, space, rows, exact_below=exact_below, recall=recall, device=device, on_progress=on_progress)
        gone[rows.kind] = work.compact()
        if not gone[rows.kind]:
            work.refresh_index(force=True)
        if not worth_an_index(rows.live_rows, exact_below=exact_below):
            work.drop_index()
    write_columns(store, generation_of(store.conn, space.id).id)
    return gone


def generations_of(store: Store, space: SpaceInfo) -> Iterator[GenerationInfo]:
    """The space's current rows of every kind that it has."""
    for kind in VectorKind:
        found = find_generation(store.conn, space.id, kind)
        if found is not None:
            yield found


class _Work:
    """What is to be done for the rows of one kind."""

    def __init__(  # noqa: PLR0913 - what it needs, by keyword
        self,
        store: Store,
        space: SpaceInfo,
        rows: GenerationInfo,
        *,
        exact_below: int,
        recall: float | None,
        device: Device = Device.AUTO,
        on_progress: ProgressListener | None,
    ) -> None:
        self._store = store
        self._space = space
        self._kind = rows.kind
        self._id = rows.id
        self._before = rows.index
        self._exact_below = exact_below
        self._recall = recall
        self._device = device
        self._on_progress = on_progress

    @property
    def _target(self) -> float:
        if self._recall is not None:
            return self._recall
        return DEFAULT_RECALL if self._before is None else self._before.target

    def compact(self) -> int:
        """Leave behind what stands for nothing, the index over the rest ready before the flip; rows gone."""
        if self._on_progress is not None:
            self._on_progress(Progress("finish", 0, None, note="leaving dead rows behind"))
        return compact_space(self._store, self._space, self._kind, indexing=self._index_after_compaction)

    def _index_after_compaction(self, place: RowsPlace, rows: HalfRows, live: RowMask | None) -> IndexRecord | None:
        """As `compact_space` wants it."""
        if not worth_an_index(len(rows) - _dead(rows, live), exact_below=self._exact_below):
            return None
        return self._build(place, rows, live)

    def refresh_index(self, *, force: bool) -> None:
        """Write the index anew where that is due, or forced."""
        current = generation_by_id(self._store.conn, self._id)
        action = self._action(current, force=force)
        if action is Action.NOTHING:
            return
        if action is Action.DROP:
            self.drop_index()
            return
        place, live = place_of(self._store, self._id), findable_rows(self._store.conn, current)
        view = place.open().view(current.committed_rows)
        record = None
        if action is Action.EXTEND and current.index is not None:
            record = self._extend(place, view, live, current.index)
        if record is None:
            record = self._build(place, view, live)
        self._commit(current, place, record)

    def drop_index(self) -> None:
        """Exact search from now on."""
        current = generation_by_id(self._store.conn, self._id)
        if current.index is not None or current.foreign_index:
            self._commit(current, place_of(self._store, self._id), None)

    def _action(self, current: GenerationInfo, *, force: bool) -> Action:
        if force:
            wanted = worth_an_index(current.live_rows, exact_below=self._exact_below)
            return Action.REBUILD if wanted else Action.NOTHING
        return index_decision(self._store, current, exact_below=self._exact_below, recall=self._recall).action

    def _build(self, place: RowsPlace, rows: HalfRows, live: RowMask | None) -> IndexRecord:
        return build_index(
            rows,
            folder=place.folder,
            generation=place.number,
            live=live,
            target_recall=self._target,
            texts=self._texts(),
            device=self._device,
            on_progress=self._on_progress,
        )

    def _extend(
        self, place: RowsPlace, rows: HalfRows, live: RowMask | None, before: IndexRecord
    ) -> IndexRecord | None:
        """The same lists over all rows; None where new lists are the better way."""
        try:
            record = extend_index(
                rows,
                folder=place.folder,
                generation=place.number,
                record=before,
                live=live,
                target_recall=self._target,
                texts=self._texts(),
                on_progress=self._on_progress,
            )
        except LibraryDamaged:  # the file is not what it was: it is derived, and written anew
            return None
        if not fell_short(record):
            return replace(record, imbalance=before.imbalance)  # drift is seen against the training
        if record.file != before.file:  # nothing names it
            with suppress(OSError):
                (place.folder / record.file).unlink()
        return None

    def _texts(self) -> Vectors | None:
        """What to measure an index over pictures with; captions are looked for with pictures."""
        return known_texts(self._store, self._space) if self._kind is VectorKind.IMAGE else None

    def _commit(self, current: GenerationInfo, place: RowsPlace, record: IndexRecord | None) -> None:
        """One transaction: from here on the new index answers; the file of the one before goes."""
        with transaction(self._store) as conn:
            conn.exec_driver_sql(
                "UPDATE generation SET index_record = :record WHERE id = :id",
                {"record": None if record is None else record.to_json(), "id": self._id},
            )
        if current.foreign_index:
            remove_strays(self._store)  # its file: which one that is nobody here could tell
        if current.index is not None and (record is None or current.index.file != record.file):
            with suppress(OSError):  # Windows, where a reader has it open: the next writer tries again
                (place.folder / current.index.file).unlink()


def _dead(rows: HalfRows, live: RowMask | None) -> int:
    return 0 if live is None else len(rows) - int(np.count_nonzero(live))


def _columns_due(store: Store, current: GenerationInfo) -> bool:
    if current.committed_rows - current.columns_rows > _TAIL_ROWS:
        return True
    dirty = store.conn.exec_driver_sql(
        "SELECT count(*) FROM dirty_asset WHERE generation_id = :id", {"id": current.id}
    ).scalar_one()
    if dirty > _DIRTY_ROWS:
        return True
    return current.columns_rows > 0 and open_columns(store, current.id) is None
