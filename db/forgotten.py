"""What the owner forgot, as far as one batch of files is concerned."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from db.ranges import PathRange
from db.schema import forgotten_hash


@dataclass(frozen=True, slots=True)
class ForgottenNow:
    """Forgotten paths, and those of a batch's contents that are forgotten."""

    paths: tuple[PathRange, ...]
    hashes: frozenset[bytes]

    @classmethod
    def load(cls, conn: Connection, hashes: Sequence[bytes]) -> "ForgottenNow":
        """Look up what a batch with these contents needs."""
        paths = conn.exec_driver_sql("SELECT path FROM forgotten_path").scalars()
        found = conn.execute(select(forgotten_hash.c.content_hash).where(forgotten_hash.c.content_hash.in_(hashes)))
        return cls(tuple(PathRange.of(path) for path in paths), frozenset(found.scalars()))

    def holds(self, path: bytes, content_hash: bytes | None) -> bool:
        """True where this file must stay forgotten: by its place or by its content."""
        return content_hash in self.hashes or any(path in place for place in self.paths)
