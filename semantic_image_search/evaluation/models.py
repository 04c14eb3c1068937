"""Which models an evaluation compares, found before anything is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import UsageError
from core.models import Device
from semantic_image_search.choice import Wish, choose
from semantic_image_search.models import EncoderSource, load_encoder
from semantic_image_search.second_stage import SecondStage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.protocols import Encoder, Reranker
    from core.settings import Settings


def evaluation_settings(device: Device | str | None) -> Settings:
    """The settings, on this device.

    Raises:
        UsageError: a setting is not usable.
    """
    from core.settings import load_settings

    return load_settings(device=device and Device(device))


def chosen_reranker(reranker: str | Reranker | None, settings: Settings, *, download: bool) -> Reranker:
    """The reranker asked for, or the one in the settings.

    Raises:
        UnknownModel, UsageError, WeightsMissing, DeviceError: it cannot be used.
    """
    return SecondStage(settings, reranker=reranker, download=download).reranker()


def chosen_models(
    models: Sequence[str | Encoder], settings: Settings, *, reranker: Reranker | None, pictures: int, download: bool
) -> tuple[list[Callable[[], Encoder]], str]:
    """What makes the models asked for; without any the one in the settings, or the built-in one with a notice.

    Each is found before anything is measured, and loaded when it is made. A reranker's name stands for its two towers
    apart: the first stage of the BLIP paper.

    Args:
        models: names, or encoders of the caller's own; each is taken once.
        settings: the model where none is named, and where they run.
        reranker: whose weights are shared with its towers.
        pictures: how many there are to look at.
        download: fetch missing weights.

    Raises:
        UnknownModel, WeightsMissing, DeviceError: one cannot be used.
    """
    if not models:
        source = EncoderSource(device=settings.device, download=download)
        wish = Wish(settings.asked_model, settings.model)
        chosen = choose(source.named, wish, pictures=pictures, change="pull")
        return [lambda: chosen.encoder], chosen.notice
    return [_maker(one, settings, reranker=reranker, download=download) for one in dict.fromkeys(models)], ""


def _maker(
    model: str | Encoder, settings: Settings, *, reranker: Reranker | None, download: bool
) -> Callable[[], Encoder]:
    if not isinstance(model, str):
        return lambda: model
    from core.models import ModelTask
    from encoders import find_model

    name = model
    if find_model(name).task is ModelTask.RERANK:
        shared = reranker if reranker is not None and reranker.info.name == name else None
        towers = _towers(name, settings, reranker=shared, download=download)
        return lambda: towers
    load_encoder(name, device=settings.device, download=download)  # finds it; what is made of it is let go
    return lambda: load_encoder(name, device=settings.device)


def _towers(name: str, settings: Settings, *, reranker: Reranker | None, download: bool) -> Encoder:
    """The two towers of the BLIP of this name."""
    from encoders.blip.contrast import BlipContrast
    from encoders.blip.reranker import BlipReranker

    blip = reranker or chosen_reranker(name, settings, download=download)
    if not isinstance(blip, BlipReranker):
        raise UsageError(f"{name} has no towers to compare with: name it with --reranker alone")
    return BlipContrast(blip)
