"""How far down the first page of a query was reranked, so that its next pages, asked for by later runs, fit to it.

A memory and nothing more: lost, unreadable or not to be written, it costs a page that does not quite follow the last.
What was asked is nobody's business: of a query twelve bits of a hash are kept, for a quarter of an hour. They tell the
few queries of that time apart, and fit thousands of others as well.
"""

import hashlib
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from db.bounded import write_whole
from db.features import FOLDER

KEPT = 20
"""Queries; whoever pages does so within minutes."""

KEPT_S = 900.0

OWN_KEPT = 1_000
"""Queries that a process remembers of its own, for as long as it lives."""

_HEX_DIGITS = 3

T = TypeVar("T")


class RerankDepths:
    """The depths of the latest queries, in <library>/features/depths.json.

    Args:
        library: its folder.
    """

    def __init__(self, library: Path) -> None:
        self._library = library
        self._file = library / FOLDER / "depths.json"
        self._own: dict[str, int] = {}  # where nothing can be written, this process at least remembers

    def recall(self, query: str) -> int | None:
        """The depth of a query, by any text that stands for it."""
        if query in self._own:
            return self._own[query]
        found = self._kept().get(_trace(query))
        return None if found is None else found[0]

    def remember(self, query: str, depth: int) -> None:
        """From now on this query's pages go so deep."""
        self._own = _latest(self._own, query, depth, OWN_KEPT)
        if not self._library.is_dir():
            return
        latest = _latest(self._kept(), _trace(query), (depth, int(time.time())), KEPT)
        with suppress(OSError):
            write_whole(self._file, json.dumps(latest).encode())

    def _kept(self) -> dict[str, tuple[int, int]]:
        """Depth and unix seconds by trace; those that are still worth something."""
        try:
            kept = json.loads(self._file.read_bytes())
            found = {str(trace): (int(depth), int(at)) for trace, (depth, at) in kept.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
        return {trace: entry for trace, entry in found.items() if 0 <= time.time() - entry[1] <= KEPT_S}


def _latest(kept: dict[str, T], query: str, entry: T, most: int) -> dict[str, T]:
    """With this query as the last of so many."""
    others = {other: value for other, value in kept.items() if other != query}
    return dict(list({**others, query: entry}.items())[-most:])


def _trace(query: str) -> str:
    return hashlib.sha256(query.encode("utf-8", "surrogatepass")).hexdigest()[:_HEX_DIGITS]
