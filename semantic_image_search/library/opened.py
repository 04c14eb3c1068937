"""What a library holds open while it is used: settings, models, readers. What is done with it is other modules'."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from semantic_image_search.choice import Wish
from semantic_image_search.library_encoders import LibraryEncoders
from semantic_image_search.models import EncoderSource
from semantic_image_search.pictures import Pictures

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType

    from core.protocols import Encoder
    from core.settings import Settings
    from db import KeptReaders, LibraryReader
    from semantic_image_search.second_stage import SecondStage


class OpenedLibrary:
    """One library's settings, models and readers, each opened when it is first needed; a context manager."""

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

    @property
    def pictures(self) -> Pictures:
        """The pictures by their ids: what is known of them, thumbnails, the files themselves."""
        return self._pictures

    def encoder(self) -> Encoder:
        """The library's encoder; for a library without a model yet, the one it would be made with."""
        return self._encoders.present() or self._encoders.first().encoder

    def _reader(self) -> AbstractContextManager[LibraryReader]:
        """What answers questions: kept open between two of them."""
        from db import KeptReaders

        readers = self._readers
        if readers is None:
            readers = self._readers = KeptReaders(self.path)
        return readers.reader()
