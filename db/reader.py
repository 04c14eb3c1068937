"""Reading a library: one snapshot, whatever a writer does meanwhile. Never writes, never migrates.

A thin front: the moment that is seen is `snapshot`'s, looking up is `lookups`', searching is `searching`'s, and every
other answer comes from the module that is named after it.
"""

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.arrays import RowMask, RowNumbers, Vectors
from core.browsing import Browsed, Facets, TimeOrder
from core.indexing import Problem
from core.models import Device, VectorKind
from core.queries import Filters
from core.words import Term
from db import caption_rows, counts, roots, spaces
from db.index_state import IndexState, index_state
from db.keywords import KeywordRows
from db.lookups import Lookups
from db.records import CaptionCandidate, Counts, DiskUsage, RootInfo, RootState, SpaceInfo
from db.runs import command_under_way
from db.searching import Searching
from db.snapshot import Snapshot, open_snapshot
from db.vectors.engine import load_meanwhile
from db.vectors.records import Candidates

_T = TypeVar("_T")


def open_reader(path: Path) -> "LibraryReader":
    """Open the library in the folder `path` as it is at this moment.

    Raises:
        LibraryNotFound: there is none.
        LibraryTooOld, LibraryTooNew: another version of `search` made it.
        LibraryDamaged: SQLite cannot read it, or its vectors are not there.
    """
    return LibraryReader(open_snapshot(path))


