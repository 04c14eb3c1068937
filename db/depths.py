"""How far down the first page of a query was reranked, so that its next pages, asked for by later runs, fit to it.

A memory and nothing more: lost, unreadable or not to be written, it costs a page that does not quite follow the last.
"""

import json
from contextlib import suppress
from pathlib import Path

from db.features import FOLDER, write_whole

KEPT = 200
"""Queries; whoever pages does so within minutes."""


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
        return self._own.get(query, self._kept().get(query))

    def remember(self, query: str, depth: int) -> None:
        """From now on this query's pages go so deep."""
        self._own[query] = depth
        kept = self._kept()
        if kept.pop(query, None) == depth or not self._library.is_dir():
            return
        latest = dict(list({**kept, query: depth}.items())[-KEPT:])
        with suppress(OSError):
            write_whole(self._file, json.dumps(latest).encode())

    def _kept(self) -> dict[str, int]:
        try:
            kept = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        if not isinstance(kept, dict):
            return {}
        return {query: depth for query, depth in kept.items() if isinstance(depth, int)}
