"""The models of the second stage, loaded when first needed: a reranker, a captioner, one that answers questions.

Which models is the settings' or the caller's choice; `encoders` finds and loads them, `searcher` decides what they
look at.
"""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING

import numpy as np

from core.indexing import silent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from core.arrays import PictureFeatures
    from core.errors import PictureProblem
    from core.indexing import ProgressListener
    from core.models import Device
    from core.protocols import Answerer, Captioner, Reranker
    from core.settings import Settings
    from db.depths import RerankDepths
    from db.features import FeatureCache
    from searcher.features import FeatureSource, ToSee
    from searcher.rerank import SecondLook
    from semantic_image_search.precompute import Plan, PrecomputeReport
    from semantic_image_search.queries import PictureLike


class SecondStage:
    """The second stage of one library.

    Args:
        settings: which models, where they run, how much is kept of what they saw; `library` is where.
        reranker: a name, or a reranker of the caller's own; None: the setting.
        captioner: likewise.
        answerer: likewise.
        download: fetch missing weights.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        reranker: str | Reranker | None = None,
        captioner: str | Captioner | None = None,
        answerer: str | Answerer | None = None,
        download: bool = False,
    ) -> None:
        self._settings = settings
        self._named = reranker if isinstance(reranker, str) else settings.reranker
        self._reranker = None if isinstance(reranker, str) else reranker
        self._named_captioner = captioner if isinstance(captioner, str) else settings.captioner
        self._captioner = None if isinstance(captioner, str) else captioner
        self._named_answerer = answerer if isinstance(answerer, str) else settings.answerer
        self._answerer = None if isinstance(answerer, str) else answerer
        self._sources: dict[str, FeatureSource] = {}
        self._depths: RerankDepths | None = None
        self._download = download
        self._loading = RLock()  # threads that ask at once share what is loaded

    @property
    def reranker_name(self) -> str:
        """The reranker's name, whether or not it is here."""
        return self._named if self._reranker is None else self._reranker.info.name

    @property
    def has_reranker(self) -> bool:
        """Whether a reranker is at hand: nothing is loaded, nothing fetched.

        Raises:
            UnknownModel: there is no reranker of this name.
        """
        if self._reranker is not None:
            return True
        from encoders import find_model, weights_cached

        return weights_cached(find_model(self._named))

    def reranker(self) -> Reranker:
        """The reranker; its weights are found, and loaded at its first use.

        Raises:
            UnknownModel: there is no reranker of this name.
            WeightsMissing: not cached, and not to be fetched.
            DeviceError: the device asked for is not there.
        """
        with self._loading:
            if self._reranker is None:
                from encoders import load_reranker

                self._reranker = load_reranker(self._named, device=self._device, download=self._download)
            return self._reranker

    @property
    def captioner_name(self) -> str:
        """The captioner's name, whether or not it is here."""
        return self._named_captioner if self._captioner is None else self._captioner.info.name

    @property
    def has_captioner(self) -> bool:
        """Whether a captioner is at hand; as `has_reranker`."""
        if self._captioner is not None:
            return True
        from encoders import find_model, weights_cached

        return weights_cached(find_model(self._named_captioner))

    def captioner(self) -> Captioner:
        """The model that writes captions; raises as `reranker`."""
        if self._captioner is None:
            from encoders import load_captioner

            self._captioner = load_captioner(self._named_captioner, device=self._device, download=self._download)
        return self._captioner

    def answerer(self) -> Answerer:
        """The model that answers questions about a picture; raises as `reranker`."""
        if self._answerer is None:
            from encoders import load_answerer

            self._answerer = load_answerer(self._named_answerer, device=self._device, download=self._download)
        return self._answerer

    def features(self, reranker: Reranker) -> FeatureCache:
        """Where features of the library's pictures, as this reranker sees them, are kept."""
        from db.features import FeatureCache

        return FeatureCache(self._library, reranker.info.identity, self._settings.feature_cache_mb * 1_000_000)

    def source(self, reranker: Reranker) -> FeatureSource:
        """Features of pictures through that cache."""
        from indexer import default_workers
        from searcher.features import FeatureSource

        identity = reranker.info.identity
        with self._loading:
            if identity not in self._sources:
                workers = self._settings.workers or default_workers()
                self._sources[identity] = FeatureSource(reranker, self.features(reranker), workers=workers)
            return self._sources[identity]

    def look(self, listener: ProgressListener) -> SecondLook:
        """What `searcher` takes to look again at the first hits; nothing is loaded yet."""
        from db.depths import RerankDepths
        from searcher.rerank import SecondLook

        self._depths = self._depths or RerankDepths(self._library)
        return SecondLook(
            at_hand=lambda: self.has_reranker,
            source=lambda: self.source(self.reranker()),
            name=self.reranker_name,
            budget_s=self._settings.rerank_budget_s,
            depths=self._depths,
            listener=listener,
        )

    def see(self, pictures: Sequence[ToSee]) -> list[PictureFeatures | PictureProblem]:
        """What the reranker sees in files of the library, float16 (tokens, width) each, kept for the next time.

        A picture whose features are kept is not opened. One that cannot be read is its problem instead.
        """
        source = self.source(self.reranker())
        with source.at_work():
            return source.see(pictures)

    def see_one(self, picture: PictureLike) -> PictureFeatures:
        """What the reranker sees in any picture, float16 (1, tokens, width); nothing of it is kept.

        Raises:
            PictureProblem: the file cannot be read as a picture.
        """
        from semantic_image_search.queries import fitted

        reranker = self.reranker()
        return reranker.see(fitted(picture, reranker.info.preprocess)[np.newaxis])

    def plan_precompute(self) -> Plan:
        """What `precompute` would do, and what it takes on disk.

        Raises:
            LibraryNotFound: nothing has been indexed yet.
            UnknownModel, WeightsMissing, DeviceError: the reranker cannot be used.
        """
        from semantic_image_search.precompute import plan_precompute

        reranker = self.reranker()
        return plan_precompute(self._library, reranker, self.features(reranker))

    def precompute(
        self,
        *,
        plan: Plan | None = None,
        max_mb: int | None = None,
        workers: int | None = None,
        listener: ProgressListener | None = None,
    ) -> PrecomputeReport:
        """Show the reranker every picture of the library once, so that reranking only reads what it saw.

        What was done before, by a run that was stopped, too, is not done again.

        Args:
            plan: what `plan_precompute` said just now; None: it is asked.
            max_mb: what may be kept for this library from now on, in MB; None: as before.
            workers: processes that decode; None: the setting.
            listener: called with `Progress`, often.

        Raises:
            UsageError: more than may be kept.
            StorageFull: no room on the disk.
            LibraryNotFound, UnknownModel, WeightsMissing, DeviceError: as `plan_precompute`.
        """
        from semantic_image_search.precompute import allow, precompute, require_allowed

        plan, reranker = plan or self.plan_precompute(), self.reranker()
        if max_mb is None:
            require_allowed(plan, self.features(reranker).max_bytes)
        else:
            require_allowed(plan, max_mb * 1_000_000)
            allow(self._library, max_mb * 1_000_000)
        workers = self._settings.workers if workers is None else workers
        hear = listener or silent
        return precompute(self._library, reranker, self.features(reranker), plan, workers=workers, listener=hear)

    def let_go(self) -> None:
        """Drop loaded models."""
        self._captioner = self._answerer = self._reranker = None
        self._sources.clear()

    @property
    def _library(self) -> Path:
        return self._settings.library.absolute()

    @property
    def _device(self) -> Device:
        return self._settings.device
