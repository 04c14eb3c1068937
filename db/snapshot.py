"""One snapshot of a library: opened, let go of, looked at again; and what a reader works out once in it and then knows.

What is known (generations, rows that live, searchers, counts) holds for as long as nothing was committed. Every answer
is left to others.
"""

from collections.abc import Callable, Hashable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from core.arrays import RowMask, Vectors
from core.errors import LibraryDamaged
from core.models import VectorKind
from core.tags import TagCount
from db import counts, keywords, roots, spaces, tags
from db import filters as filtering
from db.background import read_neutral_texts
from db.browse import Browser
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
from db.duplicates import Prints, read_prints
from db.facets import Faceting
from db.filters import FilterRows
from db.known_pictures import KnownPictures
from db.known_words import KnownWords
from db.migrate import require_current
from db.places import place_of
from db.records import Counts, GenerationInfo, RootState, SpaceInfo, SpaceState
from db.vectors.searcher import RowSearcher

if TYPE_CHECKING:
    from db.vectors.rows_file import RowsFile

_T = TypeVar("_T")


def open_snapshot(path: Path) -> "Snapshot":
    """The library in the folder `path` as it is at this moment, its rows held; raises as `open_reader`."""
    tried = None
    while True:
        snapshot = _begin(path)
        try:
            snapshot.hold_rows(captions=snapshot.generations() != tried)
        except LibraryDamaged:
            named = snapshot.generations()
            snapshot.close()
            if named == tried:
                raise
            tried = named  # a writer may just have taken the files of this snapshot away: there is a newer one then
        except BaseException:
            snapshot.close()
            raise
        else:
            return snapshot


def _begin(path: Path) -> "Snapshot":
    store = connect_light(path)
    try:
        begin_snapshot(store)
        require_current(store)
    except BaseException:
        close(store)
        raise
    return Snapshot(store)


