"""Encoders by name and by space; loading happens at the first picture or text, never before.

Knows nothing of weights and devices: that is `encoders`. Which space asks for which is `library_encoders`'.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from core.batches import PICTURES_AT_ONCE, batch_size_for
from core.errors import DeviceError, ModelError, UnknownModel, WrongModel
from core.models import Device, EncoderInfo
from semantic_image_search.choice import choose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.arrays import Pixels, Vectors
    from core.protocols import Encoder, TextMemory
    from encoders import ClipEncoder
    from semantic_image_search.choice import Chosen, Wish


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


def choose_encoder(wish: Wish, *, pictures: int, device: Device = Device.AUTO, download: bool = False) -> Chosen:
    """The encoder for so many pictures that are in no library; as `choice.choose`, which says what it raises."""
    source = EncoderSource(device=device, download=download)
    return choose(source.named, wish, pictures=pictures, change="pull")


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

    @property
    def batch_size(self) -> int:
        """As `core.protocols.Batching.batch_size`. What cannot be had says so when it is to encode something."""
        from encoders.device import certainly_cpu

        if certainly_cpu(self._device):
            return PICTURES_AT_ONCE
        try:
            return batch_size_for([self._encoder()])
        except (DeviceError, ModelError):
            return PICTURES_AT_ONCE

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """As `core.protocols.ImageEncoder.encode_pixels`.

        Raises:
            WrongModel: the weights found now are not those the library was made with.
        """
        return self._encoder().encode_pixels(pixels)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """As `core.protocols.TextEncoder.encode_texts`; raises as `encode_pixels`."""
        return self._encoder().encode_texts(texts)

    def recall(self, texts: Sequence[str]) -> Vectors | None:
        """As `core.protocols.TextMemory.recall`; raises as `encode_pixels`."""
        memory = self._memory()
        return memory.recall(texts) if memory else None

    def remember(self, texts: Sequence[str], rows: Vectors) -> None:
        """As `core.protocols.TextMemory.remember`; raises as `encode_pixels`."""
        memory = self._memory()
        if memory:
            memory.remember(texts, rows)

    def cut_off(self, text: str) -> str:
        """As `core.protocols.TextEncoder.cut_off`; raises as `encode_pixels`."""
        return self._encoder().cut_off(text)

    def find(self) -> None:
        """Make sure that the weights are here, and are the right ones; fetches nothing, reads no more than their hash.

        Raises:
            ModelError: they are not.
        """
        self._load(download=False)

    def _memory(self) -> TextMemory | None:
        from core.protocols import TextMemory

        encoder = self._encoder()
        return encoder if isinstance(encoder, TextMemory) else None

    def _encoder(self) -> Encoder:
        return self._load(download=self._download)

    def _load(self, *, download: bool) -> Encoder:
        if self._loaded is None:
            loaded = load_encoder(self._info.name, device=self._device, download=download)
            if loaded.info.identity != self._info.identity:
                raise WrongModel(_other_weights(self._info.name))
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
        self._wrap: Callable[[Encoder], Encoder] | None = None
        self._lock = Lock()

    def wrap_with(self, wrap: Callable[[Encoder], Encoder]) -> None:
        """From now on hand out what this makes of each encoder, once for each."""
        self._wrap = wrap
        if self._given is not None:
            self._given = wrap(self._given)

    def named(self, name: str) -> Encoder:
        """The encoder of this name, its weights found (raises as `load_encoder`)."""
        if self._given is not None and self._given.info.name == name:
            return self._given
        if name not in self._known:
            self._keep(name, load_encoder(name, device=self._device, download=self._download))
        return self._known[name]

    def for_space(self, name: str, info: EncoderInfo | None) -> Encoder:
        """The encoder of a space: lazily where the library knows its facts, by name where vectors were imported."""
        if info is None:
            return self._of_imported(name)
        identity = info.identity
        if self._given is not None and self._given.info.identity == identity:
            return self._given
        if identity not in self._known:
            self._keep(identity, LazyEncoder(info, device=self._device, download=self._download))
        return self._known[identity]

    def _keep(self, key: str, encoder: Encoder) -> None:
        """The first one stays where two threads come at once."""
        with self._lock:
            if key not in self._known:
                self._known[key] = encoder if self._wrap is None else self._wrap(encoder)

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


def _other_weights(name: str) -> str:
    from encoders import is_built_in

    anew = f"`search models use {name}` and `search index` embed the pictures anew"
    if is_built_in(name):
        return f"this library was made with the {name} of another version of `search`: {anew}"
    return f"the weights of {name} found here are not those this library was made with: bring them back, or {anew}"
