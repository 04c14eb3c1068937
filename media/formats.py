"""The picture formats that are read, and how a file is recognised: one table of rows.

Content decides; a name only says whether a file is worth a look. What the rows mean to Pillow (plugins, loading) is
used by `opening`; nothing here imports Pillow, so a scanner can ask `is_candidate` at no cost.
"""

import os
from dataclasses import dataclass

HEADER_BYTES = 64  # what `sniff` and `unread_format` want to see; fewer is fine


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """One format.

    `magic` are (offset, bytes) pairs; any that matches is enough. `plugin` is the module of Pillow (or of pillow-heif)
    that registers `pillow_name`.
    """

    name: str
    extensions: tuple[bytes, ...]
    plugin: str
    pillow_name: str
    magic: tuple[tuple[int, bytes], ...]


_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")

# HEIC is read by pillow-heif (libheif), AVIF by Pillow's own plugin (libavif and dav1d, in its wheels since 11.3):
# the wheels of pillow-heif carry no AV1 decoder any more. Only the brand tells the two apart, see `sniff`.
FORMATS: tuple[PictureFormat, ...] = (
    PictureFormat(
        "jpeg",
        (b".jpg", b".jpeg", b".jpe", b".jfif", b".mpo"),
        "PIL.JpegImagePlugin",
        "JPEG",
        ((0, b"\xff\xd8\xff"),),
    ),
    PictureFormat("png", (b".png", b".apng"), "PIL.PngImagePlugin", "PNG", ((0, b"\x89PNG\r\n\x1a\n"),)),
    PictureFormat("webp", (b".webp",), "PIL.WebPImagePlugin", "WEBP", ((8, b"WEBPVP8"),)),
    PictureFormat("gif", (b".gif",), "PIL.GifImagePlugin", "GIF", ((0, b"GIF87a"), (0, b"GIF89a"))),
    PictureFormat(
        "tiff",
        (b".tif", b".tiff"),
        "PIL.TiffImagePlugin",
        "TIFF",
        ((0, b"II*\0"), (0, b"MM\0*"), (0, b"II+\0"), (0, b"MM\0+")),
    ),
    PictureFormat("bmp", (b".bmp", b".dib"), "PIL.BmpImagePlugin", "BMP", ((0, b"BM"),)),
    PictureFormat(
        "jpeg2000",
        (b".jp2", b".j2k", b".jpc", b".jpf", b".jpx", b".j2c"),
        "PIL.Jpeg2KImagePlugin",
        "JPEG2000",
        ((0, b"\xff\x4f\xff\x51"), (0, b"\0\0\0\x0cjP  \r\n\x87\n")),
    ),
    PictureFormat("avif", (b".avif",), "PIL.AvifImagePlugin", "AVIF", ((8, b"avif"), (8, b"avis"))),
    PictureFormat(
        "heif",
        (b".heic", b".heif", b".hif", b".heics", b".heifs"),
        "pillow_heif",
        "HEIF",
        tuple((8, brand) for brand in _HEIF_BRANDS),
    ),
    PictureFormat(
        "ppm",
        (b".ppm", b".pgm", b".pbm", b".pnm", b".pfm"),
        "PIL.PpmImagePlugin",
        "PPM",
        tuple((0, b"P" + kind) for kind in (b"1", b"2", b"3", b"4", b"5", b"6", b"F", b"f", b"y")),
    ),
)

PICTURE_EXTENSIONS: frozenset[bytes] = frozenset(extension for row in FORMATS for extension in row.extensions)
"""Lower case, with the dot."""

_BY_NAME = {row.name: row for row in FORMATS}
_ISO_MEDIA = frozenset({"avif", "heif"})  # their magic counts only inside an ISO media box

