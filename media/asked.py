"""What can be made of one picture that somebody waits for: the wishes, and what comes of them; `making` does it."""

from dataclasses import dataclass

from core.models import Preprocess
from core.pictures import DecodedPicture


@dataclass(frozen=True, slots=True)
class AskedPicture:
    """Where the bytes of a picture are: in a file, or at hand.

    Args:
        path: absolute, os.fsencode; empty where the bytes are at hand.
        data: the bytes at hand.
        content_hash: what the hash of the bytes must be; None: whatever they are.
    """

    path: bytes = b""
    data: bytes | None = None
    content_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole picture as it is shown, as a WebP in sRGB without any metadata.

    Args:
        side: the longer side is made this many pixels long where it is longer.
        quality: as WebP counts, 0 to 100.
    """

    side: int
    quality: int


@dataclass(frozen=True, slots=True)
class Fitting:
    """Its facts, and its pixels fitted to models: what `decode_picture` gives."""

    targets: tuple[Preprocess, ...] = ()
    small_side: int | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture drawn small."""

    webp: bytes
    width: int  # of the picture as shown, in full
    height: int


@dataclass(frozen=True, slots=True)
class WithoutLocation:
    """The file, but for what tells where the picture was taken."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A file without the place."""

    data: bytes
    format: str
    anew: bool  # its pixels were encoded anew; False: they are bit for bit the file's own


Want = Drawing | Fitting | WithoutLocation
Made = Drawn | DecodedPicture | Rewritten
