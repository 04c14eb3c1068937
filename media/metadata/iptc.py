"""IPTC (IIM): captions and the date of a JPEG's or TIFF's data block.

A parser of our own instead of Pillow's `getiptcinfo`: that one loses every field when the last one is damaged.
"""

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from media.metadata.boundary import attempt
from media.metadata.clock import moment_of, parse_offset
from media.metadata.found import NOTHING, Found, Moment
from media.metadata.texts import captions_of, decode_text

if TYPE_CHECKING:
    from PIL import Image

_APP13_IPTC = 0x0404  # Photoshop's image resource
_TIFF_IPTC = 33723

_TITLE, _KEYWORDS, _DATE, _TIME, _HEADLINE, _CAPTION = 5, 25, 55, 60, 105, 120
_LONGEST_FIELD = 32_767  # longer ones use an extended size, which no text field needs
_MOST_FIELDS = 2_000

_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_HOUR = re.compile(r"(\d{2})(\d{2})(\d{2})([+-]\d{4})?", re.ASCII)


def read_iptc(image: "Image.Image") -> Found:
    """What the picture's IPTC block says; nothing where there is none or it cannot be read."""
    block = attempt(_block_of, None, image)
    return parse_iptc(block) if block else NOTHING


def _block_of(image: "Image.Image") -> bytes | None:
    resources = image.info.get("photoshop")
    if isinstance(resources, dict):
        block = resources.get(_APP13_IPTC)
        return block if isinstance(block, bytes) else None
    # A TIFF's raw tag, as Pillow's own reader takes it: Photoshop declares the bytes as 32-bit numbers, of which the
    # public way in keeps one.
    tags = getattr(image, "tag_v2", None)
    block = None if tags is None else tags._tagdata.get(_TIFF_IPTC)
    return block if isinstance(block, bytes) else None


def parse_iptc(block: bytes) -> Found:
    """The fields of an IIM block; those before a damaged one are kept."""
    fields = _application_record(block)

    def texts(dataset: int) -> list[str]:
        return [decode_text(value) for value in fields.get(dataset, [])]

    keywords = ", ".join(word for word in (text.strip(" \0") for text in texts(_KEYWORDS)) if word)
    day, hour = ("".join(texts(dataset)[:1]).strip(" \0") for dataset in (_DATE, _TIME))
    return Found(
        taken=parse_iptc_date(day, hour),
        captions=captions_of([*texts(_CAPTION), *texts(_HEADLINE), *texts(_TITLE), keywords]),
    )


def parse_iptc_date(day: str, hour: str) -> Moment | None:
    """A moment of "20080523" and "155459+0200"; without a time it is midnight, without a date nothing."""
    date = _DAY.fullmatch(day.replace("-", "").replace(":", ""))
    if date is None:
        return None
    time = _HOUR.fullmatch(hour.replace(":", ""))
    clock = (int(time[1]), int(time[2]), int(time[3])) if time else (0, 0, 0)
    local = moment_of((int(date[1]), int(date[2]), int(date[3]), *clock))
    if local is None:
        return None
    return Moment(local, parse_offset(time[4] or "") if time else None)


def _application_record(block: bytes) -> dict[int, list[bytes]]:
    """Record 2 of the block: its values by dataset number."""
    fields: dict[int, list[bytes]] = defaultdict(list)
    at = 0
    for _ in range(_MOST_FIELDS):
        header = block[at : at + 5]
        if len(header) < 5 or header[0] != 0x1C:
            break
        record, dataset, size = header[1], header[2], int.from_bytes(header[3:5], "big")
        if size > _LONGEST_FIELD:
            break
        value = block[at + 5 : at + 5 + size]
        if record == 2 and len(value) == size:
            fields[dataset].append(value)
        at += 5 + size
    return fields