# Pictures by their magic, and not read: said as such, so that a later version (or a converter) can take them up.
_UNREAD: tuple[tuple[str, int, bytes], ...] = (
    ("JPEG XL", 0, b"\xff\x0a"),
    ("JPEG XL", 0, b"\0\0\0\x0cJXL \r\n\x87\n"),
    ("Photoshop", 0, b"8BPS"),
    ("ICO", 0, b"\0\0\1\0"),
    ("CUR or Targa", 0, b"\0\0\2\0"),
    ("ICNS", 0, b"icns"),
    ("Canon CR3 raw", 4, b"ftypcrx "),
    ("Canon CR2 raw", 8, b"CR\2\0"),
    ("Olympus raw", 0, b"IIRO"),
    ("Olympus raw", 0, b"IIRS"),
    ("Panasonic raw", 0, b"IIU\0"),
    ("Fujifilm raw", 0, b"FUJIFILMCCD-RAW"),
    ("Minolta raw", 0, b"\0MRM"),
    ("Sigma raw", 0, b"FOVb"),
    ("DDS", 0, b"DDS "),
    ("EPS", 0, b"%!PS-Adobe"),
    ("EPS", 0, b"\xc5\xd0\xd3\xc6"),
    ("OpenEXR", 0, b"v/1\1"),
    ("Radiance HDR", 0, b"#?RADIANCE"),
    ("JPEG XR", 0, b"II\xbc\1"),
    ("QOI", 0, b"qoif"),
    ("SGI", 0, b"\1\xda"),
    ("FLI animation", 4, b"\x11\xaf"),
    ("FLC animation", 4, b"\x12\xaf"),
    ("XCF", 0, b"gimp xcf "),
    ("DjVu", 0, b"AT&TFORM"),
    ("WMF", 0, b"\xd7\xcd\xc6\x9a"),
    ("EMF", 40, b" EMF"),
    ("PCX", 0, b"\x0a\5\1"),
    ("Sun raster", 0, b"\x59\xa6\x6a\x95"),
    ("BPG", 0, b"BPG\xfb"),
    ("PAM", 0, b"P7\n"),
    ("Netpbm (extended)", 0, b"P0CMYK"),
)


def format_row(name: str) -> PictureFormat:
    """The row of this format; KeyError where `sniff` never said that name."""
    return _BY_NAME[name]


def is_candidate(name: bytes) -> bool:
    """True where a file of this name may be a picture: a known extension, or none at all (the content decides).

    A leading dot is no extension: `.profile` has none.
    """
    extension = os.path.splitext(name)[1].lower()  # noqa: PTH122 - bytes
    return not extension or extension in PICTURE_EXTENSIONS


def sniff(header: bytes) -> str | None:
    """The format of a file that starts with these bytes, or None. 32 bytes are enough for every row."""
    if unread_format(header) is not None:  # several raw formats are TIFF inside
        return None
    for row in FORMATS:
        if row.name in _ISO_MEDIA and header[4:8] != b"ftyp":
            continue
        if row.name == "webp" and header[:4] != b"RIFF":
            continue
        if any(header[offset : offset + len(magic)] == magic for offset, magic in row.magic):
            return _heif_or_avif(header) if row.name == "heif" else row.name
    return None


def unread_format(header: bytes) -> str | None:
    """The name of a picture format that is known by its magic and not read, or None."""
    for name, offset, magic in _UNREAD:
        if header[offset : offset + len(magic)] == magic:
            return name
    start = header.lstrip(b"\xef\xbb\xbf \t\r\n")[:32].lower()
    if start.startswith(b"<svg") or (start.startswith((b"<?xml", b"<!--")) and b"<svg" in header.lower()):
        return "SVG"
    return None


def _heif_or_avif(header: bytes) -> str:
    """`mif1` and `msf1` say only "pictures inside": the compatible brands say which."""
    if header[8:12] not in {b"mif1", b"msf1"}:
        return "heif"
    end = min(int.from_bytes(header[:4], "big"), len(header))
    compatible = {header[at : at + 4] for at in range(16, end, 4)}
    return "avif" if compatible & {b"avif", b"avis"} else "heif"
