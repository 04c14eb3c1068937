"""Commits what became of a batch of files: vectors to disk first, then everything else in one transaction.

Invariant 1: a row number enters SQLite only after its bytes are on disk. What a crash leaves behind the last committed
row is cut off by the next writer; what a failed transaction leaves, here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from db.captions import write_found
from db.connect import Store, light, transaction
from db.facts import write_facts
from db.files import asset_of, find_file, link, move_file, moved_from, note_problem, put_file, unlink
from db.forgotten import ForgottenNow
from db.liveness import settle_touched, touch_pictures_of
from db.pending import lower_pending
from db.records import CommitCounts, FailedFile, FileState, IndexedFile, Outcome, UnchangedFile, WorkKind
from db.rows import appended, fresh_vectors


def commit(store: Store, outcomes: Sequence[Outcome]) -> CommitCounts:
    """Store what became of these work items.

    Raises:
        StorageFull: nothing of this batch was stored; all before it is safe.
    """
    indexed = [outcome for outcome in outcomes if isinstance(outcome, IndexedFile)]
    forgotten = ForgottenNow.load(store.conn, [file.content_hash for file in indexed])
    fresh = fresh_vectors(
        store.conn, [file for file in indexed if not forgotten.holds(file.item.path, file.content_hash)]
    )
    with appended(store, fresh) as rows, transaction(store):
        conn = light(store)  # some fifteen statements a file
        batch = _Batch(conn, forgotten)
        counts = CommitCounts()
        for outcome in outcomes:
            counts += batch.store(outcome)
        rows.record(conn)
        settle_touched(conn)
        lower_pending(conn, sum(1 for outcome in outcomes if outcome.item.kind is WorkKind.NEW))
    return counts + CommitCounts(embedded=rows.count)


@dataclass(frozen=True, slots=True)
class _Batch:
    """One open transaction."""

    conn: Connection
    forgotten: ForgottenNow

    def store(self, outcome: Outcome) -> CommitCounts:
        if isinstance(outcome, FailedFile):
            return self._failed(outcome)
        if isinstance(outcome, UnchangedFile):
            return self._unchanged(outcome)
        if self.forgotten.holds(outcome.item.path, outcome.content_hash):
            return self._forgotten(outcome)
        return self._indexed(outcome)

    def _indexed(self, outcome: IndexedFile) -> CommitCounts:
        before = find_file(self.conn, outcome.item.path)
        asset_id = asset_of(self.conn, outcome.content_hash)
        moved = moved_from(self.conn, asset_id) if before is None else None
        if moved is not None:
            move_file(self.conn, moved, outcome.item)
            file_id = moved
        else:
            file_id = put_file(self.conn, outcome.item, FileState.PRESENT)
        relinked = link(self.conn, file_id, asset_id)
        write_facts(self.conn, asset_id, outcome.facts)
        write_found(self.conn, asset_id, file_id, outcome.facts.captions)
        if moved is not None:
            return CommitCounts(moved=1)
        if before is None or before.state in {FileState.PROBLEM, FileState.IGNORED, FileState.FORGOTTEN}:
            return CommitCounts(added=1)
        return CommitCounts(changed=1) if relinked else CommitCounts(unchanged=1)

    def _unchanged(self, outcome: UnchangedFile) -> CommitCounts:
        """Only touched; or, where the path is new, moved from one of this content (or a copy of it)."""
        before = find_file(self.conn, outcome.item.path)
        if before is not None:
            put_file(self.conn, outcome.item, FileState.PRESENT)
            touch_pictures_of(self.conn, "SELECT :file_id", {"file_id": before.id})
            return CommitCounts(unchanged=1)
        asset_id = self.conn.exec_driver_sql(
            "SELECT id FROM asset WHERE content_hash = :hash AND part = 0", {"hash": outcome.item.known_hash}
        ).scalar_one()
        moved = moved_from(self.conn, asset_id)
        if moved is not None:
            move_file(self.conn, moved, outcome.item)
            return CommitCounts(moved=1)
        link(self.conn, put_file(self.conn, outcome.item, FileState.PRESENT), asset_id)
        return CommitCounts(added=1)

    def _failed(self, outcome: FailedFile) -> CommitCounts:
        """A picture that is known stays as it was where time may mend the reading; else its content is gone."""
        item = outcome.item
        before = find_file(self.conn, item.path)
        counts = CommitCounts(ignored=1) if outcome.ignored else CommitCounts(skipped=1)
        known = before is not None and before.state in {FileState.PRESENT, FileState.OFFLINE, FileState.MISSING}
        same_content = item.kind in {WorkKind.FACTS, WorkKind.BACKFILL}
        if before is not None and known and (outcome.kind.passing or same_content):
            note_problem(self.conn, before.id, outcome)
            if not outcome.kind.passing:  # wait for the next change
                self.conn.exec_driver_sql(
                    "UPDATE file SET sidecars = :sidecars WHERE id = :id", {"sidecars": item.sidecars, "id": before.id}
                )
            return counts
        file_id = put_file(self.conn, item, FileState.IGNORED if outcome.ignored else FileState.PROBLEM)
        unlink(self.conn, file_id)
        if not outcome.ignored:
            note_problem(self.conn, file_id, outcome)
        return counts

    def _forgotten(self, outcome: IndexedFile) -> CommitCounts:
        file_id = put_file(self.conn, outcome.item, FileState.FORGOTTEN)
        unlink(self.conn, file_id)
        self.conn.exec_driver_sql(
            "UPDATE file SET forgotten_hash = :hash WHERE id = :id", {"hash": outcome.content_hash, "id": file_id}
        )
        return CommitCounts(ignored=1)
