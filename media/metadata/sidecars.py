"""Sidecars: the small files beside a picture that describe it. Opened only where regular, small and on disk."""

import json
import os
import stat as modes
from typing import BinaryIO

from core.pictures import CaptionSource
from core.placeholders import is_online_only
from media.metadata.boundary import attempt
from media.metadata.clock import moment_of_timestamp
from media.metadata.found import NOTHING, Found, Moment, Position
from media.metadata.places import position_of
from media.metadata.sidecar_names import sidecar_candidates
from media.metadata.texts import captions_of, decode_text
from media.metadata.xmp import parse_xmp

LARGEST_SIDECAR_BYTES = 1 << 20


def sidecars_of(path: bytes) -> tuple[bytes, ...]:
    """The paths of the picture's sidecars that are there and may be opened, those that win first."""
    if not path:  # bytes that were handed over lie beside nothing
        return ()
    folder, name = os.path.split(path)
    found: dict[tuple[int, int], bytes] = {}  # by file: a disk that ignores case shows one under two names
    for candidate in sidecar_candidates(name):
        sidecar = os.path.join(folder, candidate)  # noqa: PTH118 - paths are bytes
        facts = attempt(os.stat, None, sidecar)  # paths are bytes
        if facts is not None and _may_be_opened(facts):
            found.setdefault((facts.st_dev, facts.st_ino or len(found)), sidecar)
    return tuple(found.values())


def read_sidecars(path: bytes) -> list[tuple[CaptionSource, Found]]:
    """What each sidecar of the picture says, those that win first: text, XMP, JSON."""
    return [(source, found) for sidecar in sidecars_of(path) for source, found in [_read(sidecar)]]


def _read(sidecar: bytes) -> tuple[CaptionSource, Found]:
    extension = os.path.splitext(sidecar)[1].lower()  # noqa: PTH122 - paths are bytes
    data = attempt(_bytes_of, b"", sidecar)
    if extension == b".txt":
        return CaptionSource.SIDECAR_TEXT, parse_text(data)
    if extension == b".xmp":
        return CaptionSource.SIDECAR_XMP, parse_xmp(data)
    return CaptionSource.SIDECAR_JSON, parse_json(data)


def _may_be_opened(facts: os.stat_result) -> bool:
    return modes.S_ISREG(facts.st_mode) and facts.st_size <= LARGEST_SIDECAR_BYTES and not is_online_only(facts)


def _bytes_of(sidecar: bytes) -> bytes:
    """The file's bytes; looked at once more after opening, in case it was exchanged for a FIFO meanwhile."""
    file: BinaryIO
    with open(sidecar, "rb", opener=_open_without_waiting) as file:
        if not _may_be_opened(os.fstat(file.fileno())):
            return b""
        data = file.read(LARGEST_SIDECAR_BYTES + 1)
    return data if len(data) <= LARGEST_SIDECAR_BYTES else b""


def _open_without_waiting(path: str | bytes, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def parse_text(data: bytes) -> Found:
    """A text file as one caption; nothing where it holds no text."""
    text = decode_text(data).strip("\0")
    return NOTHING if "\0" in text else Found(captions=captions_of([text]))


def parse_json(data: bytes) -> Found:
    """Google Takeout's file, or a simple {"caption": …}, {"captions": […]} or {"description": …}."""
    fields = attempt(lambda: json.loads(decode_text(data)), None)
    if not isinstance(fields, dict):
        return NOTHING
    listed = fields.get("captions")
    texts = [fields.get("caption"), *(listed if isinstance(listed, list) else [listed])]
    texts += [fields.get("description"), fields.get("title")]
    return Found(
        taken=attempt(_takeout_time, None, fields),
        position=_takeout_position(fields, "geoData") or _takeout_position(fields, "geoDataExif"),
        captions=captions_of(text for text in texts if isinstance(text, str)),
    )


def _takeout_time(fields: dict[str, object]) -> Moment | None:
    taken = fields.get("photoTakenTime")
    seconds = taken.get("timestamp") if isinstance(taken, dict) else None
    return moment_of_timestamp(int(seconds)) if isinstance(seconds, (str, int)) else None


def _takeout_position(fields: dict[str, object], key: str) -> Position | None:
    place = fields.get(key)
    if not isinstance(place, dict):
        return None
    latitude, longitude = place.get("latitude"), place.get("longitude")
    if not (isinstance(latitude, (int, float)) and isinstance(longitude, (int, float))):
        return None
    return attempt(lambda: position_of(float(latitude), float(longitude)), None)
