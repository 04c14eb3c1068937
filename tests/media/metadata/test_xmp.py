"""XMP packets in RDF's many spellings, and those made to hurt."""

import io
import time
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.pictures import Caption, CaptionSource, TakenSource
from media.metadata.found import NOTHING, Moment, Position
from media.metadata.xmp import LONGEST_PACKET_BYTES, parse_xmp, read_xmp
from tests.media.metadata.making import jpeg, read_bytes, xmp_packet

ALT = (
    '<dc:description><rdf:Alt><rdf:li xml:lang="de">Ein Boot</rdf:li>'
    '<rdf:li xml:lang="x-default">A boat</rdf:li></rdf:Alt></dc:description>'
)
BAG = "<dc:subject><rdf:Bag><rdf:li>lake</rdf:li><rdf:li> boat </rdf:li><rdf:li/></rdf:Bag></dc:subject>"
ATTRIBUTES = (
    'photoshop:Headline="Headline" exif:GPSLatitude="48,51.5N" exif:GPSLongitude="2,17.67E" tiff:Make="NIKON CORPORATION" '
    'tiff:Model="NIKON D70" aux:Lens="50mm f/1.4" xmp:CreateDate="2009-11-28T13:42:39+01:00"'
)


def test_every_field_is_read_in_every_spelling(tmp_path: Path) -> None:
    title = "<dc:title rdf:parseType='Resource'><rdf:value>Title</rdf:value></dc:title>"
    found = read_bytes(jpeg(xmp=xmp_packet(ALT + BAG + title, ATTRIBUTES)), tmp_path)
    assert found.captions == tuple(
        Caption(text, CaptionSource.XMP) for text in ("A boat", "Headline", "Title", "lake, boat")
    )
    assert (found.latitude, found.longitude) == (pytest.approx(48 + 51.5 / 60), pytest.approx(2.2945))
    assert found.camera == "NIKON D70"
    assert found.lens == "50mm f/1.4"
    assert found.taken.local == datetime(2009, 11, 28, 13, 42, 39)  # noqa: DTZ001
    assert (found.taken.offset_minutes, found.taken.source) == (60, TakenSource.XMP)


@pytest.mark.parametrize(
    ("attributes", "day"),
    [
        ('exif:DateTimeOriginal="2001-01-01" photoshop:DateCreated="2002-02-02" xmp:CreateDate="2003-03-03"', 1),
        ('exif:DateTimeOriginal="" photoshop:DateCreated="2002-02-02" xmp:CreateDate="2003-03-03"', 2),
        ('photoshop:DateCreated="0000-00-00" xmp:CreateDate="2003-03-03" xmp:ModifyDate="2004-04-04"', 3),
        ('xmp:ModifyDate="2004-04-04" xmp:MetadataDate="2005-05-05"', None),
    ],
)
def test_the_order_of_dates(attributes: str, day: int | None) -> None:
    expected = None if day is None else Moment(datetime(2000 + day, day, day))  # noqa: DTZ001
    assert parse_xmp(xmp_packet("", attributes)).taken == expected


def test_what_the_history_says_is_not_said_of_the_picture() -> None:
    nested = (
        "<xmp:History><rdf:Seq><rdf:li><rdf:Description exif:DateTimeOriginal='1999-01-01'>"
        "<dc:description>an older one</dc:description></rdf:Description></rdf:li></rdf:Seq></xmp:History>"
    )
    assert parse_xmp(xmp_packet(nested)) == NOTHING


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_packets_in_any_encoding_and_padding(encoding: str) -> None:
    text = xmp_packet("<dc:title>Größe</dc:title>").decode()
    data = (b"\xff\xfe" if encoding == "utf-16-le" else b"") + (text + " \n" * 2000 + "\0").encode(encoding)
    assert parse_xmp(data).captions == ("Größe",)


def test_latin1_packets_are_read_in_spite_of_what_they_say() -> None:
    text = xmp_packet("<dc:title>Größe</dc:title>").decode().replace('begin="\ufeff"', 'begin=""')
    assert parse_xmp(text.encode("latin-1")).captions == ("Größe",)


ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
BOMB = f'<!DOCTYPE x [<!ENTITY e0 "ha">{ENTITIES}]>'.encode()
OUTSIDE = b'<!DOCTYPE x [<!ENTITY e11 SYSTEM "file:///etc/passwd">]>'
HARMLESS = b'<!DOCTYPE x [<!ENTITY e11 "ha">]>'


@pytest.mark.parametrize("declared", [BOMB, OUTSIDE, HARMLESS], ids=["billion laughs", "external", "harmless"])
def test_entities_are_refused(declared: bytes, tmp_path: Path) -> None:
    packet = declared + xmp_packet("<dc:title>text &e11;</dc:title>")
    started = time.monotonic()
    assert parse_xmp(packet) == NOTHING
    assert read_bytes(jpeg(xmp=packet), tmp_path).captions == ()
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\0\0\0",
        b"<x",
        b"not xml",
        xmp_packet()[:-30],
        b"<a>" * 100_000,
        b"<a>" * 100_000 + b"</a>" * 100_000,
        xmp_packet("<dc:title>&nbsp;</dc:title>"),
        xmp_packet("<dc:title>\x01</dc:title>"),
        xmp_packet("<dc:title>fine</dc:title>") + b" " * LONGEST_PACKET_BYTES,
    ],
    ids=["empty", "nul", "cut", "text", "unclosed", "deep cut", "deep", "entity", "control", "megabytes"],
)
def test_what_is_no_packet_gives_nothing(packet: bytes) -> None:
    assert parse_xmp(packet) == NOTHING


@given(st.binary())
def test_any_bytes_are_read_without_an_exception(packet: bytes) -> None:
    assert parse_xmp(packet) == NOTHING


def test_one_bad_property_leaves_the_others() -> None:
    attributes = 'exif:GPSLatitude="north" exif:GPSLongitude="2,1E" xmp:CreateDate="soon" tiff:Model="D70"'
    found = parse_xmp(xmp_packet(ALT, attributes))
    assert (found.position, found.taken, found.camera) == (None, None, "D70")
    assert found.captions == ("A boat",)
    assert parse_xmp(xmp_packet("", 'exif:GPSLatitude="1,0S" exif:GPSLongitude="2,0W"')).position == Position(-1, -2)


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP", "AVIF"])
def test_packets_are_found_in_every_format(file_format: str) -> None:
    from PIL.PngImagePlugin import PngInfo

    packet = xmp_packet("<dc:title>Größe</dc:title>")
    buffer = io.BytesIO()
    image = Image.new("RGB", (16, 16))
    if file_format == "PNG":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode())
        image.save(buffer, "PNG", pnginfo=info)
    elif file_format == "TIFF":
        image.save(buffer, "TIFF", tiffinfo={700: packet})
    else:
        image.save(buffer, file_format, xmp=packet)
    with Image.open(buffer) as opened:
        assert read_xmp(opened).captions == ("Größe",)
