"""What is recognised, by name and by content."""

from pathlib import Path

import pytest

from media.formats import FORMATS, PICTURE_EXTENSIONS, format_row, is_candidate, sniff, unread_format


@pytest.mark.parametrize(
    ("name", "candidate"),
    [
        (b"a.jpg", True),
        (b"a.JPEG", True),
        (b"a.HeIc", True),
        (b"IMG_0001", True),  # no extension: the content decides
        (b".hidden", True),
        (b"a\xff\n.png", True),
        (b"a.txt", False),
        (b"a.jpg.part", False),
        (b"a.svg", False),
    ],
)
def test_names(name: bytes, candidate: bool) -> None:
    assert is_candidate(name) is candidate


def test_every_extension_belongs_to_one_format() -> None:
    every = [extension for row in FORMATS for extension in row.extensions]
    assert len(every) == len(set(every)) == len(PICTURE_EXTENSIONS)
    assert all(extension.startswith(b".") and extension == extension.lower() for extension in every)
    assert format_row("heif").pillow_name == "HEIF"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        (b"RIFF\0\0\0\0AVI LIST", None),
        (b"XXXX\0\0\0\0WEBPVP8 ", None),
        (b"MM\0*\0\0\0\x08", "tiff"),
        (b"II*\0\x10\0\0\0CR\2\0", None),  # a Canon raw is a TIFF outside
        (b"P6 1 1 255 ", "ppm"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "heif"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "avif"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "heif"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", None),
        (b"xxxxxxxxavif", None),
        (b"", None),
        (b"hello", None),
    ],
)
def test_content(header: bytes, name: str | None) -> None:
    assert sniff(header) == name


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b"\xff\x0a\xff", "JPEG XL"),
        (b"8BPS\0\1", "Photoshop"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1", "Canon CR3 raw"),
        (b"  <svg xmlns=", "SVG"),
        (b"<?xml version='1.0'?>\n<svg ", "SVG"),
        (b"<?xml version='1.0'?>\n<html>", None),
        (b"\xff\xd8\xff", None),
    ],
)
def test_known_and_not_read(header: bytes, name: str | None) -> None:
    assert unread_format(header) == name


def test_real_files_are_what_their_extension_says(test_data: Path) -> None:
    small = test_data / "hostile" / "small"
    by_extension = {extension: row.name for row in FORMATS for extension in row.extensions}
    seen = set()
    for file in small.iterdir():
        expected = by_extension.get(file.suffix.lower().encode())
        if expected is not None and file.stat().st_size:
            assert sniff(file.read_bytes()[:64]) == expected, file
            seen.add(expected)
    assert {"jpeg", "png", "gif", "tiff", "bmp", "webp"} <= seen
