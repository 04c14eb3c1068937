"""Texts of unknown encoding and quality, turned into captions and names worth showing; the rest is dropped."""

import codecs
import re
import unicodedata
from collections.abc import Iterable
from itertools import islice

LONGEST_TEXT_BYTES = 1 << 20
MOST_TEXTS = 50  # looked at per source
CAPTION_CHARACTERS = 4000
NAME_CHARACTERS = 100

# Control characters, lone surrogates (they cannot be stored as UTF-8), line separators and stray byte order marks.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufeff]+")

# What cameras and programs write into the description of every picture.
_BOILERPLATE = re.compile(
    r"(?:(?:kodak|konica|minolta|nikon|olympus|panasonic|pentax|polaroid|ricoh|samsung|sanyo|sony|vivitar|\s)*"
    r"(?:digital\s*(?:still\s*)?camera|dsc)"
    r"|binary comment|exif[_ ]jpeg([_ ]picture)?|jpeg|image|untitled|default|none|null|unknown|ascii|test comment"
    r"|cof|dav|edf|fbt|hdr|hdrpl|mde|nor|oznor|ptr|rhdr|rptnbl|sdr|vtr|btf|bty|dji"  # modes of Huawei's camera
    r"|<.*samsung.*>|dcim\\.*|acd systems digital imaging|lead technologies.*|hisilicon.*"
    r"|created (?:with|by|using) .{1,40}|file written by adobe.*|processed with vsco.*|software: .*"
    r"|kofax pdf filter.*|imagej=.*|<\?xml.*|<ome .*|\{\"shape\".*"
    r"|[0-9a-f]{16,})",
    re.IGNORECASE,
)
_MEDIA_NAME = re.compile(
    r"\S*\.(?:jpe?g|png|webp|gif|tiff?|bmp|jp2|hei[cf]|avif|dng|cr[23]|nef|arw|orf|rw2|mp4|mov|avi|3gp)", re.IGNORECASE
)

# Chinese, Korean, Cyrillic or Greek bytes taken for Western ones: no language that these are for writes six in a row.
_FOREIGN = re.compile("[\xa1-\xff]{6,}")
_DIFFERENT = 4  # of the six and more: a line of dots or degrees is no word


def decode_text(data: bytes) -> str:
    """At most a megabyte of text: UTF-16 and UTF-8 by their marks, else UTF-8 if it is that, else Windows-1252."""
    whole = len(data) <= LONGEST_TEXT_BYTES
    data = data[:LONGEST_TEXT_BYTES]
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "ignore")
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(data, final=whole)
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def mend_latin(text: str) -> str:
    """Text that Pillow read as Latin-1, as it was meant: UTF-8 or Windows-1252."""
    try:
        return decode_text(text[: LONGEST_TEXT_BYTES + 1].encode("latin-1"))
    except UnicodeEncodeError:
        return text


def clean_text(text: str, *, limit: int = CAPTION_CHARACTERS) -> str:
    """One line of at most `limit` characters: composed (NFC), nothing unprintable, single spaces."""
    text = " ".join(_UNPRINTABLE.sub(" ", text[: 4 * limit]).split())[:limit]
    return unicodedata.normalize("NFC", text)[:limit].rstrip()  # last: it takes quadratic time on malicious text


def caption_of(text: str) -> str | None:
    """The text as a caption, or None: no letter, a program's boilerplate, a file's name, a wrong encoding."""
    text = clean_text(text)
    if not any(character.isalpha() for character in text):
        return None
    if _BOILERPLATE.fullmatch(text) or _MEDIA_NAME.fullmatch(text):
        return None
    if any(len(set(run)) >= _DIFFERENT for run in _FOREIGN.findall(text)):
        return None
    return text


def captions_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Those of the texts that are captions, each once, in their order."""
    found = (caption_of(text) for text in islice(texts, MOST_TEXTS))
    return tuple(dict.fromkeys(text for text in found if text is not None))


def name_of(text: str) -> str | None:
    """A camera's or lens's name: what stands before the first NUL, on one line; None where nothing does."""
    name = clean_text(text.split("\0", 1)[0], limit=NAME_CHARACTERS)
    return name if any(character.isalnum() for character in name) else None
