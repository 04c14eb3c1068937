"""What the owner forgot stays forgotten: by its path, and by its content where no other file has it."""

import time

from sqlalchemy import Connection

from core.errors import UsageError
from core.paths import display
from db.connect import DATABASE, Store, checkpoint, run_many, transaction
from db.features import forget_features
from db.liveness import drop_orphans, settle_touched, touch_pictures_of
from db.ranges import PathRange
from db.thumbnails import drop_thumbnails
from db.words import purge_words

_BELOW = "path = :path OR (path >= :lower AND path < :upper)"
_PATIENCE_S = 2.0  # twice, for readers that still need the journal, which holds what is forgotten
_FILES = f"SELECT id FROM file WHERE ({_BELOW}) AND state <> 'forgotten'"


def forget(store: Store, path: bytes) -> int:
    """Forget the file at `path`, or everything below the folder; how many files that are known.

    Gone at once: captions, places, cameras, thumbnails, what a reranker saw, copies of the database from before a
    migration, and the rows from every answer. The vectors' bytes go with the next compaction. Kept, so that it stays
    forgotten: the paths, and a hash of the contents.
    """
    place = _values(path)
    with transaction(store) as conn:
        hashes = _only_here(conn, place)
        forgotten = _forget_files(conn, place)
        conn.exec_driver_sql(
            "INSERT OR REPLACE INTO forgotten_path VALUES (:path, :text, :now)",
            {"path": place["path"], "text": display(path), "now": time.time()},
        )
        kept = [(content, place["path"]) for content in hashes]
        run_many(conn, "INSERT OR IGNORE INTO forgotten_hash VALUES (?, ?)", kept)
        drop_orphans(conn)
        _drop_names(conn)
        purge_words(conn)
    checkpoint(store, wait_s=_PATIENCE_S)  # the journal, too, held it
    for backup in store.folder.glob(f"{DATABASE}.backup-*"):
        backup.unlink(missing_ok=True)
    for content in hashes:
        drop_thumbnails(store.folder, content)
        forget_features(store.folder, content)
    return forgotten


def unforget(store: Store, path: bytes) -> int:
    """Let the next index find what is at or below `path` again; how many files were kept as forgotten there.

    Raises:
        UsageError: it lies inside a folder that is forgotten as a whole.
    """
    place = _values(path)
    with transaction(store) as conn:
        for folder in conn.exec_driver_sql("SELECT path FROM forgotten_path").scalars():
            if path != folder and path in PathRange.of(folder):
                raise UsageError(f"{display(path)} is part of {display(folder)}, which is forgotten: unforget that")
        conn.exec_driver_sql(f"DELETE FROM forgotten_path WHERE {_BELOW}", place)
        conn.exec_driver_sql(
            f"""
            DELETE FROM forgotten_hash WHERE {_BELOW} OR content_hash IN (
                SELECT forgotten_hash FROM file WHERE state = 'forgotten' AND ({_BELOW}))
            """,
            place,
        )
        released = conn.exec_driver_sql(f"DELETE FROM file WHERE state = 'forgotten' AND ({_BELOW})", place).rowcount
        # Copies elsewhere that were only forgotten for their content.
        conn.exec_driver_sql(
            """
            DELETE FROM file WHERE state = 'forgotten' AND forgotten_hash IS NOT NULL
                AND forgotten_hash NOT IN (SELECT content_hash FROM forgotten_hash)
                AND NOT EXISTS (SELECT 1 FROM forgotten_path p WHERE p.path = file.path)
            """
        )
    return int(released)


def _only_here(conn: Connection, place: dict[str, object]) -> list[bytes]:
    """Contents that no file outside of `place` has."""
    found = conn.exec_driver_sql(
        f"""
        SELECT DISTINCT a.content_hash FROM file_asset fa JOIN asset a ON a.id = fa.asset_id
        WHERE fa.file_id IN ({_FILES}) AND a.content_hash IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM file_asset other
                          WHERE other.asset_id = a.id AND other.file_id NOT IN ({_FILES}))
        """,
        place,
    )
    return list(found.scalars())


def _forget_files(conn: Connection, place: dict[str, object]) -> int:
    touch_pictures_of(conn, _FILES, place)
    conn.exec_driver_sql(
        f"""
        UPDATE file SET forgotten_hash = (
            SELECT a.content_hash FROM file_asset fa JOIN asset a ON a.id = fa.asset_id
            WHERE fa.file_id = file.id AND a.part = 0)
        WHERE id IN ({_FILES})
        """,
        place,
    )
    conn.exec_driver_sql(f"DELETE FROM caption WHERE file_id IN ({_FILES})", place)
    conn.exec_driver_sql(f"DELETE FROM file_asset WHERE file_id IN ({_FILES})", place)
    forgotten = conn.exec_driver_sql(
        f"""
        UPDATE file SET state = 'forgotten', sidecars = x'', problem_kind = NULL, problem_reason = NULL,
            problem_at = NULL
        WHERE {_BELOW} AND state <> 'forgotten'
        """,
        place,
    ).rowcount
    settle_touched(conn)
    return int(forgotten)


def _drop_names(conn: Connection) -> None:
    """Cameras and lenses that only forgotten pictures had."""
    for table in ("camera", "lens"):
        conn.exec_driver_sql(
            f"DELETE FROM {table} WHERE id NOT IN (SELECT {table}_id FROM asset WHERE {table}_id IS NOT NULL)"
        )


def _values(path: bytes) -> dict[str, object]:
    place = PathRange.of(path)
    return {"path": place.path, "lower": place.lower, "upper": place.upper}
