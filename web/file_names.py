"""Files handed to a browser: under which type, under which name, and whether it may show them itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from core.paths import display

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class FileType:
    """What a format is called on the wire."""

    media_type: str
    ending: str
    shown: bool  # browsers show it; whatever else is saved, never opened as a page


_TYPES: Mapping[str | None, FileType] = {
    "jpeg": FileType("image/jpeg", ".jpg", shown=True),
    "png": FileType("image/png", ".png", shown=True),
    "webp": FileType("image/webp", ".webp", shown=True),
    "gif": FileType("image/gif", ".gif", shown=True),
    "bmp": FileType("image/bmp", ".bmp", shown=True),
    "avif": FileType("image/avif", ".avif", shown=True),
    "heif": FileType("image/heic", ".heic", shown=False),
    "tiff": FileType("image/tiff", ".tif", shown=False),
    "jpeg2000": FileType("image/jp2", ".jp2", shown=False),
    "ppm": FileType("image/x-portable-anymap", ".ppm", shown=False),
}
_OTHER = FileType("application/octet-stream", "", shown=False)


def type_of(picture_format: str | None) -> FileType:
    """By one of media's format names; what is none is bytes to be saved."""
    return _TYPES.get(picture_format, _OTHER)


def disposition(path: bytes, *, saved: bool, ending: str | None = None) -> str:
    """Content-Disposition with the file's name, in ASCII and in full (RFC 6266).

    Args:
        path: of the file; only its name is told.
        saved: the browser is to save it, and not to show it.
        ending: in place of the name's own; None: it stays.
    """
    name = display(os.path.basename(path))  # noqa: PTH119 - bytes
    if ending is not None:
        name = os.path.splitext(name)[0] + ending  # noqa: PTH122 - a name only
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%/' else "_" for c in name)
    kind = "attachment" if saved else "inline"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
