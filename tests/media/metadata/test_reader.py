"""The merging: which source wins, and that nothing bad is raised."""

import io
import os
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from core.pictures import Caption, CaptionSource, TakenSource
from media.metadata import Metadata, read_metadata
from media.metadata.reader import MOST_CAPTIONS
from tests.media.metadata.making import exif_block, iptc_field, jpeg, rationals, read_bytes, text, xmp_packet

EXIF = exif_block(
    [text(0x010F, "Canon"), text(0x0110, "EOS"), text(0x010E, "from EXIF"), text(0x0132, "2020:01:01 00:00:00")],
    [text(0x9003, "2001:01:01 00:00:00"), text(0xA434, "lens of EXIF")],
    [text(1, "N"), rationals(2, (1, 1)), text(3, "E"), rationals(4, (1, 1))],
)
XMP = xmp_packet(
    "<dc:title>from XMP</dc:title>",
    'exif:DateTimeOriginal="2002-01-01" exif:GPSLatitude="2,0N" exif:GPSLongitude="2,0E" tiff:Model="XMP" aux:Lens="lens of XMP"',
)
IPTC = iptc_field(120, "from IPTC") + iptc_field(55, "20030101")
SIDECAR = xmp_packet(
    "<dc:title>from a sidecar</dc:title>",
    'exif:DateTimeOriginal="2004-01-01" exif:GPSLatitude="4,0N" exif:GPSLongitude="4,0E" tiff:Model="SIDECAR"',
)
TAKEOUT = '{"photoTakenTime": {"timestamp": "1104537600"}, "geoData": {"latitude": 5, "longitude": 5}}'


@pytest.fixture
def sidecars(tmp_path: Path) -> Path:
    (tmp_path / "photo.xmp").write_bytes(SIDECAR)
    (tmp_path / "photo.json").write_text(TAKEOUT)
    return tmp_path


CHANGED = exif_block([text(0x0132, "2020:01:01 00:00:00")])


@pytest.mark.parametrize(
    ("picture", "source", "year", "latitude", "camera", "lens"),
    [
        (jpeg(exif=EXIF, xmp=XMP, iptc=IPTC), TakenSource.EXIF, 2001, 1, "Canon EOS", "lens of EXIF"),
        (jpeg(xmp=XMP, iptc=IPTC), TakenSource.XMP, 2002, 2, "XMP", "lens of XMP"),
        (jpeg(exif=CHANGED, iptc=IPTC), TakenSource.IPTC, 2003, 4, "SIDECAR", None),
        (jpeg(exif=CHANGED), TakenSource.SIDECAR, 2004, 4, "SIDECAR", None),
        (jpeg(), TakenSource.SIDECAR, 2004, 4, "SIDECAR", None),
    ],
    ids=["exif", "xmp", "iptc", "sidecar before EXIF's change date", "sidecar"],
)
def test_the_order_of_sources(  # one picture, all its fields
    sidecars: Path, picture: bytes, source: TakenSource, year: int, latitude: int, camera: str, lens: str | None
) -> None:
    found = read_bytes(picture, sidecars)
    assert (found.taken.source, found.taken.local) == (source, datetime(year, 1, 1))  # noqa: DTZ001
    assert (found.latitude, found.longitude, found.camera, found.lens) == (latitude, latitude, camera, lens)


def test_json_fills_what_is_still_missing(sidecars: Path) -> None:
    (sidecars / "photo.xmp").unlink()
    found = read_bytes(jpeg(exif=CHANGED), sidecars)
    assert (found.taken.source, found.taken.local.year, found.taken.offset_minutes) == (TakenSource.SIDECAR, 2005, 0)
    assert found.latitude == 5
    (sidecars / "photo.json").unlink()
    found = read_bytes(jpeg(exif=CHANGED), sidecars)
    assert (found.taken.source, found.taken.local.year) == (TakenSource.EXIF, 2020)


def test_captions_of_every_source_count_the_owner_s_first(sidecars: Path) -> None:
    (sidecars / "photo.txt").write_text("from XMP")
    found = read_bytes(jpeg(exif=EXIF, xmp=XMP, iptc=IPTC), sidecars)
    assert found.captions == (
        Caption("from XMP", CaptionSource.SIDECAR_TEXT),
        Caption("from a sidecar", CaptionSource.SIDECAR_XMP),
        Caption("from IPTC", CaptionSource.IPTC),
        Caption("from EXIF", CaptionSource.EXIF),
    )


def test_a_picture_that_says_nothing_has_the_time_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg())
    os.utime(path, (1_224_692_919, 1_224_692_919))
    with Image.open(path) as image:
        found = read_metadata(image, path=os.fsencode(path), stat=path.stat())
    assert found.taken.local == datetime.fromtimestamp(1_224_692_919)  # noqa: DTZ006 - this machine's clock
    assert found.taken.local.tzinfo is None
    assert found == Metadata(exif_orientation=1, taken=found.taken)
    assert (found.taken.offset_minutes, found.taken.source) == (None, TakenSource.FILE)


def test_the_number_of_captions_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "photo.json").write_text('{"captions": [' + ",".join(f'"text a{n}"' for n in range(500)) + "]}")
    assert len(read_bytes(jpeg(), tmp_path).captions) == MOST_CAPTIONS


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_anywhere_in_the_blocks_never_raises(tmp_path: Path, data: st.DataObject) -> None:
    blocks = [bytearray(block) for block in (EXIF, XMP, IPTC)]
    for block in blocks:
        for at in data.draw(st.lists(st.integers(6, len(block) - 1), max_size=5)):
            block[at] = data.draw(st.integers(0, 255))
    exif, xmp, iptc = (bytes(block) for block in blocks)
    found = read_bytes(jpeg(exif=exif, xmp=xmp, iptc=iptc), tmp_path)
    assert 1 <= found.exif_orientation <= 8
    assert found.latitude is None or abs(found.latitude) <= 90


def test_images_without_a_file_and_other_formats_are_read(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("P", (4, 4)).save(buffer, "GIF")
    path = tmp_path / "photo"
    path.write_bytes(b"")
    with Image.open(buffer) as image:
        for one in (image, Image.new("RGB", (2, 2))):
            assert read_metadata(one, path=os.fsencode(path), stat=path.stat()).captions == ()


def test_reading_leaves_the_pixels_decodable(tmp_path: Path) -> None:
    for file_format in ("TIFF", "JPEG", "PNG"):
        path = tmp_path / f"photo.{file_format.lower()}"
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.new("RGB", (20, 10), (200, 30, 30)).save(path, file_format, exif=exif)
        with Image.open(path) as image:
            read_metadata(image, path=os.fsencode(path), stat=path.stat())
            assert image.convert("RGB").getpixel((3, 3)) == pytest.approx((200, 30, 30), abs=3)
