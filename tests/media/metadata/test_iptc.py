"""IPTC blocks, whole, damaged and arbitrary."""

import io
import struct
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.pictures import Caption, CaptionSource, TakenSource
from media.metadata.found import NOTHING, Moment
from media.metadata.iptc import parse_iptc, read_iptc
from tests.media.metadata.making import iptc_field, jpeg, read_bytes

CHARSET_UTF8 = iptc_field(90, b"\x1b%G", record=1)
FIELDS = (
    iptc_field(5, "Brücke")
    + iptc_field(25, "river")
    + iptc_field(25, "night ")
    + iptc_field(55, "20080523")
    + iptc_field(60, "155459+0200")
    + iptc_field(105, "A headline")
    + iptc_field(120, "A bridge at night")
)
TEXTS = ("A bridge at night", "A headline", "Brücke", "river, night")
WHEN = Moment(datetime(2008, 5, 23, 15, 54, 59), 120)  # noqa: DTZ001


def test_every_field_is_read(tmp_path: Path) -> None:
    found = read_bytes(jpeg(iptc=CHARSET_UTF8 + FIELDS), tmp_path)
    assert found.captions == tuple(Caption(text, CaptionSource.IPTC) for text in TEXTS)
    assert (found.taken.local, found.taken.offset_minutes) == (WHEN.local, 120)
    assert found.taken.source is TakenSource.IPTC


@pytest.mark.parametrize("kind", [7, 4], ids=["bytes", "declared as 32-bit numbers"])
def test_tiff_blocks_are_read(kind: int) -> None:
    block = FIELDS + b"\0" * (-len(FIELDS) % 4)
    plain = io.BytesIO()
    tags = Image.Exif()
    Image.new("L", (4, 4)).save(plain, "TIFF", exif=tags, tiffinfo={33723: b"@@@@" * (len(block) // 4)})
    data = bytearray(plain.getvalue().replace(b"@@@@" * (len(block) // 4), block))
    entry = next(i for i in range(8, len(data), 2) if data[i : i + 2] == struct.pack("<H", 33723))
    count = len(block) if kind == 7 else len(block) // 4
    data[entry + 2 : entry + 8] = struct.pack("<HL", kind, count)
    with Image.open(io.BytesIO(bytes(data))) as image:
        found = read_iptc(image)
    assert found.captions == TEXTS
    assert found.taken == WHEN


def test_fields_before_a_damaged_one_are_kept() -> None:
    for damage in (b"\x1c", b"\x1c\x02\x78\x7f\xff", b"\x1c\x02\x78\x80\x04\xff\xff\xff\xff", b"garbage garbage"):
        assert parse_iptc(FIELDS + damage).captions == TEXTS


@pytest.mark.parametrize("written", ["Brücke".encode(), "Brücke".encode("latin-1")])
@pytest.mark.parametrize("charset", [b"", CHARSET_UTF8])
def test_texts_are_read_whatever_the_charset_says(charset: bytes, written: bytes) -> None:
    assert parse_iptc(charset + iptc_field(120, written)).captions == ("Brücke",)


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [
        ("20080523", "", Moment(datetime(2008, 5, 23))),  # noqa: DTZ001
        ("2008-05-23", "15:54:59", Moment(datetime(2008, 5, 23, 15, 54, 59))),  # noqa: DTZ001
        ("00000000", "155459", None),
        ("20080500", "155459", None),
        ("", "143000+0000", None),
    ],
)
def test_dates(day: str, hour: str, expected: Moment | None) -> None:
    assert parse_iptc(iptc_field(55, day) + iptc_field(60, hour)).taken == expected


@given(st.binary())
def test_any_bytes_are_read_without_an_exception(block: bytes) -> None:
    found = parse_iptc(block)
    assert all(text == text.strip() and text for text in found.captions)


@given(
    st.lists(st.tuples(st.sampled_from([5, 25, 55, 60, 105, 120]), st.binary(max_size=40)), max_size=8), st.integers(0)
)
def test_any_cut_of_any_fields_gives_no_more_than_the_whole(fields: list[tuple[int, bytes]], cut: int) -> None:
    block = b"".join(iptc_field(number, value) for number, value in fields if number != 25)
    assert set(parse_iptc(block[: cut % (len(block) + 1)]).captions) <= set(parse_iptc(block).captions)


def test_pictures_without_a_block_have_nothing() -> None:
    with Image.open(io.BytesIO(jpeg())) as image:
        assert read_iptc(image) == NOTHING
