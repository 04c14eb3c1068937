"""Which encoder answers for which space of one library, and what a new library begins with.

Where encoders come from is `models`' business, and which model to begin with `choice`'s.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import LibraryNotFound, ModelError, UnknownModel, WeightsMissing, WrongModel
from db.records import SpaceState
from semantic_image_search.choice import FEW, choose
from semantic_image_search.models import LazyEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from core.protocols import Encoder
    from db.records import SpaceInfo
    from semantic_image_search.choice import Chosen, Wish
    from semantic_image_search.models import EncoderSource


class LibraryEncoders:
    """Which encoder answers for which space of one library.

    Args:
        path: the library's folder.
        source: hands out encoders.
        wanted: the model the caller asked for; None: whatever the library has.
        first: the model of a new library, where the caller asked for none.
    """

    def __init__(self, path: Path, source: EncoderSource, *, wanted: str | None, first: Wish) -> None:
        self._path = path
        self._source = source
        self._wanted = wanted
        self._first = replace(first, asked=wanted or first.asked)

    @property
    def undecided(self) -> str | None:
        """The default model, where this library has none yet, nobody asked for one, and its weights are not here."""
        first = self._first
        return first.default if first.asked is None and self.pinned() is None and first.undecided else None

    def first(self, *, pictures: int = FEW) -> Chosen:
        """What a library without a model would be made with, its weights found; raises as `choose`.

        Args:
            pictures: how many it is to hold; where that is not known, many.
        """
        return choose(self._source.named, self._first, pictures=pictures)

    def pinned(self) -> SpaceInfo | None:
        """The space that answers; None where the library has no model yet.

        Raises:
            WrongModel: the library has another model than the caller asked for.
        """
        from db import open_reader

        try:
            with open_reader(self._path) as reader:
                return self._checked(reader.active_space())
        except LibraryNotFound:
            return None

    def present(self) -> Encoder | None:
        """The encoder of the library; None where it has no model yet. Raises as `pinned`."""
        space = self.pinned()
        return None if space is None else self.for_writing(space)

    def of(self, space: SpaceInfo) -> Encoder:
        """The encoder of the space that answers; raises as `pinned`."""
        return self.for_writing(self._checked(space))

    def _checked(self, space: SpaceInfo) -> SpaceInfo:
        if self._wanted is not None and not _same(self._wanted, space.name):
            raise WrongModel(
                f"{self._path} was indexed with {space.name}, not {self._wanted}: leave --model out, "
                f"or change it with `search models use {self._wanted}`"
            )
        return space

    def for_writing(self, space: SpaceInfo) -> Encoder:
        """The encoder of any space, the one being built included."""
        return self._source.for_space(space.name, space.encoder)

    def for_run(self, spaces: Sequence[SpaceInfo]) -> list[tuple[SpaceInfo, Encoder]]:
        """The spaces that a run embeds pictures for, each with its encoder.

        While the model is being changed, the old one may be gone for good (which may be why it is changed). Then its
        space answers with what it has until the new one takes its place.
        """
        changing = any(space.state is SpaceState.BUILDING for space in spaces)
        wanted = [
            space for space in spaces if not changing or space.state is SpaceState.BUILDING or self._is_here(space)
        ]
        return [(space, self.for_writing(space)) for space in wanted]

    def _is_here(self, space: SpaceInfo) -> bool:
        try:
            encoder = self.for_writing(space)
            if isinstance(encoder, LazyEncoder):
                encoder.find()
        except ModelError:
            return False
        return True

    def if_any(self, space: SpaceInfo) -> Encoder | None:
        """As `of`; None where vectors were imported and the model they came from cannot be had here.

        Pictures that the library holds are then still looked up, by the vector they came with.
        """
        try:
            return self.of(space)
        except (UnknownModel, WeightsMissing):
            if space.encoder is not None:
                raise
            return None

    def named(self, name: str) -> Encoder:
        """Any model by name, its weights found."""
        return self._source.named(name)

    def wrap_with(self, wrap: Callable[[Encoder], Encoder]) -> None:
        """As `EncoderSource.wrap_with`: a server's threads share one encoder."""
        self._source.wrap_with(wrap)

    def let_go(self) -> None:
        """Drop loaded models."""
        self._source.let_go()


def _same(name: str, other: str) -> bool:
    """Whether two names mean one model, however they are spelled."""
    from encoders import canonical_name

    return canonical_name(name) == canonical_name(other)
