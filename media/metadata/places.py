"""Coordinates as EXIF and XMP write them, turned into positions; what makes no sense becomes None."""

import math
import re
from collections.abc import Sequence
from typing import SupportsFloat

from media.metadata.found import Position

# XMP: "48,51.5N", "48,51,30N"; some programs write "48.8583N".
_XMP_COORDINATE = re.compile(r"(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?(?:,(\d+(?:\.\d+)?))?\s*([NSEW])", re.ASCII)


def position_of(latitude: float | None, longitude: float | None) -> Position | None:
    """A position, if both are there and in range; 0, 0 is what devices without a fix write, so it is none."""
    if latitude is None or longitude is None or not (math.isfinite(latitude) and math.isfinite(longitude)):
        return None
    if abs(latitude) > 90 or abs(longitude) > 180 or (latitude == 0 and longitude == 0):
        return None
    return Position(latitude, longitude)


def degrees_of(parts: Sequence[SupportsFloat], reference: str) -> float | None:
    """Degrees, minutes and seconds to signed degrees; without `reference` (N, S, E, W) the sign is unknown."""
    letter = reference.strip(" \0")[:1].upper()
    values = [float(part) for part in parts]
    if letter not in {"N", "S", "E", "W"} or not 1 <= len(values) <= 3:
        return None
    if not all(math.isfinite(value) and value >= 0 for value in values):  # a zero denominator is not a number
        return None
    degrees = math.fsum(value / 60**power for power, value in enumerate(values))
    return -degrees if letter in {"S", "W"} else degrees


def parse_coordinate(text: str, letters: str) -> float | None:
    """Signed degrees from XMP's text; `letters` are the two allowed at its end, "NS" or "EW"."""
    match = _XMP_COORDINATE.fullmatch(text.strip())
    if match is None or match[4] not in letters:
        return None
    return degrees_of([float(part) for part in match.groups()[:3] if part is not None], match[4])
