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


def chosen_models(
    models: Sequence[str | Encoder], settings: Settings, *, pictures: int, download: bool
) -> tuple[list[Encoder], str]:
    """The models asked for; without any the one in the settings, or the built-in one with a notice.

    Raises:
        UnknownModel, WeightsMissing, DeviceError: one cannot be used.
    """
    source = EncoderSource(device=settings.device, download=download)
    if not models:
        wish = Wish(settings.asked_model, settings.model)
        chosen = choose(source.named, wish, pictures=pictures, change="pull")
        return [chosen.encoder], chosen.notice
    unique = list(dict.fromkeys(models))
    return [source.named(one) if isinstance(one, str) else one for one in unique], ""


def chosen_reranker(reranker: str | Reranker | None, settings: Settings, *, download: bool) -> Reranker:
    """The reranker asked for, or the one in the settings; raises as `chosen_models`."""
    return SecondStage(settings, reranker=reranker, download=download).reranker()
