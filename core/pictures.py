"""What is known about a picture: its facts, its captions, and how it is stored and shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from core.arrays import Pixels


class CaptionSource(StrEnum):
    """Where a caption was found."""

    EXIF = "exif"
    IPTC = "iptc"
    XMP = "xmp"
    SIDECAR_TEXT = "sidecar_text"
    SIDECAR_JSON = "sidecar_json"
    SIDECAR_XMP = "sidecar_xmp"
    IMPORTED = "imported"  # `search captions import`
    GENERATED = "generated"  # a captioner wrote it


@dataclass(frozen=True, slots=True)
class Caption:
    """A text that tells of a picture: it came with its file, was imported, or a model wrote it."""

    text: str
    source: CaptionSource
    model: str | None = None  # that wrote it; None: it was found
    match: float | None = None  # the reranker's probability that it fits, 0 to 1; None: not judged
    kept: bool = True  # False: judged not to fit; shown as such, found by nothing


@dataclass(frozen=True, slots=True)
class Tag:
    """A word that the library files a picture under."""

    name: str
    source: str  # "user", or the set of labels it comes from
    model: str | None = None  # that found it; None: a person did
    score: float | None = None  # its probability, 0 to 1; None: a person said so


class TakenSource(StrEnum):
    """Where a picture's time comes from; `file` is a guess and is shown as one."""

    EXIF = "exif"
    XMP = "xmp"
    IPTC = "iptc"
    SIDECAR = "sidecar"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class TakenAt:
    """When a picture was taken: the clock on the wall (naive), and its offset where the file says it."""

    local: datetime
    offset_minutes: int | None
    source: TakenSource


class Orientation(StrEnum):
    """The shape of a picture as it is shown."""

    LANDSCAPE = "landscape"
    PORTRAIT = "portrait"
    SQUARE = "square"

    @classmethod
    def of(cls, width: int, height: int) -> Orientation:
        """The shape of a picture of this many pixels."""
        if width == height:
            return cls.SQUARE
        return cls.LANDSCAPE if width > height else cls.PORTRAIT


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What the file itself (and its sidecars) says. Width and height are as shown, after EXIF orientation."""

    format: str  # lower case, one of media's format names: "jpeg", "png", "heif", …
    width: int
    height: int
    exif_orientation: int  # 1 to 8; 1 where the file says nothing
    taken: TakenAt
    camera: str | None = None  # "Canon EOS 40D": make and model, the make not repeated
    lens: str | None = None
    latitude: float | None = None  # degrees, north positive
    longitude: float | None = None  # degrees, east positive
    captions: tuple[Caption, ...] = ()
    phash: int | None = None  # 64-bit perceptual hash (DCT), unsigned
    tags: tuple[Tag, ...] = ()  # the library's, never the file's own


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """One file, read once: the hash of its bytes, its facts, and its pixels, one array per target asked for.

    `small` is the whole picture as shown, where it was asked for.
    """

    content_hash: bytes  # blake2b, 32 bytes, of the whole file
    facts: PictureFacts
    pixels: tuple[Pixels, ...]  # uint8 (height, width, 3) RGB, each fitted to its Preprocess
    small: Pixels | None = None  # uint8 (height, width, 3) RGB, the longer side at most what was asked for


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the library, as an answer shows it. Identical files are one picture with several paths."""

    image_id: int
    row: int  # in the space that was searched; -1: none (asked for by its id, and without a vector there)
    path: bytes  # os.fsencode; the best of its paths (present before offline, then the shortest)
    other_paths: tuple[bytes, ...]
    offline: bool  # none of its files can be reached at present
    facts: PictureFacts
    content_hash: bytes | None  # None: imported with its vector, the file itself never read


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A picture near a vector."""

    picture: Picture
    score: float  # the cosine, -1 to 1
