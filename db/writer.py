"""Writing to a library: one process at a time. A thin front: every operation lives in the module it is named after.

Order of one indexing run: remember_root and use_space; stage each root; plan; work, with commit after each batch;
settle; refresh_derived. Whatever is killed in between loses at most the batch it was in.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock

from core.arrays import Vectors
from core.errors import LibraryError
from core.indexing import ProgressListener, RootOptions
from core.models import Device, EncoderInfo, VectorKind
from core.pictures import Caption, CaptionSource
from core.tags import TagBlock
from db import (
    background,
    caption_rows,
    caption_work,
    compaction,
    counts,
    derived,
    forget,
    imports,
    judged,
    planning,
    rows,
    runs,
    settle,
    spaces,
    staging,
)
from db import captions as captioning
from db import commit as committing
from db import roots as rooting
from db import tags as tagging
from db.connect import Store, checkpoint, close, transaction
from db.pending import set_pending
from db.records import (
    CaptionRecord,
    CommitCounts,
    Counts,
    GenerationInfo,
    ImportedRow,
    Outcome,
    PictureRecord,
    PlanCounts,
    RootInfo,
    RootScan,
    ScanEntry,
    SettleCounts,
    SpaceInfo,
    WorkItem,
)
from db.recovery import require_rows


class LibraryWriter:
    """The only writer of a library. Close it, or use it as a context manager; for one thread."""

    def __init__(self, store: Store, lock: FileLock, run_id: int) -> None:
        self._store = store
        self._lock = lock
        self._run_id = run_id
        self._space_ids: tuple[int, ...] = ()

    @property
    def path(self) -> Path:
        """The library's folder."""
        return self._store.folder

    @property
    def store(self) -> Store:
        """For the repair, inside this package."""
        return self._store

    def close(self) -> None:
        """End the run, fold the journal into the database, let the lock go. Closing again does nothing."""
        if self._store.conn.closed:
            return
        try:
            runs.finish_run(self._store.conn, self._run_id, None)
            checkpoint(self._store)
        finally:
            close(self._store)
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            with suppress(LibraryError):  # the error under way says more
                self.close()

    def start_run(self, command: str) -> None:
        """Another command begins with the same writer; what the one before staged is dropped."""
        runs.finish_run(self._store.conn, self._run_id, None)
        self._run_id = runs.start_run(self._store.conn, command)
        staging.clear_staging(self._store.conn)

    def finish_run(self, report: Mapping[str, object]) -> None:
        """The run got to its end; `report` (JSON-able) is kept with it."""
        runs.finish_run(self._store.conn, self._run_id, report)

    # Roots and spaces

    def remember_root(self, path: bytes, options: RootOptions | None = None) -> RootInfo:
        """The root that is or holds `path`, remembered; None keeps its options. It takes over roots inside it.

        Raises:
            UsageError: options for a path inside a root that is walked with others.
        """
        return rooting.remember_root(self._store, path, options)

    def roots(self) -> list[RootInfo]:
        """Every root, by path."""
        return rooting.list_roots(self._store.conn)

    def spaces(self) -> list[SpaceInfo]:
        """Every space, oldest first."""
        return spaces.list_spaces(self._store.conn)

    def generation(self, space: SpaceInfo) -> GenerationInfo:
        """The space's current rows."""
        return spaces.generation_of(self._store.conn, space.id)

    def generations(self, space: SpaceInfo) -> list[GenerationInfo]:
        """The space's current rows of every kind that it has."""
        found = (spaces.find_generation(self._store.conn, space.id, kind) for kind in VectorKind)
        return [generation for generation in found if generation is not None]

    def counts(self, space: SpaceInfo | None = None) -> Counts:
        """How much the library holds; `indexed` and `waiting` are of this space."""
        return counts.count(self._store.conn, None if space is None else self.generation(space))

    def use_space(self, info: EncoderInfo) -> SpaceInfo:
        """The space of this model: the active one (made where there is none yet), or the one being built.

        Raises:
            WrongModel: the library is pinned to another model.
        """
        return spaces.use_space(self._store, info)

    def use_imported_space(self, name: str, dim: int) -> SpaceInfo:
        """The active space, for vectors of a model known by name only.

        Raises:
            WrongModel: the library is pinned to another model.
        """
        return spaces.use_imported_space(self._store, name, dim)

    def begin_space(self, info: EncoderInfo) -> SpaceInfo:
        """Start, or go on, building another model's space while the active one answers."""
        return spaces.begin_space(self._store, info)

    def unfilled(self, space_id: int) -> int:
        """How many pictures the active space has and this one lacks."""
        return spaces.unfilled(self._store.conn, space_id)

    def finish_space(self, space_id: int) -> bool:
        """Let the building space answer if it lacks no picture; True where it does now."""
        return spaces.finish_space(self._store, space_id)

    def drop_space(self, space_id: int) -> int:
        """Delete a space that does not answer, with its files; bytes freed."""
        return spaces.drop_space(self._store, space_id)

    # One indexing run

    def stage(self, root: RootInfo, entries: Iterable[ScanEntry], *, subtree: bytes | None = None) -> int:
        """Take in what the walk of a root (or of one folder in it) found; how many files."""
        return staging.stage(self._store.conn, root.id, entries, subtree)

    def unread(self, paths: Iterable[bytes]) -> None:
        """These folders (or files) of what is staged could not be looked into: nothing in them counts as vanished."""
        staging.note_unread(self._store.conn, paths)

    def plan(self, space_ids: Sequence[int]) -> PlanCounts:
        """Compare all that is staged with what is known; every picture should have a vector in these spaces.

        Raises:
            LibraryDamaged: vectors that were committed are not there; better said now than after hours of work.
        """
        require_rows(self._store)
        self._space_ids = tuple(space_ids)
        counted = planning.plan(self._store.conn, space_ids)
        with transaction(self._store) as conn:
            set_pending(conn, counted.new)
        return counted

    def work(self) -> Iterator[WorkItem]:
        """What `plan` found to read, newest file first; commits in between are fine."""
        return planning.work(self._store.conn, self._space_ids)

    def known_hashes(self, hashes: Sequence[bytes], space_ids: Sequence[int]) -> Mapping[bytes, frozenset[int]]:
        """For each of these contents that the library knows: which of the spaces have its vector."""
        return rows.known_hashes(self._store.conn, hashes, space_ids)

    def commit(self, files: Sequence[Outcome]) -> CommitCounts:
        """Store what became of these work items: vectors on disk first, then one transaction.

        Raises:
            StorageFull: nothing of this batch was stored; all before it is safe.
        """
        return committing.commit(self._store, files)

    def settle(self, scans: Sequence[RootScan], *, prune: bool = False) -> SettleCounts:
        """Judge what the scans did not find (invariant 7), and clear the staging."""
        return settle.settle(self._store, scans, prune=prune)

    def refresh_derived(
        self,
        space: SpaceInfo,
        *,
        exact_below: int,
        recall: float | None = None,
        force: bool = False,
        on_progress: ProgressListener | None = None,
    ) -> None:
        """Copy the rows, and write the index and the filter columns anew, where too much changed since the last time.

        `recall` is what an index should reach (recall@10); None: what the present one aims at.
        """
        derived.refresh_derived(
            self._store, space, exact_below=exact_below, recall=recall, force=force, on_progress=on_progress
        )

    def optimize(
        self,
        space: SpaceInfo,
        *,
        exact_below: int,
        recall: float | None = None,
        device: Device = Device.AUTO,
        on_progress: ProgressListener | None = None,
    ) -> dict[VectorKind, int]:
        """Leave dead rows behind, train the index anew, write the columns, due or not; rows gone, by kind."""
        return derived.optimize(
            self._store, space, exact_below=exact_below, recall=recall, device=device, on_progress=on_progress
        )

    def has_neutral_texts(self, space: SpaceInfo, texts: Sequence[str]) -> bool:
        """Whether the vectors of these neutral texts are kept with the space."""
        return background.has_neutral_texts(self._store.conn, space, texts)

    def keep_neutral_texts(self, space: SpaceInfo, texts: Sequence[str], vectors: Vectors) -> None:
        """Keep the vectors of these n neutral texts with the space, float32 (n, dim), unit rows."""
        background.keep_neutral_texts(self._store, space, texts, vectors)

    # Captions

    def add_captions(self, captions: Mapping[int, Sequence[Caption]], *, judge: str | None = None) -> int:
        """Captions that belong to the pictures themselves, by image id; how many are new. One transaction."""
        return captioning.add_captions(self._store, captions, judge=judge)

    def remove_captions(self, image_ids: Sequence[int], sources: Collection[CaptionSource]) -> int:
        """Drop the captions of these sources that belong to the pictures themselves; how many."""
        return captioning.remove_captions(self._store, image_ids, sources)

    def judge_captions(self, matches: Iterable[tuple[int, float, bool]], *, judge: str) -> int:
        """What a judge thinks: (caption id, probability that it fits, kept) each; how many captions there were."""
        return captioning.judge_captions(self._store, matches, judge=judge)

    def hold_captions_to(self, least: float, *, judge: str) -> tuple[int, int]:
        """What this judge judged before is kept from this match on; how many come back by it, and how many go."""
        return judged.hold_to(self._store, judge=judge, least=least)

    def captions_to_judge(self, judge: str) -> Iterator[CaptionRecord]:
        """The captions of live pictures that this judge has not looked at; commits in between are fine."""
        return caption_work.captions_to_judge(self._store.conn, judge)

    def count_to_judge(self, judge: str) -> int:
        """How many captions `captions_to_judge` has."""
        return caption_work.count_to_judge(self._store.conn, judge)

    def pictures_without_caption(self, model: str) -> Iterator[PictureRecord]:
        """Pictures that can be read now and have no caption by this model; commits in between are fine."""
        return caption_work.pictures_without_caption(self._store.conn, model)

    def count_without_caption(self, model: str) -> int:
        """How many pictures `pictures_without_caption` has."""
        return caption_work.count_without_caption(self._store.conn, model)

    def count_offline_without_caption(self, model: str) -> int:
        """How many pictures have no caption by this model and are out of reach."""
        return caption_work.count_offline_without_caption(self._store.conn, model)

    def unembedded_texts(self, space: SpaceInfo) -> Iterator[tuple[int, str]]:
        """(id, text) of every caption text without a vector in this space; commits in between are fine."""
        return caption_rows.unembedded_texts(self._store.conn, space)

    def count_unembedded(self, space: SpaceInfo) -> int:
        """How many texts `unembedded_texts` has."""
        return caption_rows.count_unembedded(self._store.conn, space)

    def commit_texts(self, space: SpaceInfo, text_ids: Sequence[int], vectors: Vectors) -> int:
        """Store the vectors of these texts, float32 (n, dim), unit rows; how many are new.

        Raises:
            StorageFull: nothing of this batch was stored; all before it is safe.
        """
        return caption_rows.commit_texts(self._store, space, text_ids, vectors)

    # Single operations

    def forget(self, path: bytes) -> int:
        """Forget the file at `path`, or all below it, for good; how many files."""
        return forget.forget(self._store, path)

    def unforget(self, path: bytes) -> int:
        """Let the next index find it again; how many forgotten files.

        Raises:
            UsageError: it is inside a forgotten folder.
        """
        return forget.unforget(self._store, path)

    def compact(self, space: SpaceInfo, kind: VectorKind = VectorKind.IMAGE) -> int:
        """Write the rows that still stand for something into the next generation; how many rows went."""
        return compaction.compact_space(self._store, space, kind)

    def add_tags(self, images: Sequence[int], names: Sequence[str]) -> list[int]:
        """A person gives these pictures these tags; per tag how many had it not from a person before."""
        return tagging.add_tags(self._store, images, names)

    def set_tags(
        self, source: str, model: str, names: Sequence[str], blocks: Iterable[TagBlock], *, whole: bool = True
    ) -> None:
        """The tags that the pictures of these blocks have from this source are these and no others; all, or nothing.

        Where the names are not the `whole` set, its other tags stay.
        """
        tagging.set_tags(self._store, source, model, names, blocks, whole=whole)

    def remove_tags(
        self, *, names: Sequence[str] = (), sources: Sequence[str] = (), images: Sequence[int] | None = None
    ) -> list[int]:
        """Take these tags, and all of these sources, off these pictures (None: off all); per name, then per source.

        Raises:
            UsageError: there is no such tag, or no tag of such a source; then nothing is taken off.
        """
        return tagging.remove_tags(self._store, names=names, sources=sources, images=images)

    def import_rows(self, space: SpaceInfo, pictures: Sequence[ImportedRow]) -> CommitCounts:
        """Store pictures that come with their vectors; no refresh ever judges their files."""
        return imports.import_rows(self._store, space, pictures)
