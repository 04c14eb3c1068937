"""Sidecars: their names, what may be opened, and what they say."""

import json
import os
import socket
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.pictures import Caption, CaptionSource, TakenAt, TakenSource
from media.metadata import is_sidecar, sidecar_candidates, sidecars_of
from media.metadata.found import NOTHING, Moment, Position
from media.metadata.sidecars import LARGEST_SIDECAR_BYTES, parse_json, parse_text
from tests.media.metadata.making import jpeg, read_bytes, xmp_packet


def test_names_in_order() -> None:
    assert sidecar_candidates(b"photo.jpg") == (
        *(b"photo.jpg.txt", b"photo.jpg.TXT", b"photo.txt", b"photo.TXT"),
        *(b"photo.jpg.xmp", b"photo.jpg.XMP", b"photo.xmp", b"photo.XMP"),
        *(b"photo.jpg.json", b"photo.jpg.JSON", b"photo.json", b"photo.JSON"),
        b"photo.jpg.supplemental-metadata.json",
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"PXL_20230101_123456789.PORTRAIT.jpg", b"PXL_20230101_123456789.PORTRAIT.jpg.supplement.json"),
        (b"a" * 47 + b".jpg", b"a" * 46 + b".json"),
        (b"photo(1).jpg", b"photo.jpg(1).json"),
        (b"photo(1).jpg", b"photo.jpg.supplemental-metadata(1).json"),
        ("é".encode() * 50 + b".jpg", "é".encode() * 46 + b".json"),
        (b"caf\xe9.jpg", b"caf\xe9.xmp"),
        (b"no extension", b"no extension.txt"),
        (b"two\nlines.jpg", b"two\nlines.json"),
    ],
)
def test_names_by_example(name: bytes, expected: bytes) -> None:
    assert expected in sidecar_candidates(name)


@given(st.binary(min_size=1, max_size=80).filter(lambda name: b"/" not in name and b"\0" not in name))
def test_names_are_distinct_bare_and_never_the_picture_itself(name: bytes) -> None:
    names = sidecar_candidates(name)
    assert all(is_sidecar(one) for one in names)
    assert len(set(names)) == len(names)
    assert name not in names
    assert not any(b"/" in one for one in names)


def test_each_kind_is_read_beside_the_picture(tmp_path: Path) -> None:
    (tmp_path / "photo.TXT").write_bytes("A café\nat noon".encode("utf-16"))
    (tmp_path / "photo.jpg.xmp").write_bytes(xmp_packet("<dc:title>Le café</dc:title>", 'tiff:Model="X100"'))
    (tmp_path / "photo.json").write_text('{"caption": "coffee"}')
    found = read_bytes(jpeg(), tmp_path)
    assert found.captions == (
        Caption("A café at noon", CaptionSource.SIDECAR_TEXT),
        Caption("Le café", CaptionSource.SIDECAR_XMP),
        Caption("coffee", CaptionSource.SIDECAR_JSON),
    )
    assert found.camera == "X100"


def test_the_fuller_name_goes_first(tmp_path: Path) -> None:
    (tmp_path / "photo.txt").write_text("of any photo")
    (tmp_path / "photo.jpg.txt").write_text("of the JPEG")
    assert [caption.text for caption in read_bytes(jpeg(), tmp_path).captions] == ["of the JPEG", "of any photo"]


def test_one_file_under_two_names_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "photo.txt").write_text("once")
    os.link(tmp_path / "photo.txt", tmp_path / "photo.TXT")
    assert len(sidecars_of(os.fsencode(tmp_path / "photo.jpg"))) == 1


def test_only_small_regular_files_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "photo.txt")  # opening it would wait for ever
    (tmp_path / "photo.json").mkdir()
    (tmp_path / "photo.xmp").symlink_to(tmp_path / "nowhere")
    (tmp_path / "photo.jpg.json").write_bytes(b" " * (LARGEST_SIDECAR_BYTES + 1))
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # a socket's path is short
        server.bind("photo.jpg.txt")
        assert sidecars_of(os.fsencode(tmp_path / "photo.jpg")) == ()
        assert read_bytes(jpeg(), tmp_path).captions == ()


