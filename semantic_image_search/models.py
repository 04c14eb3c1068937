"""Which encoder answers for which space; loading happens at the first picture or text, never before.

Knows nothing of weights and devices: that is `encoders`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import LibraryNotFound, UnknownModel, WeightsMissing, WrongModel
from core.models import Device, EncoderInfo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from core.arrays import Pixels, Vectors
    from core.protocols import Encoder
    from db.records import SpaceInfo
    from encoders import ClipEncoder


def load_encoder(name: str, *, device: Device | str = Device.AUTO, download: bool = False) -> ClipEncoder:
    """A model by name, ready to encode; both towers.

    Args:
        name: a name of `search models list`, any open_clip `architecture:tag`, `hf-hub:org/repo` or `local-dir:/path`.
        device: `auto` takes the best there is; any other one must be there.
        download: fetch the weights where they are not in the cache yet.

    Raises:
        UnknownModel: no such model.
        WeightsMissing: not cached, and not to be fetched or not to be reached.
        DeviceError: the device is not there.
    """
    from encoders import load_encoder as load

    return load(name, device=Device(device), download=download)


class LazyEncoder:
    """An encoder whose facts are known from the library and whose weights are loaded when first needed.

    A refresh that finds nothing new, and a lookup that finds the very same file, load no model.

    Args:
        info: what the library remembers of the model.
        device: where to run it.
        download: fetch missing weights.
    """

    def __init__(self, info: EncoderInfo, *, device: Device, download: bool) -> None:
        self._info = info
        self._device = device
        self._download = download
        self._loaded: Encoder | None = None

    @property
    def info(self) -> EncoderInfo:
        """As the library remembers it; equal to the loaded model's, or loading fails."""
        return self._info

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """As `core.protocols.ImageEncoder.encode_pixels`.

        Raises:
            WrongModel: the weights found now are not those the library was made with.
        """
        return self._encoder().encode_pixels(pixels)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """As `core.protocols.TextEncoder.encode_texts`; raises as `encode_pixels`."""
        return self._encoder().encode_texts(texts)

    def cut_off(self, text: str) -> str:
        """As `core.protocols.TextEncoder.cut_off`; raises as `encode_pixels`."""
        return self._encoder().cut_off(text)

    def _encoder(self) -> Encoder:
        if self._loaded is None:
            loaded = load_encoder(self._info.name, device=self._device, download=self._download)
            if loaded.info.identity != self._info.identity:
                raise WrongModel(
                    f"the weights of {self._info.name} found here are not those this library was made with: "
                    f"bring them back, or run `search models use {self._info.name}` and `search index` to embed anew"
                )
            self._loaded = loaded
        return self._loaded


class EncoderSource:
    """Hands out the encoder that belongs to a space; each is loaded at most once.

    Args:
        given: an encoder the caller brought along; it serves the space of its identity, and new libraries.
        device: where models run.
        download: fetch missing weights.
    """

    def __init__(self, given: Encoder | None = None, *, device: Device = Device.AUTO, download: bool = False) -> None:
        self._given = given
        self._device = device
        self._download = download
        self._known: dict[str, Encoder] = {}

    def named(self, name: str) -> Encoder:
        """The encoder of this name, its weights found (raises as `load_encoder`)."""
        if self._given is not None and self._given.info.name == name:
            return self._given
        if name not in self._known:
            self._known[name] = load_encoder(name, device=self._device, download=self._download)
        return self._known[name]

    def for_space(self, name: str, info: EncoderInfo | None) -> Encoder:
        """The encoder of a space: lazily where the library knows its facts, by name where vectors were imported."""
        if info is None:
            return self._of_imported(name)
        if self._given is not None and self._given.info.identity == info.identity:
            return self._given
        if info.identity not in self._known:
            self._known[info.identity] = LazyEncoder(info, device=self._device, download=self._download)
        return self._known[info.identity]

    def _of_imported(self, name: str) -> Encoder:
        try:
            return self.named(name)
        except UnknownModel as error:
            raise UnknownModel(
                f"this library's vectors were imported as {name!r}, a model that cannot be had here: "
                "words need it; --vector, and `search lookup` of pictures in the library, do not"
            ) from error

    def let_go(self) -> None:
        """Drop loaded models, the given one included."""
        self._given = None
        self._known.clear()


class LibraryEncoders:
    """Which encoder answers for which space of one library.

    Args:
        path: the library's folder.
        source: hands out encoders.
        wanted: the model the caller asked for; None: whatever the library has.
        default: the model of a new library, where nothing was asked for.
    """

    def __init__(self, path: Path, source: EncoderSource, *, wanted: str | None, default: str) -> None:
        self._path = path
        self._source = source
        self._wanted = wanted
        self._default = default

    def first(self) -> Encoder:
        """The encoder a library without a model would be made with, its weights found."""
        return self._source.named(self._wanted or self._default)

    def present(self) -> Encoder | None:
        """The encoder of the library; None where it has no model yet.

        Raises:
            WrongModel: the library has another model than the caller asked for.
        """
        from db import open_reader

        try:
            with open_reader(self._path) as reader:
                return self.of(reader.active_space())
        except LibraryNotFound:
            return None

    def of(self, space: SpaceInfo) -> Encoder:
        """The encoder of the space that answers; raises as `present`."""
        if self._wanted is not None and self._wanted != space.name:
            raise WrongModel(
                f"{self._path} was indexed with {space.name}, not {self._wanted}: leave --model out, "
                f"or change it with `search models use {self._wanted}`"
            )
        return self.for_writing(space)

    def for_writing(self, space: SpaceInfo) -> Encoder:
        """The encoder of any space, the one being built included."""
        return self._source.for_space(space.name, space.encoder)

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

    def let_go(self) -> None:
        """Drop loaded models."""
        self._source.let_go()
