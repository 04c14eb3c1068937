"""Judges what a scan did not find (invariant 7): nothing is ever forgotten by accident.

A root that is missing, empty, on another device, or that lost more than a tenth of its files at once goes offline: its
pictures stay findable. Files that vanished from a healthy root are hidden and kept; so are those that are on the disk
and left out by the walk (a new pattern), which are not lost, however many they are. Only `prune` deletes. A scan of one
folder in a root judges that folder alone.
"""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from core.errors import ProblemKind
from core.notices import notice
from core.paths import display
from db.connect import Store, transaction
from db.files import put_file
from db.liveness import drop_orphans, settle_touched, touch_pictures_of
from db.ranges import PathRange
from db.records import FileState, RootInfo, RootScan, SettleCounts, WorkItem, WorkKind
from db.roots import list_roots
from db.staging import LOOKED_INTO, clear_staging, load_forgotten

_LOST_SHARE = 10  # more than one file in ten lost at once is taken for a drive that is not all there

# Known files of one scope: what the library believed to be on disk, and what of it the scan did not find.
_SCOPE = "f.root_id = :root_id AND (:path IS NULL OR f.path = :path OR (f.path >= :lower AND f.path < :upper))"
_FIND_LOST = f"""
    INSERT INTO temp.lost
    SELECT f.id FROM file f
    WHERE {_SCOPE} AND NOT EXISTS (SELECT 1 FROM temp.staged t WHERE t.path = f.path) AND {LOOKED_INTO}
"""
_LOST = "f.id IN (SELECT file_id FROM temp.lost)"


def settle(store: Store, scans: Sequence[RootScan], *, prune: bool) -> SettleCounts:
    """Bring the files' states in line with the staged scans, and clear the staging; one transaction."""
    roots = {root.id: root for root in list_roots(store.conn)}
    removed, notices = 0, []
    with transaction(store) as conn:
        load_forgotten(conn)
        _welcome_back(conn)
        _record_online_only(conn)
        for scan in scans:
            verdict = _Scope(conn, roots[scan.root_id], scan)
            verdict.find_lost()
            left_out = verdict.hide_left_out()
            if left_out:
                notices.append(verdict.left_out_notice(left_out))
            removed += 0 if prune else left_out  # pruning counts what it deletes, and these with the rest
            reason = verdict.offline_reason()
            removed += verdict.apply(reason, prune=prune)
            if reason is not None:
                notices.append(verdict.notice(reason, pruned=prune))
        settle_touched(conn)
        if prune:
            drop_orphans(conn)
        offline = sum(_Scope(conn, roots[scan.root_id], scan).count("f.state = 'offline'") for scan in scans)
    clear_staging(store.conn)
    return SettleCounts(removed=removed, offline=offline, notices=tuple(notices))


def _welcome_back(conn: Connection) -> None:
    """Files that were missing or offline and are there again, unchanged, are found again without being read."""
    back = """
        SELECT f.id FROM temp.staged t JOIN file f ON f.path = t.path
        WHERE f.state IN ('missing', 'offline')
          AND (t.online_only OR (f.size = t.size AND f.mtime_ns = t.mtime_ns))
    """
    touch_pictures_of(conn, back, {})
    conn.exec_driver_sql(f"UPDATE file SET state = 'present' WHERE id IN ({back})")


def _record_online_only(conn: Connection) -> None:
    """New cloud placeholders are problems that pass once the file is fetched."""
    found = conn.exec_driver_sql(
        """
        SELECT t.* FROM temp.staged t
        WHERE t.online_only AND NOT EXISTS (SELECT 1 FROM file f WHERE f.path = t.path)
          AND NOT EXISTS (SELECT 1 FROM temp.forgotten_range o
                          WHERE t.path = o.path OR (t.path >= o.lower AND t.path < o.upper))
        """
    ).all()
    for row in found:
        item = WorkItem(
            file_id=None,
            root_id=row.root_id,
            path=row.path,
            kind=WorkKind.NEW,
            size=row.size,
            mtime_ns=row.mtime_ns,
            sidecars=row.sidecars,
            known_hash=None,
            spaces=(),
        )
        file_id = put_file(conn, item, FileState.PROBLEM)
        conn.exec_driver_sql(
            "UPDATE file SET problem_kind = :kind, problem_reason = :reason, problem_at = :now WHERE id = :id",
            {
                "kind": ProblemKind.ONLINE_ONLY.value,
                "reason": "only online: make it available on this machine to have it indexed",
                "now": time.time(),
                "id": file_id,
            },
        )


