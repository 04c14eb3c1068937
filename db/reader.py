"""Reading a library: one snapshot, whatever a writer does meanwhile. Never writes, never migrates.

A thin front: every answer comes from the module that is named after it.
"""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.arrays import RowMask, RowNumbers, Vectors
from core.browsing import Browsed, Facets, TimeOrder
from core.duplicates import RecordedFile
from core.errors import LibraryDamaged
from core.indexing import Problem
from core.models import Device, VectorKind
from core.pictures import Caption, Picture
from core.queries import Filters
from core.tags import TagCount
from core.words import Term
from db import caption_rows, caption_work, captions, counts, duplicates, keywords, named, pictures, roots, spaces
from db import tags as tagging
from db.connect import (
    DATABASE,
    Store,
    begin_snapshot,
    close,
    connect_light,
    data_version,
    end_snapshot,
    file_identity,
)
from db.duplicates import Prints
from db.index_state import IndexState, index_state
from db.keywords import KeywordRows
from db.migrate import require_current
from db.records import (
    CaptionCandidate,
    CaptionCounts,
    CaptionRecord,
    Counts,
    DiskUsage,
    ExportRow,
    GenerationInfo,
    PictureFile,
    RootInfo,
    RootState,
    SpaceInfo,
    SpaceState,
)
from db.runs import command_under_way
from db.snapshot import Snapshot
from db.vectors.engine import load_meanwhile
from db.vectors.records import Candidates
from db.vectors.searcher import RowSearcher


def open_reader(path: Path) -> "LibraryReader":
    """Open the library in the folder `path` as it is at this moment.

    Raises:
        LibraryNotFound: there is none.
        LibraryTooOld, LibraryTooNew: another version of `search` made it.
        LibraryDamaged: SQLite cannot read it, or its vectors are not there.
    """
    tried = None
    while True:
        reader = _open_snapshot(path)
        try:
            reader.hold_rows(captions=reader.generations() != tried)
        except LibraryDamaged:
            named = reader.generations()
            reader.close()
            if named == tried:
                raise
            tried = named  # a writer may just have taken the files of this snapshot away: there is a newer one then
        except BaseException:
            reader.close()
            raise
        else:
            return reader


def _open_snapshot(path: Path) -> "LibraryReader":
    store = connect_light(path)
    try:
        begin_snapshot(store)
        require_current(store)
    except BaseException:
        close(store)
        raise
    return LibraryReader(store)


