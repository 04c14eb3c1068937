"""What one reader (EXIF, IPTC, XMP, a sidecar) found, before all are merged."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """A clock on the wall (naive), and its offset from UTC where it is known."""

    local: datetime
    offset_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """A place on earth in degrees, north and east positive."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Found:
    """The fields of one source; captions are clean texts, the best first."""

    taken: Moment | None = None  # the source says: taken (or digitised, or created) then
    changed: Moment | None = None  # a guess: when the file was changed, or what the satellites said
    camera: str | None = None
    lens: str | None = None
    position: Position | None = None
    captions: tuple[str, ...] = ()


NOTHING = Found()
