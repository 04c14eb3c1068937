"""EXIF, on blocks written for the test: every field, and every way it can be broken."""

from datetime import datetime
from pathlib import Path

import pytest

from core.pictures import Caption, CaptionSource, TakenAt, TakenSource
from tests.media.metadata.making import (
    Tag,
    exif_block,
    jpeg,
    rationals,
    read_bytes,
    short,
    text,
    undefined,
    utf16,
)

MAKE, MODEL, DESCRIPTION, DATE_TIME, ORIENTATION = 0x010F, 0x0110, 0x010E, 0x0132, 0x0112
ORIGINAL, DIGITIZED, COMMENT, LENS = 0x9003, 0x9004, 0x9286, 0xA434
OFFSET, OFFSET_ORIGINAL, SUBSEC_ORIGINAL = 0x9010, 0x9011, 0x9291
LAT_REF, LAT, LON_REF, LON, GPS_TIME, GPS_DATE = 1, 2, 3, 4, 7, 29


def taken(*parts: int, offset: int | None = None) -> TakenAt:
    return TakenAt(datetime(*parts), offset, TakenSource.EXIF)  # noqa: DTZ001


def test_every_field_is_read(tmp_path: Path) -> None:
    block = exif_block(
        [text(MAKE, "Canon"), text(MODEL, "Canon EOS 40D"), text(DESCRIPTION, "Ein Hündchen"), short(ORIENTATION, 6)],
        [
            text(ORIGINAL, "2008:05:30 15:56:01"),
            text(SUBSEC_ORIGINAL, "25 "),
            text(OFFSET_ORIGINAL, "-03:30"),
            text(LENS, "EF50mm f/1.8 STM\0\0"),
        ],
        [
            text(LAT_REF, "S"),
            rationals(LAT, (33, 1), (51, 1), (3192, 100)),
            text(LON_REF, "E"),
            rationals(LON, (151, 1), (12, 1), (36, 1)),
        ],
    )
    found = read_bytes(jpeg(exif=block), tmp_path)
    assert found.camera == "Canon EOS 40D"
    assert found.lens == "EF50mm f/1.8 STM"
    assert found.taken == taken(2008, 5, 30, 15, 56, 1, 250_000, offset=-210)
    assert found.latitude == pytest.approx(-33.8588667, abs=1e-7)
    assert found.longitude == pytest.approx(151.21, abs=1e-9)
    assert found.captions == (Caption("Ein Hündchen", CaptionSource.EXIF),)
    assert found.exif_orientation == 6


@pytest.mark.parametrize(
    ("main", "exif", "expected"),
    [
        (
            [text(DATE_TIME, "2020:01:01 00:00:00")],
            [text(DIGITIZED, "2010:06:05 04:03:02")],
            taken(2010, 6, 5, 4, 3, 2),
        ),
        ([text(DATE_TIME, "2020:01:01 01:02:03")], [], taken(2020, 1, 1, 1, 2, 3)),
        (
            [],
            [text(ORIGINAL, "2001:02:03 04:05:06"), text(DIGITIZED, "1999:01:01 00:00:00")],
            taken(2001, 2, 3, 4, 5, 6),
        ),
        (
            [],
            [text(ORIGINAL, "0000:00:00 00:00:00"), text(DIGITIZED, "1999:01:02 03:04:05")],
            taken(1999, 1, 2, 3, 4, 5),
        ),
        ([], [text(ORIGINAL, "2001:02:03 04:05:06"), text(OFFSET, "+05:45")], taken(2001, 2, 3, 4, 5, 6, offset=345)),
        ([], [text(ORIGINAL, "2001:02:03 04:05:06"), text(OFFSET_ORIGINAL, "   :  ")], taken(2001, 2, 3, 4, 5, 6)),
    ],
    ids=["digitised before changed", "changed alone", "original first", "zeros dropped", "offset", "blank offset"],
)
def test_the_order_of_dates(tmp_path: Path, main: list[Tag], exif: list[Tag], expected: TakenAt) -> None:
    assert read_bytes(jpeg(exif=exif_block(main, exif)), tmp_path).taken == expected


def test_satellite_time_is_the_last_resort_and_at_utc(tmp_path: Path) -> None:
    gps = [text(GPS_DATE, "2022:01:10"), rationals(GPS_TIME, (21, 1), (15, 1), (335, 10))]
    assert read_bytes(jpeg(exif=exif_block([], None, gps)), tmp_path).taken == taken(2022, 1, 10, 21, 15, 33, offset=0)
    changed = exif_block([text(DATE_TIME, "2020:01:01 01:02:03")], None, gps)
    assert read_bytes(jpeg(exif=changed), tmp_path).taken == taken(2020, 1, 1, 1, 2, 3)


NORTH = [text(LAT_REF, "N"), rationals(LAT, (48, 1), (51, 1), (30, 1))]
EAST = [text(LON_REF, "E"), rationals(LON, (2, 1), (17, 1), (40, 1))]