class LibraryReader:
    """One snapshot of a library. Close it, or use it as a context manager; for one thread at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._version = data_version(store)
        self._database = file_identity(store.folder / DATABASE)
        self._known = Snapshot(store)
        self._searched: set[int] = set()  # generations
        self._words_damaged = False

    @property
    def path(self) -> Path:
        """The library's folder."""
        return self._store.folder

    def close(self) -> None:
        """Let go of the snapshot."""
        close(self._store)

    def rest(self) -> None:
        """Let go of the snapshot, but keep what is open and known; `renew` comes before the next question."""
        end_snapshot(self._store)

    def renew(self) -> bool:
        """A new snapshot; True where nothing was written since the one before, so that what is known still holds.

        Otherwise this reader is of no more use: open another one.
        """
        return file_identity(self.path / DATABASE) == self._database and self._is_as_it_was()

    def share(self, other: "LibraryReader") -> None:
        """Use the indexes that another reader of this library has in memory, where they are the same."""
        self._known.share(other._known)

    def _is_as_it_was(self) -> bool:
        begin_snapshot(self._store)
        return self._version is not None and data_version(self._store) == self._version and self._known.files_hold()

    def hold_rows(self, *, captions: bool = True) -> None:
        """Map the active space's rows now: a compaction may take their file away, but not from who has it open.

        Args:
            captions: those of captions, too; without them only a search of captions fails where they are damaged.
        """
        active = next((space for space in self.spaces() if space.state is SpaceState.ACTIVE), None)
        for kind in VectorKind if captions else (VectorKind.IMAGE,):
            found = active and spaces.find_generation(self._store.conn, active.id, kind)
            if found:
                self._known.searcher(found)

    def get_ready(self) -> None:
        """Begin to load what `search` needs, while the caller makes a vector to search for."""
        load_meanwhile()

    def generations(self) -> list[tuple[int, int]]:
        """Which rows this snapshot goes by: (id, number) of every generation."""
        return spaces.generation_numbers(self._store.conn)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def spaces(self) -> list[SpaceInfo]:
        """Every space, oldest first."""
        return spaces.list_spaces(self._store.conn)

    def active_space(self) -> SpaceInfo:
        """The space that answers queries.

        Raises:
            LibraryNotFound: nothing was indexed yet.
        """
        return self._known.active_space()

    def generation(self, space: SpaceInfo, kind: VectorKind = VectorKind.IMAGE) -> GenerationInfo:
        """The space's current rows of this kind."""
        return self._known.generation(space, kind)

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

    def allowed_rows(self, space: SpaceInfo, filters: Filters = Filters()) -> tuple[RowMask | None, int]:  # noqa: B008 - frozen
        """Which rows may be found: bool (committed_rows,), and how many; None for the mask lets every row be found."""
        generation = self.generation(space)
        if not filters:
            return self._known.findable_rows(generation), generation.live_rows
        mask = self._known.filter_rows(generation).of(filters)
        return mask, int(np.count_nonzero(mask))

    def browse(self, space: SpaceInfo, filters: Filters, order: TimeOrder) -> Browsed:
        """Every picture with a row of the space that passes, in the order of time."""
        return self._known.browser(self.generation(space)).browse(filters, order)

    def facets(self, space: SpaceInfo, filters: Filters) -> Facets:
        """What the pictures with a row of the space can be narrowed down by."""
        return self._known.faceting(self.generation(space)).of(filters)

    def search(
        self, space: SpaceInfo, query: Vectors, k: int, mask: RowMask | None = None, *, sure: int | None = None
    ) -> Candidates:
        """The k best rows for `query`, float32 (dim,) of unit length, among those of `mask`; None: all that live.

        The recall that the index promises holds for the best `sure` of them (None: for all), as `RowSearcher.search`
        has it: more candidates than are shown cost no more.
        """
        generation = self.generation(space)
        allowed = self._known.findable_rows(generation) if mask is None else mask
        return self._searcher(generation).search(query, k, mask=allowed, sure=sure)

    def search_exactly(self, space: SpaceInfo, query: Vectors, k: int) -> Candidates:
        """As `search` among all rows that live, past the index: what its answers are measured against."""
        generation = self.generation(space)
        return self._searcher(generation).search_exactly(query, k, mask=self._known.findable_rows(generation))

    def search_many(
        self, space: SpaceInfo, queries: Vectors, k: int, *, device: Device = Device.AUTO
    ) -> list[Candidates]:
        """The k best of all rows that live, for each of many queries, float32 (m, dim), unit rows.

        By all of the CPU's cores, or by GPUs: see `RowSearcher.search_many`.
        """
        generation = self.generation(space)
        allowed = self._known.findable_rows(generation)
        return self._searcher(generation).search_many(queries, k, mask=allowed, device=device)

    def words_missing(self) -> str | None:
        """Why no words can be looked up, and what helps; None where they can."""
        return keywords.why_not(self._store.conn)

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
        try:
            return keywords.keyword_rows(
                self._store.conn,
                generation,
                terms,
                phrase,
                allowed,
                most=most,
                in_folders=lambda ids: self._known.filter_rows(generation).in_folders(ids),
                known=self._known.words(generation),
            )
        except LibraryDamaged:  # the index is derived: an answer goes without
            self._words_damaged = True
            return keywords.no_rows(generation)

    def vectors(self, space: SpaceInfo, rows: RowNumbers) -> Vectors:
        """The vectors of these rows, float32 (n, dim)."""
        return self._searcher(self.generation(space)).vectors(rows)

    def cosines(self, space: SpaceInfo, query: Vectors, rows: RowNumbers) -> NDArray[np.float32]:
        """Of a query, float32 (dim,), with the vectors of these rows: float32 (n,)."""
        return self._searcher(self.generation(space)).cosines(query, rows)

    def neutral_texts(self, space: SpaceInfo) -> Vectors | None:
        """What a picture's score is compared with: float32 (n, dim), unit rows; None where none are kept. Read once."""
        return self._known.neutral_texts(space)

    def pictures(self, space: SpaceInfo, rows: RowNumbers | Sequence[int]) -> list[Picture]:
        """The pictures of these rows, in their order; a row that stands for no live picture is left out."""
        return pictures.pictures(self._store.conn, self.generation(space).id, rows)

    def pictures_by_id(self, space: SpaceInfo, images: Sequence[int]) -> list[Picture]:
        """The live pictures among these ids, in their order, with a row of the space (-1 without)."""
        return pictures.pictures_by_id(self._store.conn, self.generation(space).id, images)

    def files_of(self, image_id: int) -> list[PictureFile]:
        """The files of a live picture, the best first."""
        return pictures.files_of(self._store.conn, image_id)

    def content_hashes(self, images: Sequence[int]) -> dict[int, bytes | None]:
        """The live pictures among these ids, each with the hash of its content; None: it was never read."""
        return pictures.content_hashes(self._store.conn, images)

    def image_ids(self, space: SpaceInfo, rows: RowNumbers) -> RowNumbers:
        """The pictures of these rows (ascending), int64 (n,)."""
        return pictures.images_of_rows(self._store.conn, self.generation(space).id, rows)

    def images_at(self, path: bytes) -> list[int]:
        """The live pictures of the file at `path`, or of all files below it."""
        return pictures.images_at(self._store.conn, path)

    def tags(self, images: Sequence[int] | None = None) -> list[TagCount]:
        """Every tag of pictures that can be found, by name; only of these pictures where they are given."""
        return self._known.tag_counts() if images is None else tagging.tag_counts(self._store.conn, images)

    def rows_with_hash(self, space: SpaceInfo, content_hash: bytes) -> RowNumbers:
        """Rows of the live pictures with exactly this content."""
        return pictures.rows_with_hash(self._store.conn, self.generation(space).id, content_hash)

    def rows_of_images(self, space: SpaceInfo, image_ids: Sequence[int]) -> dict[int, int]:
        """The row of each of these pictures; one that is not live, or has no vector in the space, is left out."""
        return pictures.rows_of_images(self._store.conn, self.generation(space).id, image_ids)

    def has_image(self, image_id: int) -> bool:
        """Whether the library has this picture, with a vector or without."""
        return pictures.has_image(self._store.conn, image_id)

    def rows_at_path(self, space: SpaceInfo, path: bytes) -> RowNumbers:
        """Rows of the live pictures of the file at `path`."""
        return pictures.rows_at_path(self._store.conn, self.generation(space).id, path)

    def prints(self, space: SpaceInfo) -> Prints:
        """The fingerprints of the space's pictures. Read once."""
        return self._known.prints(self.generation(space))

    def images_with_several_files(self) -> RowNumbers:
        """The pictures of which there are identical files, ascending."""
        return duplicates.images_with_several_files(self._store.conn)

    def recorded_files(self, images: Sequence[int]) -> dict[int, list[RecordedFile]]:
        """The live files of each of these pictures, by path, as they were when indexed."""
        return duplicates.recorded_files(self._store.conn, images)

    def export_rows(self, space: SpaceInfo) -> Iterator[ExportRow]:
        """Every live row in order; fetch their vectors with `vectors`."""
        return pictures.export_rows(self._store.conn, self.generation(space).id)

    def captions_of(self, image_ids: Sequence[int]) -> dict[int, tuple[Caption, ...]]:
        """Per picture its captions, those judged not to fit, too; a picture without any is left out."""
        return captions.captions_of(self._store.conn, image_ids)

    def images_at_paths(self, paths: Collection[bytes]) -> dict[bytes, int]:
        """The live picture of each of these files, with a vector or without; a path without one is left out."""
        return named.images_at_paths(self._store.conn, paths)

    def images_called(self, names: Collection[bytes]) -> dict[bytes, list[tuple[bytes, int]]]:
        """Every live file with one of these names, in any folder: (path, image id)."""
        return named.images_called(self._store.conn, names)

    def caption_counts(self) -> CaptionCounts:
        """How many captions there are, of pictures that can be found."""
        return captions.caption_counts(self._store.conn)

    def embedded_texts(self, space: SpaceInfo) -> int:
        """How many caption texts a search of this space can find."""
        found = spaces.find_generation(self._store.conn, space.id, VectorKind.CAPTION)
        return 0 if found is None else found.live_rows

    def captions_to_judge(self, judge: str) -> Iterator[CaptionRecord]:
        """The captions of live pictures that this judge has not looked at, those of one picture in a row."""
        return caption_work.captions_to_judge(self._store.conn, judge)

    def search_captions(self, space: SpaceInfo, query: Vectors, k: int) -> list[CaptionCandidate]:
        """The k best texts for `query`, float32 (dim,) of unit length: kept captions of live pictures, best first.

        Raises:
            LibraryDamaged: the captions' vectors are not there; `search doctor` says more.
        """
        generation = spaces.find_generation(self._store.conn, space.id, VectorKind.CAPTION)
        if generation is None:
            return []
        found = self._searcher(generation).search(query, k, mask=self._known.findable_rows(generation))
        return caption_rows.caption_candidates(self._store.conn, generation.id, found.rows, found.scores.tolist())

    def notices(self) -> tuple[str, ...]:
        """What the user should know about the answers given: an index that was bypassed, and why.

        Before anything was searched for, of every index that would be used.
        """
        asked = self._searched or self._known.searchers.keys()
        told = ((self._known.searchers[generation_id].notice, generation_id) for generation_id in sorted(asked))
        bypassed = tuple(notice for notice, generation_id in told if notice and not self._replaced(generation_id))
        return (*bypassed, keywords.DAMAGED) if self._words_damaged else bypassed

    def _replaced(self, generation_id: int) -> bool:
        """Has a writer put another index in the place of this snapshot's meanwhile? Then nothing is amiss with it."""
        now = connect_light(self.path)
        try:
            return spaces.index_record(now.conn, generation_id) != spaces.index_record(self._store.conn, generation_id)
        finally:
            close(now)

    def _searcher(self, generation: GenerationInfo) -> RowSearcher:
        self._searched.add(generation.id)
        return self._known.searcher(generation)
