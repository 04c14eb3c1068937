"""What a reader searches, vectors and words; remembers what the user should know of the answers it gave."""

from collections.abc import Sequence

from core.arrays import RowMask
from core.errors import LibraryDamaged
from core.words import Term
from db import keywords, spaces
from db.connect import close, connect_light
from db.keywords import KeywordRows
from db.records import GenerationInfo
from db.snapshot import Snapshot
from db.vectors.searcher import RowSearcher


class Searching:
    """The searchers of one snapshot, and its index of words.

    Args:
        known: the snapshot.
    """

    def __init__(self, known: Snapshot) -> None:
        self._known = known
        self._searched: set[int] = set()  # generations
        self._words_damaged = False

    def searcher(self, generation: GenerationInfo) -> RowSearcher:
        """Over the generation's rows."""
        self._searched.add(generation.id)
        return self._known.searcher(generation)

    def keyword_rows(
        self,
        generation: GenerationInfo,
        terms: Sequence[Term],
        phrase: str,
        mask: RowMask | None,
        *,
        most: int | None,
    ) -> KeywordRows:
        """As `keywords.keyword_rows`; no rows where the index of words is damaged."""
        known = self._known
        try:
            return keywords.keyword_rows(
                known.store.conn,
                generation,
                terms,
                phrase,
                mask,
                most=most,
                in_folders=lambda ids: known.filter_rows(generation).in_folders(ids),
                known=known.words(generation),
            )
        except LibraryDamaged:  # the index is derived: an answer goes without
            self._words_damaged = True
            return keywords.no_rows(generation)

    def notices(self) -> tuple[str, ...]:
        """Indexes that were bypassed, and why.

        Before anything was searched for, of every index that would be used.
        """
        asked = self._searched or self._known.searchers.keys()
        told = ((self._known.searchers[generation_id].notice, generation_id) for generation_id in sorted(asked))
        bypassed = tuple(notice for notice, generation_id in told if notice and not self._replaced(generation_id))
        return (*bypassed, keywords.DAMAGED) if self._words_damaged else bypassed

    def _replaced(self, generation_id: int) -> bool:
        """Has a writer put another index in the place of this snapshot's meanwhile? Then nothing is amiss with it."""
        store = self._known.store
        now = connect_light(store.folder)
        try:
            return spaces.index_record(now.conn, generation_id) != spaces.index_record(store.conn, generation_id)
        finally:
            close(now)
