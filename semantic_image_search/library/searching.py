"""Finding pictures of a library: by words, by examples, by vectors, and what it holds more than once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from core.indexing import silent
from core.queries import Filters, Fusion, Page, SearchMode, Sort
from semantic_image_search.arguments import device_of, paths_of, rerank_of
from semantic_image_search.library.opened import OpenedLibrary
from semantic_image_search.queries import lookup_request

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Sequence

    from core.arrays import Vectors
    from core.duplicates import DuplicateKind, DuplicatesResult
    from core.indexing import ProgressListener
    from core.models import Device
    from core.pictures import Neighbour
    from core.queries import SearchResult
    from semantic_image_search.duplicates import DuplicateFinder
    from semantic_image_search.queries import PictureLike


class Searching(OpenedLibrary):
    """What a library is searched by."""

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
        from searcher.search import search
        from semantic_image_search.examples import split
        from semantic_image_search.question import Question

        question = Question(
            text=text,
            images=split(images),
            vector=vector,
            not_texts=tuple(not_texts),
            not_images=split(not_images),
            image_weight=image_weight,
            not_weight=not_weight,
            page=Page(
                k=k,
                offset=offset,
                seen=frozenset(seen),
                filters=filters or Filters(),
                sort=sort,
                group=group,
                min_match=min_match,
            ),
            rerank=rerank_of(rerank, fusion),
            mode=SearchMode(mode),
        )
        with self._reader() as reader:
            encoder = self._encoders.of(reader.active_space()) if question.needs_encoder else None
            request = question.request(reader, encoder)
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

        with self._reader() as reader:
            return nearest(reader, vectors, k=k, device=device_of(device))

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

        request = DuplicatesRequest(
            kinds=kinds_of(kinds),
            filters=filters or Filters(),
            k=k,
            cursor=cursor,
            keep_in=paths_of(keep_in),
            look=look,
        )
        with self._reader() as reader:
            return self._duplicates.page(reader, request)

    @cached_property
    def _duplicates(self) -> DuplicateFinder:
        from semantic_image_search.duplicates import DuplicateFinder

        return DuplicateFinder()
