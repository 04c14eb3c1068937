"""All of a picture's metadata, merged: which source wins for which field."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.pictures import Caption, CaptionSource, TakenAt, TakenSource
from media.metadata.clock import file_moment
from media.metadata.exif import read_exif
from media.metadata.found import Found
from media.metadata.iptc import read_iptc
from media.metadata.sidecars import read_sidecars
from media.metadata.xmp import read_xmp

if TYPE_CHECKING:
    from PIL import Image

MOST_CAPTIONS = 20

Sourced = tuple[CaptionSource, Found]

_TAKEN_SOURCE = {
    CaptionSource.EXIF: TakenSource.EXIF,
    CaptionSource.XMP: TakenSource.XMP,
    CaptionSource.IPTC: TakenSource.IPTC,
    CaptionSource.SIDECAR_TEXT: TakenSource.SIDECAR,
    CaptionSource.SIDECAR_XMP: TakenSource.SIDECAR,
    CaptionSource.SIDECAR_JSON: TakenSource.SIDECAR,
}


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a picture and its sidecars say about it."""

    exif_orientation: int  # 1 to 8: the turn that Pillow's pixels still need; 1 where its decoder has turned them
    taken: TakenAt
    camera: str | None = None
    lens: str | None = None
    latitude: float | None = None  # degrees, north positive
    longitude: float | None = None  # degrees, east positive
    captions: tuple[Caption, ...] = ()


def read_metadata(image: "Image.Image", *, path: bytes, stat: os.stat_result) -> Metadata:
    """The metadata of an opened picture and of the sidecars beside `path`. Never raises for bad metadata.

    Never decodes pixels. What a PNG keeps behind its pixels is seen only where the image was loaded before; a TIFF
    must not be loaded yet, for Pillow closes its file then.
    """
    orientation, exif = read_exif(image)
    embedded: list[Sourced] = [
        (CaptionSource.EXIF, exif),
        (CaptionSource.XMP, read_xmp(image)),
        (CaptionSource.IPTC, read_iptc(image)),
    ]
    sidecars = read_sidecars(path)
    sources = [*embedded, *sidecars]
    position = next((found.position for _, found in sources if found.position), None)
    return Metadata(
        exif_orientation=orientation,
        taken=_taken(sources, stat),
        camera=next((found.camera for _, found in sources if found.camera), None),
        lens=next((found.lens for _, found in sources if found.lens), None),
        latitude=position.latitude if position else None,
        longitude=position.longitude if position else None,
        # What someone wrote beside a picture is meant most; XMP keeps whole texts, IPTC and EXIF may cut or garble.
        captions=_captions([*sidecars, *sorted(embedded, key=lambda one: _EMBEDDED_CAPTIONS.index(one[0]))]),
    )


_EMBEDDED_CAPTIONS = (CaptionSource.XMP, CaptionSource.IPTC, CaptionSource.EXIF)


def _taken(sources: Iterable[Sourced], stat: os.stat_result) -> TakenAt:
    """What anyone says of the taking goes before what EXIF says of the file's last change, and that before the disk."""
    sources = list(sources)
    said = [(source, found.taken) for source, found in sources]
    guessed = [(source, found.changed) for source, found in sources]
    for source, moment in [*said, *guessed]:
        if moment is not None:
            return TakenAt(moment.local, moment.offset_minutes, _TAKEN_SOURCE[source])
    return TakenAt(file_moment(stat.st_mtime).local, None, TakenSource.FILE)


def _captions(sources: Iterable[Sourced]) -> tuple[Caption, ...]:
    """Each text once, under the first source that has it."""
    first: dict[str, CaptionSource] = {}
    for source, found in sources:
        for text in found.captions:
            first.setdefault(text, source)
    return tuple(Caption(text, source) for text, source in list(first.items())[:MOST_CAPTIONS])
