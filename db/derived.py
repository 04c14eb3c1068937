"""When the index and the filter columns of a space are written anew. Both are derived: losing them costs time only."""

from core.indexing import ProgressListener
from core.models import VectorKind
from db.columns import open_columns, write_columns
from db.connect import Store, transaction
from db.filters import findable_rows
from db.places import place_of
from db.records import GenerationInfo, SpaceInfo
from db.spaces import find_generation, generation_of
from db.vectors.build import build_index
from db.vectors.ivfpq import index_is_sound
from db.vectors.policy import LEAST_ROWS, index_is_due

_TAIL_ROWS = 10_000  # rows that SQL reads for every filter in a tenth of a second
_TAIL_SHARE = 0.1
_DIRTY_ROWS = 1_000


def refresh_derived(
    store: Store, space: SpaceInfo, *, exact_below: int, force: bool, on_progress: ProgressListener | None
) -> None:
    """Write what is due, unsound, or (with `force`) everything that this many rows are worth.

    Args:
        store: the writer's.
        space: whose.
        exact_below: under this many live rows no index is built.
        force: write even what is fresh.
        on_progress: told how the index build goes.
    """
    current = generation_of(store.conn, space.id)
    for rows in (current, find_generation(store.conn, space.id, VectorKind.CAPTION)):
        if rows is not None and _index_wanted(store, rows, exact_below=exact_below, force=force):
            _write_index(store, rows, on_progress)
    if force or _columns_due(store, current):
        write_columns(store, current.id)


def _index_wanted(store: Store, current: GenerationInfo, *, exact_below: int, force: bool) -> bool:
    if current.live_rows < max(exact_below, LEAST_ROWS):
        return False
    if force or current.index is None or not index_is_sound(place_of(store, current.id).folder, current.index):
        return True
    return index_is_due(
        current.index, live_rows=current.live_rows, committed_rows=current.committed_rows, exact_below=exact_below
    )


def _write_index(store: Store, current: GenerationInfo, on_progress: ProgressListener | None) -> None:
    place = place_of(store, current.id)
    record = build_index(
        place.open().view(current.committed_rows),
        folder=place.folder,
        generation=current.number,
        live=findable_rows(store.conn, current),
        on_progress=on_progress,
    )
    with transaction(store) as conn:
        conn.exec_driver_sql(
            "UPDATE generation SET index_record = :record WHERE id = :id",
            {"record": record.to_json(), "id": current.id},
        )
    if current.index is not None and current.index.file != record.file:
        (place.folder / current.index.file).unlink(missing_ok=True)


def _columns_due(store: Store, current: GenerationInfo) -> bool:
    tail = current.committed_rows - current.columns_rows
    if tail > max(_TAIL_ROWS, current.columns_rows * _TAIL_SHARE):
        return True
    dirty = store.conn.exec_driver_sql(
        "SELECT count(*) FROM dirty_asset WHERE generation_id = :id", {"id": current.id}
    ).scalar_one()
    if dirty > _DIRTY_ROWS:
        return True
    return current.columns_rows > 0 and open_columns(store, current.id) is None
