"""A library of pictures: index folders, search them, look pictures up. The facade most callers need.

It puts the parts together and leaves their work to them: `indexer`, `searcher`, `db`, `encoders` and `media`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from core.browsing import TimeOrder
from core.indexing import silent
from core.models import Device
from core.paths import absolute
from core.queries import Filters, Fusion, Page, Rerank, SearchMode, Sort
from semantic_image_search.choice import Wish
from semantic_image_search.library_encoders import LibraryEncoders
from semantic_image_search.models import EncoderSource
from semantic_image_search.pictures import Pictures
from semantic_image_search.queries import fitted_all, lookup_request
from semantic_image_search.second_stage import SecondStage

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

    from core.arrays import Vectors
    from core.browsing import Browsed, Facets
    from core.descriptions import AskResult, DescribeResult
    from core.duplicates import DuplicateKind, DuplicatesResult
    from core.indexing import IndexReport, Problem, ProgressListener, RootOptions
    from core.optimizing import OptimizeReport
    from core.pictures import Neighbour
    from core.protocols import Answerer, Captioner, Encoder, Reranker
    from core.queries import SearchResult
    from core.settings import Settings
    from db import KeptReaders, LibraryReader
    from db.records import Finding, SpaceInfo
    from searcher.label_sets import LabelSet
    from searcher.labels import Label
    from semantic_image_search.captions.collection import Captions
    from semantic_image_search.duplicates import DuplicateFinder
    from semantic_image_search.glance import LibraryGlance
    from semantic_image_search.labels.tags import Tags
    from semantic_image_search.queries import PictureLike
    from semantic_image_search.status import LibraryStatus, SpaceStatus


def open_library(  # noqa: PLR0913 - options by keyword, each with a default
    path: str | os.PathLike[str] | None = None,
    *,
    model: str | Encoder | None = None,
    reranker: str | Reranker | None = None,
    captioner: str | Captioner | None = None,
    answerer: str | Answerer | None = None,
    device: Device | str | None = None,
    download: bool = False,
) -> Library:
    """A library on disk; made by the first `index` where there is none yet. Opening reads nothing.

    Args:
        path: its folder; None: the setting (SEARCH_LIBRARY, the config file, the platform's data folder).
        model: a model's name, or an encoder of your own (`core.protocols.Encoder`). It decides for a new library;
            for one that has a model it must be the same, or indexing and searching raise WrongModel.
        reranker: a reranker's name, or one of your own (`core.protocols.Reranker`); None: the setting.
        captioner: what writes captions, likewise (`core.protocols.Captioner`).
        answerer: what answers questions, likewise (`core.protocols.Answerer`).
        device: `auto`, `cuda`, `mps` or `cpu`; None: the setting.
        download: fetch weights that are not in the cache.

    Raises:
        UsageError: a setting is not usable.
    """
    from core.settings import load_settings

    name = model if isinstance(model, str) else None
    settings = load_settings(library=path and Path(path).expanduser(), device=device and Device(device))
    given = None if isinstance(model, str) else model
    second = SecondStage(settings, reranker=reranker, captioner=captioner, answerer=answerer, download=download)
    wanted = name or (given.info.name if given else None)
    return Library(settings, model=wanted, given=given, second=second, download=download)


class Library:
    """A library of pictures. Made by `open_library`; a context manager."""

    def __init__(
        self, settings: Settings, *, model: str | None, given: Encoder | None, second: SecondStage, download: bool
    ) -> None:
        self._settings = settings
        self._second = second
        self.path: Path = settings.library.absolute()
        source = EncoderSource(given, device=settings.device, download=download)
        first = Wish(settings.asked_model, settings.model)
        self._encoders = LibraryEncoders(self.path, source, wanted=model, first=first)
        self._readers: KeptReaders | None = None
        self._pictures = Pictures(self.path, settings, self._reader)
        self._duplicates: DuplicateFinder | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of loaded models, and of what searching keeps open. The library on disk needs no closing."""
        if self._readers is not None:
            self._readers.close()
        self._pictures.close()
        self._encoders.let_go()
        self._second.let_go()

    # -- indexing

    def index(  # noqa: PLR0913 - options by keyword, each with a default
        self,
        paths: Sequence[str | bytes | os.PathLike[str]] = (),
        *,
        options: RootOptions | None = None,
        batch_size: int | None = None,
        workers: int | None = None,
        dry_run: bool = False,
        prune: bool = False,
        recall: float | None = None,
        wait_s: float = 0.0,
        listener: ProgressListener | None = None,
    ) -> IndexReport:
        """Find what is new, changed, moved and gone below the folders, and embed what needs it.

        A library without a model gets the one asked for, or the default. Where nobody asked for one and the default's
        weights are not here, fewer than `choice.FEW` pictures go ahead with the built-in model; a notice says so.

        Args:
            paths: folders or pictures, remembered as roots; none: every root again.
            options: how these roots are walked from now on; None: as before.
            batch_size: pictures encoded at once; None: the setting.
            workers: processes that decode; None: the setting.
            dry_run: only say what would be done.
            prune: forget for good what has vanished, also from roots that are offline.
            recall: recall@10 that a vector index should reach, 0.5 to 0.999; None: the setting, or what it aims at.
            wait_s: how long to wait for another process that is writing, in seconds.
            listener: called with `Progress`, often.

        Raises:
            UsageError: a path does not exist and no root knows it; nothing to refresh; a recall out of range.
            LibraryLocked: another process is writing.
            WrongModel, WeightsMissing, DeviceError: the model cannot be used.
            StorageFull: no space left; what was finished is kept.
        """
        from core.indexing import IndexRequest
        from core.recall import check_recall
        from semantic_image_search.indexing import index_library

        check_recall(recall)
        request = IndexRequest(
            paths=tuple(absolute(path) for path in paths),
            options=options,
            batch_size=batch_size or self._settings.batch_size,
            workers=self._settings.workers if workers is None else workers,
            dry_run=dry_run,
            prune=prune,
            recall=self._settings.asked_recall if recall is None else recall,
        )
        return index_library(self, request, wait_s=wait_s, listener=listener or silent)

    def undecided(
        self, paths: Sequence[str | bytes | os.PathLike[str]] = (), *, options: RootOptions | None = None
    ) -> str | None:
        """The default model, where a first `index` of these folders would need its weights and they are not here.

        For those who can ask somebody: `index` itself goes ahead as it says. None where there is nothing to decide.

        Raises:
            UsageError: as `index`.
        """
        from core.indexing import IndexRequest
        from semantic_image_search.indexing import undecided_model

        return undecided_model(self, IndexRequest(paths=tuple(absolute(path) for path in paths), options=options))

    # -- asking

    def search(  # noqa: PLR0913 - options by keyword, each with a default
        self,
        text: str | None = None,
        *,
        k: int = 10,
        offset: int = 0,
        seen: Collection[bytes] = (),
        images: Sequence[PictureLike | int] = (),
        not_texts: Sequence[str] = (),
        not_images: Sequence[PictureLike | int] = (),
        image_weight: float = 1.0,
        not_weight: float = 0.5,
        vector: Vectors | None = None,
        filters: Filters | None = None,
        sort: Sort = Sort.SCORE,
        group: bool = True,
        min_match: float | None = None,
        rerank: int | Literal["auto", "off"] | None = "auto",
        fusion: Fusion = Fusion.ITM_ITC,
        mode: SearchMode | str = SearchMode.HYBRID,
        listener: ProgressListener | None = None,
        before_reranking: Callable[[SearchResult], None] | None = None,
    ) -> SearchResult:
        """The pictures that fit words, example pictures, a vector, or a mixture of them, best first.

        Args:
            text: what should be in the picture.
            k: how many hits.
            offset: how many hits to leave out first.
            seen: paths of the hits that were left out (`hit.picture.path`), where they are known: whatever was indexed
                since they were shown, none of them is shown again.
            images: pictures the hits should be like: paths, PIL images, uint8 arrays, or the numbers of pictures of
                the library (`Picture.image_id`), whose vectors are at hand: their files are not opened.
            not_texts: what should not be in the picture.
            not_images: pictures the hits should not be like, given as `images`; of the library's none is a hit itself.
            image_weight: what the mean of `images` weighs beside the text.
            not_weight: what the mean of `not_texts`, and that of `not_images`, weigh against it; beside words alone,
                pictures count for less (`searcher.compose.BESIDE_WORDS`).
            vector: a vector of the library's space, float (dim,), any length but zero.
            filters: which pictures may be found.
            sort: by score, or the matches by date.
            group: show identical files, near copies and bursts as one hit.
            min_match: only hits that match at least this probably, 0 to 1; with none left, `nearest` has the nearest.
            rerank: how many of the best candidates a reranker looks at; `auto`: as many as the time set for it allows,
                where a reranker is at hand; 0, `off` or None: none. It reads `text`, and none of the rest.
            fusion: what the reranked are ordered by.
            mode: `hybrid`: pictures whose captions, tags or names have the words come forward; `vector`: only what is
                seen counts; `text`: only words do, and no model is needed.
            listener: called with `Progress` while the reranker looks.
            before_reranking: called with the answer as it is before a reranker looks, where one will.

        Raises:
            UsageError: nothing to search for, a value out of range, or a picture that has no vector yet.
            UnknownPicture: the library has no picture of this number.
            LibraryNotFound: nothing has been indexed yet.
            WrongModel, WeightsMissing: the library's model cannot be used, or the reranker asked for cannot.
        """
        from searcher.request import SearchRequest
        from searcher.search import search
        from semantic_image_search.examples import files_of, split

        page = Page(
            k=k,
            offset=offset,
            seen=frozenset(seen),
            filters=filters or Filters(),
            sort=sort,
            group=group,
            min_match=min_match,
        )
        wanted, unwanted = split(images), split(not_images)
        with self._reader() as reader:
            pictures = wanted.pictures or unwanted.pictures
            asked = pictures or not_texts or (text and SearchMode(mode) is not SearchMode.TEXT)
            encoder = self._encoders.of(reader.active_space()) if asked else None
            if unwanted.image_ids:
                page = replace(page, without=files_of(unwanted, reader))
            request = SearchRequest(
                text=text,
                images=tuple(fitted_all(wanted.pictures, encoder.info.preprocess)) if encoder else (),
                like=wanted.vectors(reader),
                vector=vector,
                not_texts=tuple(not_texts),
                not_images=tuple(fitted_all(unwanted.pictures, encoder.info.preprocess)) if encoder else (),
                unlike=unwanted.vectors(reader),
                image_weight=image_weight,
                not_weight=not_weight,
                page=page,
                rerank=Rerank(depth=_depth(rerank), fusion=Fusion(fusion)),
                mode=SearchMode(mode),
            )
            look_again = self._second.look(listener or silent)
            reader.get_ready()
            make = None if encoder is None else lambda: encoder
            return search(reader, request, make, look_again, before_reranking)

    def lookup(  # noqa: PLR0913 - options by keyword, each with a default
        self,
        image: PictureLike,
        *,
        k: int = 10,
        offset: int = 0,
        seen: Collection[bytes] = (),
        filters: Filters | None = None,
        sort: Sort = Sort.SCORE,
        group: bool = True,
    ) -> SearchResult:
        """Reverse lookup: the same file, near copies of the picture, then similar ones; `Hit.copy` says which.

        Raises:
            PictureProblem: the picture cannot be read.
            UsageError, LibraryNotFound, WrongModel, WeightsMissing: as `search`.
        """
        from searcher.copies import load_small
        from searcher.lookup import lookup

        page = Page(k=k, offset=offset, seen=frozenset(seen), filters=filters or Filters(), sort=sort, group=group)
        with self._reader() as reader:
            encoder = self._encoders.if_any(reader.active_space())
            request = lookup_request(image, None if encoder is None else encoder.info.preprocess, page)
            return lookup(reader, request, None if encoder is None else lambda: encoder, load_small)

    def similar(
        self,
        image_id: int,
        *,
        k: int = 10,
        offset: int = 0,
        seen: Collection[bytes] = (),
        filters: Filters | None = None,
    ) -> SearchResult:
        """Pictures that look like one of the library, best first, without it and what is shown as one with it.

        Needs no model, and does not open its file. `offset` and `seen` as for `search`.

        Raises:
            UnknownPicture: the library has no picture of this number.
            UsageError: it has no vector yet, or a value is out of range.
            LibraryNotFound: nothing has been indexed yet.
        """
        from semantic_image_search.examples import similar

        with self._reader() as reader:
            page = Page(k=k, offset=offset, seen=frozenset(seen), filters=filters or Filters())
            return similar(reader, image_id, page)

    def describe(
        self,
        image: PictureLike,
        *,
        k: int = 5,
        rerank: int | Literal["auto", "off"] | None = "auto",
        generate: bool = True,
    ) -> DescribeResult:
        """The texts that fit a picture best, best first, whether or not the library holds it.

        They are the library's captions nearest to it, the picture's own, and one that the captioner writes, where its
        weights are here. Nothing is fetched unasked.

        Args:
            image: a path, a PIL image or uint8 (height, width, 3).
            k: how many.
            rerank: texts that the reranker looks at; "auto": as many as the budget lets it, where it is here.
            generate: let the captioner write one.

        Raises:
            PictureProblem: the picture cannot be read.
            UsageError: k or rerank is out of range.
            WeightsMissing: the library's model, or the reranker asked for, is not here.
            WrongModel: as `search`.
        """
        from semantic_image_search.captions.describing import describe_picture

        return describe_picture(self, image, k=k, rerank=Rerank(depth=_depth(rerank)), generate=generate)

    def ask(self, image: PictureLike, *questions: str) -> AskResult:
        """Questions about a picture, answered by a model (`answerer` of `open_library`, or the setting).

        Raises:
            PictureProblem: the picture cannot be read.
            UsageError: there is no question.
            UnknownModel, WeightsMissing, DeviceError: the model cannot be used.
        """
        from semantic_image_search.asking import ask_picture

        return ask_picture(self, image, questions)

    def encode_images(self, images: Sequence[PictureLike]) -> Vectors:
        """Pictures to float32 (n, dim), unit rows, with the library's model."""
        encoder = self.encoder()
        return encoder.encode_pixels(fitted_all(images, encoder.info.preprocess))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Texts to float32 (n, dim), unit rows, with the library's model."""
        return self.encoder().encode_texts(texts)

    def encoder(self) -> Encoder:
        """The library's encoder; for a library without a model yet, the one it would be made with."""
        return self._encoders.present() or self._encoders.first().encoder

    # -- looking around

    def browse(self, *, filters: Filters | None = None, order: TimeOrder = TimeOrder.NEWEST) -> Browsed:
        """Every indexed picture that passes, in the order of time: ids, shapes and days, a million in half a second.

        Raises:
            UsageError: a filter asks for a tag that no picture has.
            LibraryNotFound: nothing has been indexed yet.
        """
        with self._reader() as reader:
            return reader.browse(reader.active_space(), filters or Filters(), order)

    def facets(self, *, filters: Filters | None = None) -> Facets:
        """What the pictures that pass can be narrowed down by: dates, folders, cameras, places, tags, formats, shapes.

        Each facet counts under all filters but its own.

        Raises:
            UsageError, LibraryNotFound: as `browse`.
        """
        with self._reader() as reader:
            return reader.facets(reader.active_space(), filters or Filters())

    # -- labels and tags

    def label(
        self,
        images: Sequence[PictureLike | int],
        labels: str | Sequence[str] | LabelSet = "objects",
        *,
        k: int = 5,
        or_none: bool = False,
    ) -> list[tuple[Label, ...]]:
        """The k labels that fit best, best first, for each picture; the library need not hold it.

        Args:
            images: paths, PIL images, uint8 arrays, or numbers of pictures of the library: these are not opened.
            labels: a built-in set by its name, labels of your own, or `searcher.label_sets.make_set`'s.
            k: how many.
            or_none: whether a picture may show something else; everyday words then compete with the labels.

        Raises:
            PictureProblem: a picture cannot be read.
            UnknownPicture: the library has no picture of this number.
            UsageError: no such set, labels that cannot be used, or a picture that has no vector yet.
            WrongModel, WeightsMissing: the library's model cannot be used.
        """
        from semantic_image_search.examples import vectors_of
        from semantic_image_search.labels.labelling import Labeller, labels_of

        encoder = self.encoder()
        labeller = Labeller(encoder, [labels_of(labels)], or_none=or_none, listener=silent)
        return [best for (best,) in labeller.best_of(vectors_of(images, encoder, self._reader), k)]

    @property
    def tags(self) -> Tags:
        """What the pictures are filed under: list it, give and take it by hand, have it found."""
        from semantic_image_search.labels.tags import Tags

        return Tags(self, self._reader)

    # -- looking after it

    def status(self) -> LibraryStatus:
        """Roots, spaces, counts and disk use.

        Raises:
            LibraryNotFound: nothing has been indexed yet.
        """
        from db import open_reader
        from semantic_image_search.status import read_status

        with open_reader(self.path) as reader:
            return read_status(reader, self._settings)

    def glance(self) -> LibraryGlance:
        """Counts, roots, notices, and whether anybody writes: cheap enough to be asked for every few seconds.

        Raises:
            LibraryNotFound: nothing has been indexed yet.
        """
        from semantic_image_search.glance import read_glance

        with self._reader() as reader:
            return read_glance(reader)

    def spaces(self) -> tuple[SpaceStatus, ...]:
        """Every embedding space and how far it has come, the active one first.

        Raises:
            LibraryNotFound: nothing has been indexed yet.
        """
        from semantic_image_search.status import read_spaces

        with self._reader() as reader:
            return read_spaces(reader, self._settings)

    def optimize(
        self,
        *,
        recall: float | None = None,
        device: Device | str | None = None,
        wait_s: float = 0.0,
        listener: ProgressListener | None = None,
    ) -> OptimizeReport:
        """Leave dead rows behind, train the vector index anew and measure it, write the filter columns.

        `index` does what is due of this by itself. The old index answers until the new one is written; stopped in
        between, it stays. With fewer than `exact_below` pictures there is no index, and search is exact.

        Args:
            recall: recall@10 to reach, 0.5 to 0.999, remembered with the index; None: the setting, or what it aims at.
            device: `cuda`, `cpu`, or `auto`: the GPUs where faiss can use any; None: `auto`. Models have their own.
            wait_s: how long to wait for another process that is writing, in seconds.
            listener: called with `Progress`.

        Raises:
            UsageError: a recall out of range.
            DeviceError: the device asked for by name is not there.
            LibraryNotFound, LibraryLocked: nothing was indexed yet, or another process is writing.
            LibraryDamaged: vectors are damaged; `doctor(fix=True)` first.
            StorageFull: no space for the new files; the old ones stay.
        """
        from semantic_image_search.optimize import optimize_library

        wanted = Device.AUTO if device is None else Device(device)
        return optimize_library(self, recall=recall, device=wanted, wait_s=wait_s, listener=listener or silent)

    def folders(self) -> tuple[bytes, ...]:
        """The folders (or single files) that are indexed, absolute, by path; nothing is counted, as `status` does.

        Raises:
            LibraryNotFound: nothing has been indexed yet.
        """
        with self._reader() as reader:
            return reader.root_paths()

    def problems(self) -> list[Problem]:
        """Every file that could not be read, with the reason."""
        from db import open_reader

        with open_reader(self.path) as reader:
            return list(reader.problems())

    def forget(self, path: str | bytes | os.PathLike[str]) -> int:
        """Take a file, or all files below a folder, out of the library for good; says how many.

        Captions, thumbnails and what a reranker saw go at once. The file is not touched; later runs leave it out.
        """
        from db import open_writer

        self._must_exist()
        with open_writer(self.path, command="forget") as writer:
            return writer.forget(absolute(path))

    def unforget(self, path: str | bytes | os.PathLike[str]) -> int:
        """Undo `forget`; the next `index` embeds the files anew. Says how many are let in again."""
        from db import open_writer

        self._must_exist()
        with open_writer(self.path, command="forget --undo") as writer:
            return writer.unforget(absolute(path))

    def doctor(self, *, fix: bool = False) -> list[Finding]:
        """Check every invariant; with `fix`, repair what can be, and return what remains.

        Raises:
            LibraryNotFound: there is nothing to check.
        """
        from db import check_library, fix_library, open_writer

        findings = list(check_library(self.path))
        if not fix or not any(finding.fixable for finding in findings):
            return findings
        with open_writer(self.path, command="doctor --fix") as writer:
            # Looked at again with the lock held: another writer may have been at work until now, and mending what
            # was true a moment ago would cost good rows.
            fix_library(writer, check_library(self.path))
        return list(check_library(self.path))

    def use_model(self, name: str) -> SpaceInfo:
        """Change the model: the next `index` embeds every picture anew while the present space answers.

        The present model's own name gives up a change that is under way. The state of what is returned says which:
        BUILDING is to be filled, ACTIVE answers already (or, in a library without pictures, from the first on).

        Raises:
            UnknownModel, WeightsMissing, DeviceError: the model cannot be used.
        """
        from db import open_writer
        from db.records import SpaceState

        info = self._encoders.named(name).info
        with open_writer(self.path, command=f"models use {name}") as writer:
            spaces = writer.spaces()
            active = next((space for space in spaces if space.state is SpaceState.ACTIVE), None)
            if active is None:
                return writer.use_space(info)
            if active.identity == info.identity:
                for space in spaces:
                    if space.state is SpaceState.BUILDING:
                        writer.drop_space(space.id)
            return writer.begin_space(info)

    def import_vectors(
        self, vectors: Path, paths: Path, *, model: str, listener: ProgressListener | None = None
    ) -> IndexReport:
        """Take in vectors made elsewhere; raises UsageError where the two files do not fit each other."""
        from semantic_image_search.exchange import import_vectors

        return import_vectors(
            self.path,
            vectors,
            paths,
            model=model,
            exact_below=self._settings.exact_below,
            recall=self._settings.asked_recall,
            workers=self._settings.workers,
            listener=listener or silent,
        )

    def nearest(
        self, vectors: Vectors, *, k: int = 10, device: Device | str | None = None
    ) -> list[tuple[Neighbour, ...]]:
        """The nearest pictures of each of many vectors, with their cosines; needs no model.

        Args:
            vectors: (m, dim), of any length but zero, in the space of the library's model.
            k: how many for each.
            device: `cuda` hands the library's vectors to the GPUs, once, and answers there; `cpu`, `auto` and None use
                all of the CPU's cores.

        Raises:
            UsageError: vectors of another space, or such that point nowhere.
            DeviceError: `cuda` was asked for, and is not there, too small, or gave up.
            LibraryNotFound: nothing was indexed yet.
        """
        from semantic_image_search.nearest import nearest

        wanted = Device.AUTO if device is None else Device(device)
        with self._reader() as reader:
            return nearest(reader, vectors, k=k, device=wanted)

    def duplicates(
        self,
        *,
        kinds: Sequence[DuplicateKind | str] = ("identical", "near_copy"),
        filters: Filters | None = None,
        k: int = 20,
        cursor: str | None = None,
        keep_in: Sequence[str | bytes | os.PathLike[str]] = (),
        look: bool = True,
    ) -> DuplicatesResult:
        """What the library holds more than once: groups of files, those that waste most first. Nothing is deleted.

        Args:
            kinds: `identical`: the same bytes; `near_copy`: alike by perceptual hash and by embedding.
            filters: only pictures that pass (of folders: files below them) are compared with each other.
            k: how many groups, up to 1,000; fewer where files fell away, and `next_cursor` says that there are more.
            cursor: `next_cursor` of the page before.
            keep_in: folders; of files that are as good, one below any of them is kept.
            look: at the files on disk: those that changed or went are left out, and copies are compared by their
                pixels. False: as they were when indexed.

        Raises:
            UsageError: no such kind, k out of range, or a cursor that no page gave.
            LibraryNotFound: nothing was indexed yet.
        """
        from core.duplicates import DuplicatesRequest, kinds_of
        from semantic_image_search.duplicates import DuplicateFinder

        request = DuplicatesRequest(
            kinds=kinds_of(kinds),
            filters=filters or Filters(),
            k=k,
            cursor=cursor,
            keep_in=tuple(absolute(folder) for folder in keep_in),
            look=look,
        )
        finder = self._duplicates = self._duplicates or DuplicateFinder()
        with self._reader() as reader:
            return finder.page(reader, request)

    def export_vectors(self, out: Path) -> int:
        """Write every vector and path in clip-retrieval's layout below `out`; says how many."""
        from semantic_image_search.exchange import export_vectors

        return export_vectors(self.path, out)

    @property
    def pictures(self) -> Pictures:
        """The pictures by their ids: what is known of them, thumbnails, the files themselves."""
        return self._pictures

    @property
    def captions(self) -> Captions:
        """What is said of the pictures: look it up, take it in from files, have it written and judged."""
        from semantic_image_search.captions.collection import Captions

        return Captions(self)

    # -- used by the parts of this package

    @property
    def settings(self) -> Settings:
        """The settings the library was opened with."""
        return self._settings

    @property
    def encoders(self) -> LibraryEncoders:
        """Which encoder answers for which space of this library."""
        return self._encoders

    @property
    def second_stage(self) -> SecondStage:
        """The models that look again, write captions and answer questions, and what they saw."""
        return self._second

    def _reader(self) -> AbstractContextManager[LibraryReader]:
        """What answers questions: kept open between two of them."""
        from db import KeptReaders

        readers = self._readers
        if readers is None:
            readers = self._readers = KeptReaders(self.path)
        return readers.reader()

    def _must_exist(self) -> None:
        from db import open_reader

        with open_reader(self.path):
            pass


def _depth(rerank: int | Literal["auto", "off"] | None) -> int | None:
    """As `Rerank.depth`, where None leaves it to the budget."""
    if rerank is None or rerank == "off":
        return 0
    return None if rerank == "auto" else rerank
