"""The facade that most callers need: a library of pictures, opened, indexed, and asked.

Its methods are many, and a caller finds all of them on `Library`: they are written down by what they are for, in one
class each, over what an opened library holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.browsing import TimeOrder
from core.indexing import silent
from core.models import Device
from core.queries import Filters
from semantic_image_search.arguments import paths_of
from semantic_image_search.library.describing import Describing
from semantic_image_search.library.searching import Searching
from semantic_image_search.library.upkeep import Upkeep
from semantic_image_search.second_stage import SecondStage

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from core.browsing import Browsed, Facets
    from core.indexing import IndexReport, ProgressListener, RootOptions
    from core.protocols import Answerer, Captioner, Encoder, Reranker
    from semantic_image_search.captions.collection import Captions
    from semantic_image_search.labels.tags import Tags


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


class Library(Searching, Describing, Upkeep):
    """A library of pictures. Made by `open_library`; a context manager."""

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
            paths=paths_of(paths),
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

        return undecided_model(self, IndexRequest(paths=paths_of(paths), options=options))

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

    @property
    def tags(self) -> Tags:
        """What the pictures are filed under: list it, give and take it by hand, have it found."""
        from semantic_image_search.labels.tags import Tags

        return Tags(self, self._reader)

    @property
    def captions(self) -> Captions:
        """What is said of the pictures: look it up, take it in from files, have it written and judged."""
        from semantic_image_search.captions.collection import Captions

        return Captions(self)