def test_a_file_that_may_not_be_read_or_vanished_is_left_out(tmp_path: Path) -> None:
    from media.metadata.sidecars import read_sidecars

    assert read_sidecars(os.fsencode(tmp_path / "gone" / "photo.jpg")) == []
    assert read_sidecars(b"\0.jpg") == []
    assert read_sidecars(os.fsencode(tmp_path / ("x" * 300 + ".jpg"))) == []


TAKEOUT = {
    "title": "IMG_0042.jpg",
    "description": "Our boat",
    "photoTakenTime": {"timestamp": "1224692919", "formatted": "22.10.2008, 16:28:39 UTC"},
    "geoData": {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0},
    "geoDataExif": {"latitude": 43.467, "longitude": 11.885, "altitude": 0.0},
}


def test_google_takeout(tmp_path: Path) -> None:
    (tmp_path / "IMG_0042.jpg.supplemental-metadata.json").write_text(json.dumps(TAKEOUT))
    found = read_bytes(jpeg(), tmp_path, "IMG_0042.jpg")
    assert found.captions == (Caption("Our boat", CaptionSource.SIDECAR_JSON),)
    assert found.taken == TakenAt(datetime(2008, 10, 22, 16, 28, 39), 0, TakenSource.SIDECAR)  # noqa: DTZ001
    assert (found.latitude, found.longitude) == (43.467, 11.885)


@pytest.mark.parametrize(
    ("fields", "texts"),
    [
        ({"caption": "a"}, ("a",)),
        ({"captions": ["a", "b", 3, None, "a"]}, ("a", "b")),
        ({"captions": "a"}, ("a",)),
        ({"description": "a", "title": "b"}, ("a", "b")),
        ({"caption": {"en": "a"}, "description": 7}, ()),
        (["a"], ()),
        ("a", ()),
        (None, ()),
    ],
)
def test_simple_json(fields: object, texts: tuple[str, ...]) -> None:
    assert parse_json(json.dumps(fields).encode("utf-8-sig")).captions == texts


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe{",
        b"[" * 500_000,
        b'{"a":' * 100_000,
        b'{"photoTakenTime": {"timestamp": "' + b"9" * 10_000 + b'"}}',
        b'{"photoTakenTime": {"timestamp": "soon"}, "geoData": {"latitude": NaN, "longitude": 1}}',
        b'{"photoTakenTime": 7, "geoData": []}',
        b'{"geoData": {"latitude": ' + b"9" * 400 + b', "longitude": 1}}',
        b'{"photoTakenTime": {"timestamp": 1e400}}',
    ],
)
def test_damaged_json_gives_nothing(data: bytes) -> None:
    assert parse_json(data) == NOTHING


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
)
KEYS = ["caption", "captions", "description", "title", "photoTakenTime", "geoData", "geoDataExif"]
places = st.dictionaries(st.sampled_from(["latitude", "longitude", "timestamp"]), json_values, max_size=3)


@given(st.dictionaries(st.sampled_from(KEYS), json_values | places))
def test_any_json_is_read_without_an_exception(fields: dict[str, object]) -> None:
    found = parse_json(json.dumps(fields).encode())
    assert found.position is None or abs(found.position.latitude) <= 90
    assert all(text.encode() for text in found.captions)


def test_good_fields_beside_bad_ones() -> None:
    fields = {"photoTakenTime": {"timestamp": "x"}, "geoData": {"latitude": 1.5, "longitude": -2}, "caption": "a"}
    assert parse_json(json.dumps(fields).encode()).position == Position(1.5, -2)
    fields = {"photoTakenTime": {"timestamp": 86_400}, "geoData": {"latitude": 91, "longitude": 0}}
    assert parse_json(json.dumps(fields).encode()).taken == Moment(datetime(1970, 1, 2), 0)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        ("Größe".encode(), ("Größe",)),
        ("Größe".encode("utf-8-sig"), ("Größe",)),
        ("Größe".encode("utf-16"), ("Größe",)),
        ("Größe".encode("latin-1"), ("Größe",)),
        (b"0 0.5 0.5 0.25 0.25\n1 0.1 0.1 0.2 0.2\n", ()),
        (b"\x7fELF\0\0\0binary", ()),
        (b"", ()),
    ],
    ids=["utf-8", "bom", "utf-16", "latin-1", "boxes of a detector", "binary", "empty"],
)
def test_text_files(data: bytes, texts: tuple[str, ...]) -> None:
    assert parse_text(data).captions == texts
