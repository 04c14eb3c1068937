"""The one seam between the commands and the front door: tests put hand-written parts in its place.

Commands call these through the module (`context.open_library`), and import nothing heavy before.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from core.models import Device

if TYPE_CHECKING:
    from semantic_image_search import Library
    from semantic_image_search.choice import Chosen
    from semantic_image_search.warm.client import Asking


def open_library(
    path: Path | None = None,
    *,
    model: str | None = None,
    reranker: str | None = None,
    captioner: str | None = None,
    answerer: str | None = None,
    device: Device | None = None,
    download: bool = False,
) -> "Library":
    """As `semantic_image_search.open_library`; imports it only now."""
    from semantic_image_search import open_library as open_real

    return open_real(
        path,
        model=model,
        reranker=reranker,
        captioner=captioner,
        answerer=answerer,
        device=device,
        download=download,
    )


def ask_library(path: Path | None, *, device: Device | None) -> "Asking":
    """To put questions to a library: to its server, where `search serve` runs, else to itself, opened as above."""
    from semantic_image_search.warm.client import Asking

    # What numpy multiplies for one answer is small, and the threads of its BLAS spin while they wait: 0.1 s of CPU.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return Asking(path, device, lambda download: open_library(path, device=device, download=download))


def choose_encoder(name: str | None, *, device: Device | None = None, pictures: int) -> "Chosen":
    """A model by name, or the one in the settings, or the one that is built in; asks before it fetches weights.

    Args:
        name: what was typed; None: nothing.
        device: where it runs; None: the setting.
        pictures: how many it is for.

    Raises:
        UnknownModel, WeightsMissing, DeviceError: it cannot be used.
    """
    from cli.weights import Way, choosing, fetching
    from core.settings import load_settings
    from semantic_image_search.choice import Wish
    from semantic_image_search.models import choose_encoder as choose

    settings = load_settings(model=name, device=device)
    wish = Wish(settings.asked_model, settings.model)

    def load(way: Way) -> "Chosen":
        asked = Wish(way.model or wish.asked, wish.default)
        return choose(asked, pictures=pictures, device=settings.device, download=way.download)

    if wish.undecided:
        return choosing(load, default=wish.default, later=f"search models pull {wish.default}")
    return fetching(lambda download: load(Way(download=download)))
