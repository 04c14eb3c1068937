"""The one seam between the commands and the front door: tests put hand-written parts in its place.

Commands call these through the module (`context.open_library`), and import nothing heavy before.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import WeightsMissing
from core.models import Device

if TYPE_CHECKING:
    from core.protocols import Encoder
    from semantic_image_search import Library


def open_library(
    path: Path | None = None, *, model: str | None = None, device: Device | None = None, download: bool = False
) -> "Library":
    """As `semantic_image_search.open_library`; imports it only now."""
    from semantic_image_search import open_library as open_real

    return open_real(path, model=model, device=device, download=download)


def load_encoder(name: str | None, *, device: Device | None = None) -> "Encoder":
    """A model by name, or the one in the settings; asks before it fetches weights.

    Raises:
        UnknownModel, WeightsMissing, DeviceError: it cannot be used.
    """
    from cli.weights import may_fetch
    from core.settings import load_settings
    from semantic_image_search import load_encoder as load_real

    settings = load_settings(model=name, device=device)
    try:
        return load_real(settings.model, device=settings.device)
    except WeightsMissing:
        if not may_fetch(settings.model):
            raise
    return load_real(settings.model, device=settings.device, download=True)
