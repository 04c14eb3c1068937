"""Which models an evaluation compares, found before anything is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.models import Device
from semantic_image_search.choice import Wish, choose
from semantic_image_search.models import EncoderSource
from semantic_image_search.second_stage import SecondStage

if TYPE_CHECKING:
    from collections.abc import Sequence

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
) -> tuple[list[Encoder], str]:
    """The models asked for; without any the one in the settings, or the built-in one with a notice.

    A reranker's name stands for its two towers apart: the first stage of the BLIP paper.

    Args:
        models: names, or encoders of the caller's own; each is taken once.
        settings: the model where none is named, and where they run.
        reranker: whose weights are shared with its towers.
        pictures: how many there are to look at.
        download: fetch missing weights.

    Raises:
        UnknownModel, WeightsMissing, DeviceError: one cannot be used.
    """
    source = EncoderSource(device=settings.device, download=download)
    if not models:
        wish = Wish(settings.asked_model, settings.model)
        chosen = choose(source.named, wish, pictures=pictures, change="pull")
        return [chosen.encoder], chosen.notice
    known = None if reranker is None else reranker.info.name
    encoders: list[Encoder] = []
    for one in dict.fromkeys(models):
        if isinstance(one, str):
            towers = _towers(one, settings, reranker=reranker if known == one else None, download=download)
            encoders.append(towers or source.named(one))
        else:
            encoders.append(one)
    return encoders, ""


def _towers(name: str, settings: Settings, *, reranker: Reranker | None, download: bool) -> Encoder | None:
    """The two towers of the BLIP of this name; None where it means another kind of model."""
    from core.models import ModelTask
    from encoders import find_model
    from encoders.blip.contrast import BlipContrast
    from encoders.blip.reranker import BlipReranker

    if find_model(name).task is not ModelTask.RERANK:
        return None
    blip = reranker or chosen_reranker(name, settings, download=download)
    return BlipContrast(blip) if isinstance(blip, BlipReranker) else None
