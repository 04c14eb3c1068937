"""Single rows of the file table: finding, adding, moving, and linking them to pictures."""

import os
import time

from sqlalchemy import Connection, Row

from core.paths import display
from db.liveness import touch, touch_pictures_of
from db.records import FailedFile, FileState, WorkItem

_OF_FILE = "SELECT :file_id"


def find_file(conn: Connection, path: bytes) -> Row[tuple[object, ...]] | None:
    """Id and state of the file at this path."""
    return conn.exec_driver_sql("SELECT id, state FROM file WHERE path = :path", {"path": path}).one_or_none()


def put_file(conn: Connection, item: WorkItem, state: FileState) -> int:
    """The file of this work item as it was scanned, without problems, in this state; its id."""
    known = find_file(conn, item.path)
    if known is not None:
        _update(conn, known.id, item, state)
        return int(known.id)
    added = conn.exec_driver_sql(
        """
        INSERT INTO file (path, path_text, folder_id, root_id, state, size, mtime_ns, sidecars, added_at)
        VALUES (:path, :text, :folder_id, :root_id, :state, :size, :mtime_ns, :sidecars, :now)
        """,
        {**_values(conn, item, state), "now": time.time()},
    )
    return int(added.lastrowid)


def move_file(conn: Connection, file_id: int, item: WorkItem) -> None:
    """The known file is at the work item's path now; it keeps its id, its pictures and its captions."""
    touch_pictures_of(conn, _OF_FILE, {"file_id": file_id})
    _update(conn, file_id, item, FileState.PRESENT)
    conn.exec_driver_sql("DELETE FROM temp.gone WHERE file_id = :file_id", {"file_id": file_id})


def moved_from(conn: Connection, asset_id: int) -> int | None:
    """A file of this picture that vanished, in this scan or before, and is not on the disk now."""
    candidates = conn.exec_driver_sql(
        """
        SELECT f.id, f.path FROM file_asset fa JOIN file f ON f.id = fa.file_id
        WHERE fa.asset_id = :asset_id
          AND (f.state IN ('missing', 'offline') OR f.id IN (SELECT file_id FROM temp.gone))
        ORDER BY f.id
        """,
        {"asset_id": asset_id},
    )
    return next((row.id for row in candidates if not os.path.lexists(row.path)), None)


def asset_of(conn: Connection, content_hash: bytes) -> int:
    """The id of the picture with this content, known or new."""
    values = {"hash": content_hash}
    found = conn.exec_driver_sql(
        "SELECT id FROM asset WHERE content_hash = :hash AND part = 0", values
    ).scalar_one_or_none()
    if found is None:
        found = conn.exec_driver_sql("INSERT INTO asset (content_hash) VALUES (:hash)", values).lastrowid
    return int(found)


def link(conn: Connection, file_id: int, asset_id: int) -> bool:
    """Let the file stand for this picture and no other; True where that is news."""
    linked = set(conn.exec_driver_sql("SELECT asset_id FROM file_asset WHERE file_id = :id", {"id": file_id}).scalars())
    touch(conn, linked | {asset_id})
    if linked == {asset_id}:
        return False
    if linked:
        unlink(conn, file_id)
    conn.exec_driver_sql("INSERT INTO file_asset VALUES (?, ?)", (file_id, asset_id))
    return True


def unlink(conn: Connection, file_id: int) -> None:
    """The file stands for no picture any more; its captions go."""
    touch_pictures_of(conn, _OF_FILE, {"file_id": file_id})
    conn.exec_driver_sql("DELETE FROM file_asset WHERE file_id = :id", {"id": file_id})
    conn.exec_driver_sql("DELETE FROM caption WHERE file_id = :id", {"id": file_id})


def note_problem(conn: Connection, file_id: int, failed: FailedFile) -> None:
    """Remember why the last reading failed."""
    conn.exec_driver_sql(
        "UPDATE file SET problem_kind = :kind, problem_reason = :reason, problem_at = :now WHERE id = :id",
        {"kind": failed.kind.value, "reason": failed.reason, "now": time.time(), "id": file_id},
    )


def folder_id(conn: Connection, path: bytes) -> int:
    """The id of the folder that holds `path`."""
    folder = os.path.dirname(path)  # noqa: PTH120 - bytes
    found = conn.exec_driver_sql("SELECT id FROM folder WHERE path = :path", {"path": folder}).scalar_one_or_none()
    if found is None:
        values = {"path": folder, "text": display(folder)}
        found = conn.exec_driver_sql("INSERT INTO folder (path, path_text) VALUES (:path, :text)", values).lastrowid
    return int(found)


def _update(conn: Connection, file_id: int, item: WorkItem, state: FileState) -> None:
    conn.exec_driver_sql(
        """
        UPDATE file SET path = :path, path_text = :text, folder_id = :folder_id, root_id = :root_id, state = :state,
            size = :size, mtime_ns = :mtime_ns, sidecars = :sidecars,
            problem_kind = NULL, problem_reason = NULL, problem_at = NULL, forgotten_hash = NULL
        WHERE id = :file_id
        """,
        {**_values(conn, item, state), "file_id": file_id},
    )


def _values(conn: Connection, item: WorkItem, state: FileState) -> dict[str, object]:
    return {
        "path": item.path,
        "text": display(item.path),
        "folder_id": folder_id(conn, item.path),
        "root_id": item.root_id,
        "state": state.value,
        "size": item.size,
        "mtime_ns": item.mtime_ns,
        "sidecars": item.sidecars,
    }
