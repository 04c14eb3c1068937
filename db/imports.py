"""Takes in pictures that come with their vectors, whether or not their files can be reached.

Their files belong to no root, so no refresh ever judges them. A file that cannot be reached is offline from the start:
findable, with nothing known but its path.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack

from sqlalchemy import Connection, select

from core.arrays import Vectors
from core.paths import display
from db.captions import write_found
from db.connect import Store, transaction
from db.facts import write_facts
from db.files import asset_of, folder_id, link
from db.forgotten import ForgottenNow
from db.liveness import settle_touched
from db.records import CommitCounts, FileState, ImportedRow, SpaceInfo
from db.rows import append_half, half, known_hashes, record_blocks
from db.schema import file
from db.spaces import generation_of
from db.staging import storable


def import_rows(store: Store, space: SpaceInfo, pictures: Sequence[ImportedRow]) -> CommitCounts:
    """Store one batch: vectors on disk first, then one transaction. Known paths and forgotten files are left alone.

    Raises:
        StorageFull: nothing of this batch was stored.
        ValueError: a vector of another length, or not finite.
    """
    known, forgotten = _sort_out(store.conn, pictures)
    fresh = list({p.path: p for p in pictures if p.path not in known | forgotten}.values())
    vectors = _fresh_vectors(store.conn, space, fresh)
    current = generation_of(store.conn, space.id)
    with ExitStack() as undo:
        rows = half(list(vectors.values()), space.dim)
        blocks = append_half(store, current.id, current.committed_rows, rows, undo)
        with transaction(store) as conn:
            assets = {_key(picture): _store(conn, picture) for picture in fresh}
            for number, key in enumerate(vectors, start=current.committed_rows):
                conn.exec_driver_sql("INSERT INTO vector_row VALUES (?, ?, ?)", (current.id, number, assets[key]))
            record_blocks(conn, current.id, current.committed_rows + len(vectors), blocks)
            settle_touched(conn)
        undo.pop_all()
    left = len(pictures) - len(fresh)
    return CommitCounts(
        added=len(fresh), unchanged=left - len(forgotten), ignored=len(forgotten), embedded=len(vectors)
    )


def _sort_out(conn: Connection, pictures: Sequence[ImportedRow]) -> tuple[set[bytes], set[bytes]]:
    """The paths that are known, and those of them or others that are to stay forgotten."""
    hashes = [picture.content_hash for picture in pictures if picture.content_hash is not None]
    now = ForgottenNow.load(conn, hashes)
    forgotten = {picture.path for picture in pictures if now.holds(picture.path, picture.content_hash)}
    paths = conn.execute(select(file.c.path).where(file.c.path.in_([picture.path for picture in pictures])))
    return set(paths.scalars()) - forgotten, forgotten


def _fresh_vectors(conn: Connection, space: SpaceInfo, pictures: Sequence[ImportedRow]) -> dict[bytes, Vectors]:
    """One vector for each content that has no row yet; a file that was not read counts as a content of its own."""
    hashes = [picture.content_hash for picture in pictures if picture.content_hash is not None]
    known = known_hashes(conn, hashes, [space.id])
    return {
        _key(picture): picture.vector for picture in pictures if space.id not in known.get(_key(picture), frozenset())
    }


def _key(picture: ImportedRow) -> bytes:
    """What makes it one picture: its content, else its path (which, absolute, is never 32 bytes of a hash)."""
    return picture.content_hash or picture.path


def _store(conn: Connection, picture: ImportedRow) -> int:
    """Enter the file and its picture; the picture's id."""
    state = FileState.OFFLINE if picture.size is None else FileState.PRESENT
    file_id = conn.exec_driver_sql(
        """
        INSERT INTO file (path, path_text, folder_id, state, size, mtime_ns, added_at)
        VALUES (:path, :text, :folder_id, :state, :size, :mtime_ns, :now)
        """,
        {
            "path": picture.path,
            "text": display(picture.path),
            "folder_id": folder_id(conn, picture.path),
            "state": state.value,
            "size": picture.size,
            "mtime_ns": None if picture.mtime_ns is None else storable(picture.mtime_ns),
            "now": time.time(),
        },
    ).lastrowid
    if picture.content_hash is None:
        asset_id = int(conn.exec_driver_sql("INSERT INTO asset DEFAULT VALUES").lastrowid)
    else:
        asset_id = asset_of(conn, picture.content_hash)
    link(conn, file_id, asset_id)
    if picture.facts is not None:
        write_facts(conn, asset_id, picture.facts)
        write_found(conn, asset_id, file_id, picture.facts.captions)
    return asset_id
