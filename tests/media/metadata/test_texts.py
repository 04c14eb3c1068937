"""Captions worth showing, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.metadata.camera import camera_of
from media.metadata.texts import CAPTION_CHARACTERS, caption_of, captions_of, clean_text, decode_text, name_of


@pytest.mark.parametrize(
    "text",
    [
        "OLYMPUS DIGITAL CAMERA         ",
        "SONY DSC",
        "Digital StillCamera",
        "DIGITAL CAMERA",
        "KONICA MINOLTA DIGITAL CAMERA",
        "SANYO DIGITAL CAMERA",
        "Exif_JPEG_PICTURE",
        "<Digimax i50 MP3, Samsung #1 MP3>",
        "binary comment",
        "Created with GIMP",
        "File written by Adobe Photoshop® 4.0",
        '{"shape": [32, 32, 3]}',
        "ImageJ=1.52a images=3",
        "a5cb01550dbb9a6bf732f87e413f6e231cc4581e6a5be800fb0871dce0760cd5",
        "IMG_20200101_120000.jpg",
        "90",
        "0 0.5 0.5 0.25 0.25",
        " \t\n",
        "\0\0\0",
        "",
        "---",
    ],
)
def test_boilerplate_is_no_caption(text: str) -> None:
    assert caption_of(text) is None


@pytest.mark.parametrize(
    "text",
    ["A digital camera on a table", "My Sony DSC in the rain", "猫", "Image of a dog", "Blue Square Test File - .jpg"],
)
def test_captions_are_kept(text: str) -> None:
    assert caption_of(text) == text


def test_captions_are_one_clean_bounded_line() -> None:
    assert caption_of(" two\r\nlines\x00and\tmore\u2028\ud800 ") == "two lines and more"
    assert caption_of("e\u0301te\u0301") == "été"
    assert len(caption_of("word " * 100_000) or "") <= CAPTION_CHARACTERS
    assert captions_of(["a", "b", "a ", "SONY DSC"]) == ("a", "b")


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_any_text_can_be_stored_and_printed_on_one_line(text: str) -> None:
    clean = clean_text(text)
    assert clean.encode("utf-8").decode("utf-8") == clean
    assert "\n" not in clean
    assert clean_text(clean) == clean


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding: str) -> None:
    assert decode_text("Größe – café".encode(encoding)) == "Größe – café"


@pytest.mark.parametrize(
    ("meant", "encoding"),
    [
        ("轻松水印专业版", "gbk"),
        ("Собака на пляже", "cp1251"),
        ("해변의 고양이들", "euc-kr"),
        ("Ένας σκύλος στην παραλία", "cp1253"),
    ],
)
def test_what_was_written_in_another_encoding_is_no_caption(meant: str, encoding: str) -> None:
    assert caption_of(decode_text(meant.encode(encoding))) is None
    assert caption_of(meant) == meant


@pytest.mark.parametrize("text", ["jäääär, töööö", "bláæðaígerð", "Às três ações", "°°°°°° wärmer", "ÅÄÖåä"])
def test_letters_with_accents_are_captions(text: str) -> None:
    assert caption_of(text) == text


def test_a_megabyte_is_cut_between_characters() -> None:
    assert decode_text(b"a" + "é".encode() * 1_000_000).rstrip("é") == "a"


@given(st.binary())
def test_any_bytes_are_some_text(data: bytes) -> None:
    assert isinstance(decode_text(data), str)


@pytest.mark.parametrize(
    ("make", "model", "expected"),
    [
        ("Canon", "Canon EOS 40D", "Canon EOS 40D"),
        ("NIKON CORPORATION", "NIKON D70", "NIKON D70"),
        ("NIKON CORPORATION", "E950", "NIKON E950"),
        ("NIKON", "COOLPIX P6000", "NIKON COOLPIX P6000"),
        ("EASTMAN KODAK COMPANY", "KODAK DC240 ZOOM DIGITAL CAMERA", "KODAK DC240 ZOOM DIGITAL CAMERA"),
        ("OLYMPUS OPTICAL CO.,LTD", "C960Z,D460Z", "OLYMPUS C960Z,D460Z"),
        ("Konica Minolta Camera, Inc.", "DiMAGE Z3", "Konica Minolta DiMAGE Z3"),
        ("samsung\0\0", "SM-G930F  ", "samsung SM-G930F"),
        ("motorola", "moto g(9) plus", "motorola moto g(9) plus"),
        ("Canon", "Canon", "Canon"),
        ("Canon", "", "Canon"),
        ("", "X100", "X100"),
        ("Camera Co.", "1", "Camera 1"),
        ("  ", "\0", None),
        ("----", "----", None),
    ],
)
def test_cameras(make: str, model: str, expected: str | None) -> None:
    assert camera_of(make, model) == expected


def test_names_end_at_the_first_nul_and_are_bounded() -> None:
    assert name_of("EF50mm f/1.8\0garbage") == "EF50mm f/1.8"
    assert len(name_of("x" * 10_000) or "") == 100
