"""Arguments of public methods that may be left out or written in several ways, as other modules take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.models import Device
from core.paths import absolute
from core.queries import Fusion, Rerank

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence


def paths_of(paths: Sequence[str | bytes | os.PathLike[str]]) -> tuple[bytes, ...]:
    """As `core.paths.absolute`, each."""
    return tuple(absolute(path) for path in paths)


def device_of(device: Device | str | None) -> Device:
    """For work that faiss does; None: it looks for itself."""
    return Device.AUTO if device is None else Device(device)


def rerank_of(rerank: int | Literal["auto", "off"] | None, fusion: Fusion | str = Fusion.ITM_ITC) -> Rerank:
    """Of so many candidates; `auto` leaves that to the budget, `off` and None let nothing be looked at again."""
    depth = 0 if rerank is None or rerank == "off" else None if rerank == "auto" else rerank
    return Rerank(depth=depth, fusion=Fusion(fusion))