@dataclass(frozen=True, slots=True)
class _Scope:
    """What one scan may judge."""

    conn: Connection
    root: RootInfo
    scan: RootScan

    def find_lost(self) -> None:
        """Look once, for all that follows: every file of the scope is compared with what was staged."""
        self.conn.exec_driver_sql("DELETE FROM temp.lost")
        self.conn.exec_driver_sql(_FIND_LOST, self._values)

    def offline_reason(self) -> str | None:
        """Why this scope has to be taken for offline; None where it is healthy."""
        if not self.scan.reachable:
            return self.scan.reason or "it cannot be reached"
        believed = self.count("f.state IN ('present', 'offline', 'problem', 'ignored')")
        lost = self.count("f.state IN ('present', 'offline', 'problem', 'ignored')", lost=True)
        if lost and lost == believed and not self._staged():
            return "it is empty"
        if lost and self._on_another_device():
            return f"it is on another device than before, without {lost:,} of its files"
        if lost * _LOST_SHARE > believed:
            return f"{lost:,} of its {believed:,} files are gone at once"
        return None

    def hide_left_out(self) -> int:
        """Hide what is still on the disk, though the walk does not name it any more; how many pictures' files."""
        if not self.scan.reachable:
            return 0
        known = "f.state IN ('present', 'offline', 'problem', 'ignored')"
        lost = self.conn.exec_driver_sql(f"SELECT f.id, f.path FROM file f WHERE {_LOST} AND {known}")
        # A link whose target is gone is lost: isfile follows it.
        left_out: dict[str, object] = {"ids": json.dumps([row.id for row in lost if os.path.isfile(row.path)])}  # noqa: PTH113 - bytes
        chosen = "id IN (SELECT value FROM json_each(:ids))"
        pictures = f"{chosen} AND state IN ('present', 'offline')"
        touch_pictures_of(self.conn, f"SELECT id FROM file WHERE {pictures}", left_out)
        hidden = self.conn.exec_driver_sql(f"UPDATE file SET state = 'missing' WHERE {pictures}", left_out).rowcount
        self.conn.exec_driver_sql(f"DELETE FROM file WHERE {chosen} AND state IN ('problem', 'ignored')", left_out)
        return int(hidden)

    def left_out_notice(self, files: int) -> str:
        """One line for people."""
        place = display(self.scan.subtree or self.root.path)
        count = "1 known picture is" if files == 1 else f"{files:,} known pictures are"
        return notice("pictures_left_out", path=place, count=count)

    def apply(self, reason: str | None, *, prune: bool) -> int:
        """Change the states of the lost files, and what is known of the root; how many files were removed."""
        if prune:
            removed = self._delete_lost()
        elif reason is not None:
            self._set_lost("offline", "f.state = 'present'")
            removed = 0
        else:
            removed = self._set_lost("missing", "f.state IN ('present', 'offline')")
            self._delete("f.state IN ('problem', 'ignored')")
        if self.scan.subtree is None:
            self._record_root(reason, prune=prune)
        return removed

    def notice(self, reason: str, *, pruned: bool) -> str:
        """One line for people."""
        place = display(self.scan.subtree or self.root.path)
        if pruned:
            return notice("root_pruned", path=place, why=reason)
        return notice("root_offline", path=place, why=reason)

    def count(self, condition: str, *, lost: bool = False) -> int:
        """How many files of the scope are like this."""
        where = f"{_LOST if lost else _SCOPE} AND {condition}"
        found = self.conn.exec_driver_sql(f"SELECT count(*) FROM file f WHERE {where}", self._values)
        return int(found.scalar_one())

    def _staged(self) -> bool:
        """Did the scan find anything at all here?"""
        found = self.conn.exec_driver_sql(
            "SELECT EXISTS (SELECT 1 FROM temp.staged f WHERE " + _SCOPE + ")", self._values
        )
        return bool(found.scalar_one())

    @property
    def _values(self) -> dict[str, object]:
        inside = None if self.scan.subtree is None else PathRange.of(self.scan.subtree)
        return {
            "root_id": self.root.id,
            "path": inside and inside.path,
            "lower": inside and inside.lower,
            "upper": inside and inside.upper,
        }

    def _on_another_device(self) -> bool:
        return None not in {self.scan.device, self.root.device} and self.scan.device != self.root.device

    def _set_lost(self, state: str, condition: str) -> int:
        lost = f"SELECT f.id FROM file f WHERE {_LOST} AND {condition}"
        touch_pictures_of(self.conn, lost, {})
        changed = self.conn.exec_driver_sql(f"UPDATE file SET state = :state WHERE id IN ({lost})", {"state": state})
        return int(changed.rowcount)

    def _delete_lost(self) -> int:
        """Prune: everything not found, hidden before or not. Counts pictures' files, not problems."""
        known = "f.state IN ('present', 'offline', 'missing')"
        removed = self.count(known, lost=True)
        self._delete(f"{known} OR f.state IN ('problem', 'ignored')")
        return removed

    def _delete(self, condition: str) -> None:
        lost = f"SELECT f.id FROM file f WHERE {_LOST} AND ({condition})"
        touch_pictures_of(self.conn, lost, {})
        self.conn.exec_driver_sql(f"DELETE FROM file WHERE id IN ({lost})")

    def _record_root(self, reason: str | None, *, prune: bool) -> None:
        """The new device counts once the root is whole on it; until then it stays a stranger."""
        here = self.scan.reachable and (reason is None or prune)
        self.conn.exec_driver_sql(
            """
            UPDATE root SET online = :online, offline_reason = :reason,
                device = CASE WHEN :here THEN coalesce(:device, device) ELSE device END,
                last_scan_at = CASE WHEN :reachable THEN :now ELSE last_scan_at END
            WHERE id = :root_id
            """,
            {
                "online": int(here),
                "reason": None if here else reason,
                "here": int(here),
                "device": self.scan.device,
                "reachable": int(self.scan.reachable),
                "now": time.time(),
                "root_id": self.root.id,
            },
        )