@pytest.mark.parametrize(
    "gps",
    [
        [],
        NORTH,
        [NORTH[1], EAST[1]],
        [text(LAT_REF, "N"), rationals(LAT, (48, 1), (51, 0), (30, 1)), *EAST],
        [text(LAT_REF, "N"), rationals(LAT, (0, 0), (0, 0), (0, 0)), *EAST],
        [text(LAT_REF, "N"), rationals(LAT, (91, 1), (0, 1), (0, 1)), *EAST],
        [*NORTH, text(LON_REF, "E"), rationals(LON, (181, 1))],
        [text(LAT_REF, ""), text(LAT, ""), text(LON_REF, ""), text(LON, "")],
        [text(LAT_REF, "N"), rationals(LAT, (0, 1), (0, 1), (0, 1)), text(LON_REF, "E"), rationals(LON, (0, 1))],
        [text(LAT_REF, "x"), NORTH[1], *EAST],
        [text(LAT_REF, "N"), rationals(LAT, *[(1, 1)] * 4), *EAST],
    ],
    ids=["empty", "half", "no refs", "x/0", "0/0", "91 N", "181 E", "blank", "0 0", "strange ref", "four parts"],
)
def test_positions_that_make_no_sense_are_dropped_and_the_rest_is_kept(tmp_path: Path, gps: list[Tag]) -> None:
    block = exif_block([text(MODEL, "E-M5")], [text(ORIGINAL, "2001:02:03 04:05:06")], gps)
    found = read_bytes(jpeg(exif=block), tmp_path)
    assert (found.latitude, found.longitude) == (None, None)
    assert found.camera == "E-M5"
    assert found.taken == taken(2001, 2, 3, 4, 5, 6)


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        (b"ASCII\0\0\0a quiet street\0\0\0", "a quiet street"),
        (b"UNICODE\0" + "ein Fluß im Tal".encode("utf-16-le"), "ein Fluß im Tal"),
        (b"UNICODE\0" + "ein Fluß im Tal".encode("utf-16-be"), "ein Fluß im Tal"),
        (b"UNICODE\0" + "静かな通り".encode("utf-16"), "静かな通り"),
        (b"UNICODE\0" + "静かな通り".encode("utf-16-le"), "静かな通り"),
        (b"JIS\0\0\0\0\0" + "静かな通り".encode("iso2022_jp"), "静かな通り"),
        (b"\0\0\0\0\0\0\0\0" + "trois écoles".encode(), "trois écoles"),
        (b"no charset written", "no charset written"),
        (b"\0\0\0\0\0\0\0\0" + b"\x80\x81\xfe\xff" * 20, None),
        (b"JIS\0\0\0\0\0\xff\xff\xff", None),
        (b"ASCII\0\0\0" + b" " * 100, None),
        (b"", None),
    ],
)
def test_user_comments_by_their_charset(tmp_path: Path, comment: bytes, expected: str | None) -> None:
    found = read_bytes(jpeg(exif=exif_block([], [undefined(COMMENT, comment)])), tmp_path)
    assert [caption.text for caption in found.captions] == ([expected] if expected else [])


def test_windows_texts_are_utf16_and_each_text_counts_once(tmp_path: Path) -> None:
    block = exif_block(
        [
            text(DESCRIPTION, "Mongol Els"),
            utf16(0x9C9B, "Mongol Els"),
            utf16(0x9C9C, "Christoph Suter — Public domain"),
            utf16(0x9C9E, "sand;dune"),
            utf16(0x9C9F, "Монгол"),
        ]
    )
    found = read_bytes(jpeg(exif=block), tmp_path)
    expected = ("Mongol Els", "Монгол", "Christoph Suter — Public domain", "sand, dune")
    assert tuple(caption.text for caption in found.captions) == expected


@pytest.mark.parametrize(
    ("written", "caption"),
    [
        (b"ASCII\0\0\0Ein H\xfcndchen", "Ein Hündchen"),
        (b"UNICODE\0" + "Ein Hündchen".encode("utf-16-le"), "Ein Hündchen"),
        ("Ein Hündchen\0 und Reste".encode(), "Ein Hündchen"),
        (b"ASCII\0\0\0", None),
        (b"ASCII\0\0\0Created by \xc7\xe1\xcb\xc9\xcb\xae\xd3\xa1", None),
    ],
)
def test_a_comment_may_be_called_a_text(tmp_path: Path, written: bytes, caption: str | None) -> None:
    found = read_bytes(jpeg(exif=exif_block([], [text(COMMENT, written)])), tmp_path)
    assert [one.text for one in found.captions] == ([] if caption is None else [caption])


@pytest.mark.parametrize("written", ["Ein Hündchen".encode(), "Ein Hündchen".encode("latin-1")])
def test_descriptions_may_be_utf8_or_latin1(tmp_path: Path, written: bytes) -> None:
    found = read_bytes(jpeg(exif=exif_block([text(DESCRIPTION, written)])), tmp_path)
    assert found.captions == (Caption("Ein Hündchen", CaptionSource.EXIF),)


def test_a_picture_described_by_its_camera_s_name_has_no_caption(tmp_path: Path) -> None:
    block = exif_block([text(DESCRIPTION, "Gran Turismo 5"), text(MODEL, "Gran Turismo 5")])
    assert read_bytes(jpeg(exif=block), tmp_path).captions == ()


@pytest.mark.parametrize(
    "block",
    [
        b"Exif\0\0",
        b"Exif\0\0not a TIFF header at all",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        exif_block([text(MODEL, "E-M5"), short(ORIENTATION, 9)])[:40],
        exif_block([], [Tag(ORIGINAL, 5, 0xFFFFFFFF, b"\xff\xff\xff\xff")], [Tag(LAT, 2, 9, b"\xff\xff\xff\x7f")]),
        exif_block([text(ORIENTATION, "six"), rationals(MAKE, (1, 0)), short(DESCRIPTION, 7), short(DATE_TIME, 1)]),
    ],
    ids=["empty", "no header", "far offset", "cut", "huge counts", "wrong types"],
)
def test_damaged_blocks_give_nothing(tmp_path: Path, block: bytes) -> None:
    found = read_bytes(jpeg(exif=block), tmp_path)
    assert (found.exif_orientation, found.camera, found.captions) == (1, None, ())
    assert found.taken.source is TakenSource.FILE