class LibraryReader(Lookups):
    """One snapshot of a library. Close it, or use it as a context manager; for one thread at a time."""

    def __init__(self, known: Snapshot) -> None:
        super().__init__(known)
        self._searching = Searching(known)

    @property
    def path(self) -> Path:
        """The library's folder."""
        return self._store.folder

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the snapshot."""
        self._known.close()

    def rest(self) -> None:
        """Let go of the snapshot, but keep what is open and known; `renew` comes before the next question."""
        self._known.rest()

    def renew(self) -> bool:
        """A new snapshot; True where nothing was written since the one before, so that what is known still holds.

        Otherwise this reader is of no more use: open another one.
        """
        return self._known.renew()

    def share(self, other: "LibraryReader") -> None:
        """Use the indexes that another reader of this library has in memory, where they are the same."""
        self._known.share(other._known)

    def spaces(self) -> list[SpaceInfo]:
        """Every space, oldest first."""
        return spaces.list_spaces(self._store.conn)

    def active_space(self) -> SpaceInfo:
        """The space that answers queries.

        Raises:
            LibraryNotFound: nothing was indexed yet.
        """
        return self._known.active_space()

    def roots(self) -> list[RootInfo]:
        """Every root, by path."""
        return roots.list_roots(self._store.conn)

    def root_paths(self) -> tuple[bytes, ...]:
        """Where every root is, by path; read once."""
        return self._known.root_paths()

    def root_states(self) -> tuple[RootState, ...]:
        """Whether each root is in reach, by path; counts nothing."""
        return self._known.root_states()

    def writing(self) -> str | None:
        """The command of whoever is writing to the library now; None: nobody is."""
        command = command_under_way(self._store.conn)
        if command is None:
            return None
        from db.lock import is_locked  # loads SQLAlchemy, which no query needs

        return command if is_locked(self.path) else None

    def counts(self, space: SpaceInfo | None = None) -> Counts:
        """How much the library holds; `indexed` and `waiting` are of this space."""
        return self._known.counts(None if space is None else self.generation(space))

    def problems(self) -> list[Problem]:
        """Every file whose last reading failed, by path."""
        return counts.problems(self._store.conn)

    def disk_usage(self) -> DiskUsage:
        """Bytes on disk, by what they are for."""
        return counts.disk_usage(self.path)

    def search_bytes(self) -> dict[str, int]:
        """Bytes on disk that search goes by: `vectors`, `index`, `columns`."""
        return counts.search_bytes(self.path)

    def index_state(
        self, space: SpaceInfo, *, exact_below: int, recall: float | None, kind: VectorKind = VectorKind.IMAGE
    ) -> IndexState:
        """How the index over these rows of the space is, and what the next `search index` of these settings does."""
        return index_state(self._store, self.generation(space, kind), exact_below=exact_below, recall=recall)

    def browse(self, space: SpaceInfo, filters: Filters, order: TimeOrder) -> Browsed:
        """Every picture with a row of the space that passes, in the order of time."""
        return self._known.browser(self.generation(space)).browse(filters, order)

    def facets(self, space: SpaceInfo, filters: Filters) -> Facets:
        """What the pictures with a row of the space can be narrowed down by."""
        return self._known.faceting(self.generation(space)).of(filters)

    def allowed_rows(self, space: SpaceInfo, filters: Filters = Filters()) -> tuple[RowMask | None, int]:  # noqa: B008 - frozen
        """Which rows may be found: bool (committed_rows,), and how many; None for the mask lets every row be found."""
        generation = self.generation(space)
        if not filters:
            return self._known.findable_rows(generation), generation.live_rows
        mask = self._known.filter_rows(generation).of(filters)
        return mask, int(np.count_nonzero(mask))

    def get_ready(self) -> None:
        """Begin to load what `search` needs, while the caller makes a vector to search for."""
        load_meanwhile()

    def search(
        self, space: SpaceInfo, query: Vectors, k: int, mask: RowMask | None = None, *, sure: int | None = None
    ) -> Candidates:
        """The k best rows for `query`, float32 (dim,) of unit length, among those of `mask`; None: all that live.

        The recall that the index promises holds for the best `sure` of them (None: for all), as `RowSearcher.search`
        has it: more candidates than are shown cost no more.
        """
        generation = self.generation(space)
        allowed = self._known.findable_rows(generation) if mask is None else mask
        return self._searching.searcher(generation).search(query, k, mask=allowed, sure=sure)

    def search_exactly(self, space: SpaceInfo, query: Vectors, k: int) -> Candidates:
        """As `search` among all rows that live, past the index: what its answers are measured against."""
        generation = self.generation(space)
        return self._searching.searcher(generation).search_exactly(query, k, mask=self._known.findable_rows(generation))

    def search_many(
        self, space: SpaceInfo, queries: Vectors, k: int, *, device: Device = Device.AUTO
    ) -> list[Candidates]:
        """The k best of all rows that live, for each of many queries, float32 (m, dim), unit rows.

        By all of the CPU's cores, or by GPUs: see `RowSearcher.search_many`.
        """
        generation = self.generation(space)
        allowed = self._known.findable_rows(generation)
        return self._searching.searcher(generation).search_many(queries, k, mask=allowed, device=device)

    def search_captions(self, space: SpaceInfo, query: Vectors, k: int) -> list[CaptionCandidate]:
        """The k best texts for `query`, float32 (dim,) of unit length: kept captions of live pictures, best first.

        Raises:
            LibraryDamaged: the captions' vectors are not there; `search doctor` says more.
        """
        generation = spaces.find_generation(self._store.conn, space.id, VectorKind.CAPTION)
        if generation is None:
            return []
        found = self._searching.searcher(generation).search(query, k, mask=self._known.findable_rows(generation))
        return caption_rows.caption_candidates(self._store.conn, generation.id, found.rows, found.scores.tolist())

    def vectors(self, space: SpaceInfo, rows: RowNumbers) -> Vectors:
        """The vectors of these rows, float32 (n, dim)."""
        return self._searching.searcher(self.generation(space)).vectors(rows)

    def cosines(self, space: SpaceInfo, query: Vectors, rows: RowNumbers) -> NDArray[np.float32]:
        """Of a query, float32 (dim,), with the vectors of these rows: float32 (n,)."""
        return self._searching.searcher(self.generation(space)).cosines(query, rows)

    def neutral_texts(self, space: SpaceInfo) -> Vectors | None:
        """What a picture's score is compared with: float32 (n, dim), unit rows; None where none are kept. Read once."""
        return self._known.neutral_texts(space)

    def once(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """What `make` gives, made once for as long as this snapshot holds: what a caller makes of what it read."""
        return self._known.once(("made", key), make)

    def words_missing(self) -> str | None:
        """Why no words can be looked up, and what helps; None where they can."""
        return self._known.words_missing()

    def keyword_rows(
        self,
        space: SpaceInfo,
        terms: Sequence[Term],
        phrase: str = "",
        mask: RowMask | None = None,
        *,
        most: int | None = None,
    ) -> KeywordRows:
        """The rows of the mask whose captions, tags or names have any of the words; only where `words_missing` is None.

        Args:
            space: whose rows.
            terms: the words, each once.
            phrase: folded and spaced; rows that have it are marked.
            mask: which rows may be found; None: all that live.
            most: words (but for codes) that more texts or rows have are left out; None: none is.
        """
        generation = self.generation(space)
        allowed = self._known.findable_rows(generation) if mask is None else mask
        return self._searching.keyword_rows(generation, terms, phrase, allowed, most=most)

    def notices(self) -> tuple[str, ...]:
        """What the user should know about the answers given: an index that was bypassed, and why.

        Before anything was searched for, of every index that would be used.
        """
        return self._searching.notices()