class Snapshot:
    """The library as it is at one moment. Nothing is read before it is asked for, and nothing twice.

    Args:
        store: the library's folder and a connection, on which a snapshot has begun.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._version = data_version(store)
        self._database = file_identity(store.folder / DATABASE)
        self._known: dict[Hashable, object] = {}
        self._files: dict[int, tuple[RowsFile, tuple[int, int] | None, int]] = {}
        self.searchers: dict[int, RowSearcher] = {}  # by generation

    def close(self) -> None:
        """Let go of it."""
        close(self.store)

    def rest(self) -> None:
        """Let go of it, but keep what is open and known; `renew` comes before the next question."""
        end_snapshot(self.store)

    def renew(self) -> bool:
        """Begin anew; True where nothing was written since, so that what is known still holds."""
        return file_identity(self.store.folder / DATABASE) == self._database and self._is_as_it_was()

    def _is_as_it_was(self) -> bool:
        begin_snapshot(self.store)
        return self._version is not None and data_version(self.store) == self._version and self._files_hold()

    def _files_hold(self) -> bool:
        """Are the mapped rows still there, and all mapped files as long? Reading a shorter one would be fatal."""
        return all(
            file_identity(rows.path) == identity and rows.rows_on_disk >= committed
            for rows, identity, committed in self._files.values()
        ) and all(searcher.index_holds for searcher in self.searchers.values())

    def hold_rows(self, *, captions: bool = True) -> None:
        """Map the active space's rows now: a compaction may take their file away, but not from who has it open.

        Args:
            captions: those of captions, too; without them only a search of captions fails where they are damaged.
        """
        listed = spaces.list_spaces(self.store.conn)
        active = next((space for space in listed if space.state is SpaceState.ACTIVE), None)
        for kind in VectorKind if captions else (VectorKind.IMAGE,):
            found = active and spaces.find_generation(self.store.conn, active.id, kind)
            if found:
                self.searcher(found)

    def generations(self) -> list[tuple[int, int]]:
        """Which rows it goes by: (id, number) of every generation."""
        return spaces.generation_numbers(self.store.conn)

    def active_space(self) -> SpaceInfo:
        """As `spaces.active_space`."""
        return self.once("active", lambda: spaces.active_space(self.store))

    def generation(self, space: SpaceInfo, kind: VectorKind) -> GenerationInfo:
        """As `spaces.generation_of`."""
        return self.once(("generation", space.id, kind), lambda: spaces.generation_of(self.store.conn, space.id, kind))

    def root_paths(self) -> tuple[bytes, ...]:
        """As `roots.root_paths`."""
        return self.once("roots", lambda: roots.root_paths(self.store.conn))

    def root_states(self) -> tuple[RootState, ...]:
        """As `roots.root_states`."""
        return self.once("root states", lambda: roots.root_states(self.store.conn))

    def counts(self, generation: GenerationInfo | None) -> Counts:
        """As `counts.count`."""
        key = None if generation is None else generation.id
        return self.once(("counts", key), lambda: counts.count(self.store.conn, generation))

    def tag_counts(self) -> list[TagCount]:
        """As `tags.tag_counts`, of all pictures."""
        return list(self.once("tags", lambda: tuple(tags.tag_counts(self.store.conn))))

    def neutral_texts(self, space: SpaceInfo) -> Vectors | None:
        """As `background.read_neutral_texts`."""
        return self.once(("neutral", space.id), lambda: read_neutral_texts(self.store.conn, space))

    def findable_rows(self, generation: GenerationInfo) -> RowMask | None:
        """As `filters.findable_rows`."""
        return self.once(("findable", generation.id), lambda: filtering.findable_rows(self.store.conn, generation))

    def words_missing(self) -> str | None:
        """As `keywords.why_not`."""
        return self.once("words missing", lambda: keywords.why_not(self.store.conn))

    def words(self, generation: GenerationInfo) -> KnownWords:
        """Where words were found among the generation's rows."""
        return self.once(("words", generation.id), KnownWords)

    def pictures(self, generation: GenerationInfo) -> KnownPictures:
        """Those of the generation's rows that were shown last."""
        return self.once(("pictures", generation.id), KnownPictures)

    def prints(self, generation: GenerationInfo) -> Prints:
        """As `duplicates.read_prints`."""
        return self.once(("prints", generation.id), lambda: read_prints(self.store.conn, generation.id))

    def filter_rows(self, generation: GenerationInfo) -> FilterRows:
        """What filters ask of the generation's rows."""
        return self.once(
            ("columns", generation.id), lambda: FilterRows(self.store, generation, self.findable_rows(generation))
        )

    def browser(self, generation: GenerationInfo) -> Browser:
        """The generation's rows by time."""
        return self.once(("browser", generation.id), lambda: Browser(self.filter_rows(generation)))

    def faceting(self, generation: GenerationInfo) -> Faceting:
        """What the generation's rows can be narrowed down by."""
        return self.once(("faceting", generation.id), lambda: Faceting(self.store.conn, self.filter_rows(generation)))

    def searcher(self, generation: GenerationInfo) -> RowSearcher:
        """Over the generation's rows, which are mapped from then on."""
        if generation.id not in self.searchers:
            place = place_of(self.store, generation.id)
            rows = place.open()
            self._files[generation.id] = rows, file_identity(rows.path), generation.committed_rows
            self.searchers[generation.id] = RowSearcher(
                rows, generation.committed_rows, generation.index, place.folder, foreign=generation.foreign_index
            )
        return self.searchers[generation.id]

    def share(self, other: "Snapshot") -> None:
        """Use the indexes that another snapshot of this library has read, where they are the same."""
        for generation_id, searcher in self.searchers.items():
            if generation_id in other.searchers:
                searcher.share_index(other.searchers[generation_id])

    def once(self, key: Hashable, read: Callable[[], _T]) -> _T:
        """What `read` gives, asked the first time."""
        if key not in self._known:
            self._known[key] = read()
        return cast("_T", self._known[key])
