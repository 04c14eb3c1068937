"""Real cameras' files. The values were taken from exiftool 12.57, not from this program."""

import os
import shutil
import warnings
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from core.pictures import TakenSource
from media.metadata import read_metadata
from tests.media.metadata.making import jpeg, read_bytes, read_file

SAMPLES = "metadata/exif-samples/jpg__"
IMMICH = "metadata/immich/"

CAMERAS = [
    ("Canon_40D.jpg", "Canon EOS 40D", "2008-05-30T15:56:01"),
    ("Canon_DIGITAL_IXUS_400.jpg", "Canon DIGITAL IXUS 400", "2004-08-27T13:52:55"),
    ("Canon_PowerShot_S40.jpg", "Canon PowerShot S40", "2003-12-14T12:01:44"),
    ("Fujifilm_FinePix6900ZOOM.jpg", "FUJIFILM FinePix6900ZOOM", "2001-02-19T06:40:05"),
    ("Fujifilm_FinePix_E500.jpg", "FUJIFILM FinePix E500", "2006-08-17T09:24:48"),
    ("Kodak_CX7530.jpg", "KODAK CX7530 ZOOM DIGITAL CAMERA", "2005-08-13T09:47:23"),
    ("Konica_Minolta_DiMAGE_Z3.jpg", "KONICA MINOLTA DiMAGE Z3", "2005-03-10T15:10:48"),
    ("Nikon_COOLPIX_P1.jpg", "NIKON COOLPIX P1", "2008-03-07T09:55:46"),
    ("Nikon_D70.jpg", "NIKON D70", "2008-03-15T09:52:01"),
    ("Olympus_C8080WZ.jpg", "OLYMPUS C8080WZ", "2006-10-22T15:44:29"),
    ("Panasonic_DMC-FZ30.jpg", "Panasonic DMC-FZ30", "2008-07-16T11:33:20"),
    ("Pentax_K10D.jpg", "PENTAX K10D", "2008-05-04T16:47:24"),
    ("Sony_HDR-HC3.jpg", "SONY HDR-HC3", "2007-06-15T04:42:32"),
    ("exif-org__nikon-e950.jpg", "NIKON E950", "2001-04-06T11:51:40"),
    ("exif-org__olympus-c960.jpg", "OLYMPUS C960Z,D460Z", "2000-11-07T10:41:43"),
    ("exif-org__sanyo-vpcg250.jpg", "SANYO SR6", "1998-01-01T00:00:00"),
    ("tests__32-lens_data.jpeg", "NIKON D300", "2012-07-14T16:30:12.680000"),
    ("tests__67-0_length_string.jpg", "samsung SM-G930F", "2016-09-12T10:05:31"),
    ("WWL_(Polaroid)_ION230.jpg", "WWL ION230", "2026-11-24T14:41:16"),
]


@pytest.mark.parametrize(("name", "camera", "taken"), CAMERAS)
def test_named_cameras(test_data: Path, name: str, camera: str, taken: str) -> None:
    found = read_file(test_data / f"{SAMPLES}{name}")
    assert found.camera == camera
    assert found.taken.local.isoformat() == taken
    assert (found.taken.source, found.taken.offset_minutes) == (TakenSource.EXIF, None)


PLACES = [
    (f"{SAMPLES}gps__DSCN0010.jpg", 43.4674483333333, 11.8851266666639),
    (f"{SAMPLES}gps__DSCN0012.jpg", 43.4671566666639, 11.8853949999972),
    (f"{SAMPLES}gps__DSCN0021.jpg", 43.4670816666639, 11.8845383333306),
    (f"{SAMPLES}gps__DSCN0025.jpg", 43.468365, 11.8816349999722),
    (f"{SAMPLES}gps__DSCN0027.jpg", 43.4684416666667, 11.881515),
    (f"{SAMPLES}gps__DSCN0029.jpg", 43.4682433333306, 11.8801716666389),
    (f"{SAMPLES}gps__DSCN0038.jpg", 43.4672549999972, 11.8792133333333),
    (f"{SAMPLES}gps__DSCN0040.jpg", 43.4660116666389, 11.8791116666389),
    (f"{SAMPLES}gps__DSCN0042.jpg", 43.464455, 11.8814783333333),
    (f"{SAMPLES}Kodak_CX7530.jpg", -0.3713, 36.0564166666667),
    (f"{SAMPLES}tests__67-0_length_string.jpg", 51.025, 7.59194444444444),
    (f"{IMMICH}metadata__dates__datetimeoriginal-gps.jpg", 39, -108),
    (f"{IMMICH}metadata__dates__gps-datetime.jpg", 37.7749, -122.4194),
    (f"{IMMICH}metadata__gps-position__thompson-springs.jpg", 39.115, -108.400968333333),
    ("hostile/pillow/Tests__images__ultrahdr.jpg", 30.62765, 119.738766666667),
]


@pytest.mark.parametrize(("name", "latitude", "longitude"), PLACES)
def test_places(test_data: Path, name: str, latitude: float, longitude: float) -> None:
    found = read_file(test_data / name)
    assert found.latitude == pytest.approx(latitude, abs=1e-9)
    assert found.longitude == pytest.approx(longitude, abs=1e-9)


@pytest.mark.parametrize(
    "name",
    [
        f"{IMMICH}metadata__gps-position__empty_gps.jpg",
        "hostile/pillow/Tests__images__empty_gps_ifd.jpg",
        "hostile/pillow/Tests__images__exif_gps_typeerror.jpg",
        f"{SAMPLES}tests__32-lens_data.jpeg",
        f"{IMMICH}albums__nature__prairie_falcon.jpg",
    ],
)
def test_empty_gps_blocks_are_no_places(test_data: Path, name: str) -> None:
    found = read_file(test_data / name)
    assert (found.latitude, found.longitude) == (None, None)


DATES = [
    (f"{IMMICH}metadata__dates__date-priority-test.jpg", "2023-02-02T02:00:00", None, TakenSource.EXIF),
    (f"{IMMICH}metadata__dates__datetimeoriginal-gps.jpg", "2025-12-01T11:30:00", None, TakenSource.EXIF),
    (f"{IMMICH}metadata__gps-position__empty_gps.jpg", "2025-06-01T16:59:26.023460", None, TakenSource.EXIF),
    (f"{IMMICH}albums__nature__cyclamen_persicum.jpg", "2007-12-06T14:33:18", None, TakenSource.EXIF),
    (f"{IMMICH}albums__nature__tanners_ridge.jpg", "2023-09-25T08:33:30.880000", None, TakenSource.EXIF),
    (f"{IMMICH}formats__webp__denali.webp", "2010-08-13T21:00:01.850000", None, TakenSource.EXIF),
    (f"{IMMICH}metadata__gps-position__thompson-springs.jpg", "2022-01-10T15:15:44.310000", None, TakenSource.XMP),
    (f"{SAMPLES}xmp__BlueSquare.jpg", "2005-09-07T15:07:40", -420, TakenSource.XMP),
    (f"{SAMPLES}xmp__no_exif.jpg", "2013-09-23T10:09:46", 120, TakenSource.XMP),
    (f"{SAMPLES}invalid__image00971.jpg", "2010-04-13T09:37:22", 120, TakenSource.XMP),
    (f"{SAMPLES}long_description.jpg", "2003-08-31T00:00:00", None, TakenSource.XMP),
    ("metadata/exif-samples/tiff__DudleyLeavittUtah.tiff", "2009-09-26T01:11:52", None, TakenSource.EXIF),
    ("hostile/pillow/Tests__images__ultrahdr.jpg", "2024-05-07T09:33:04.046000", 480, TakenSource.EXIF),
]


@pytest.mark.parametrize(("name", "local", "offset", "source"), DATES)
def test_dates(test_data: Path, name: str, local: str, offset: int | None, source: TakenSource) -> None:
    taken = read_file(test_data / name).taken
    assert (taken.local.isoformat(), taken.offset_minutes, taken.source) == (local, offset, source)


@pytest.mark.parametrize(
    "name", ["metadata__dates__time-created.jpg", "metadata__dates__gps-datetime.jpg", "albums__nature__silver_fir.jpg"]
)
def test_files_without_a_date_have_their_own(test_data: Path, name: str) -> None:
    path = test_data / IMMICH / name
    taken = read_file(path).taken
    assert taken.source is TakenSource.FILE
    assert taken.local == datetime.fromtimestamp(path.stat().st_mtime)  # noqa: DTZ006 - this machine's clock


FALCON = (
    "Adult female prairie falcon flying from a nest on one of our sedimentary slide walls. Note the four eggs in the "
    "eroded water chute."
)
HEADLINE = (
    "Falcon leaping from its nest into flight, it's wings fully outstretched. Several eggs are visible on the nest at "
    "the bottom of a vertical rock crevice."
)
CAPTIONS = [
    (
        f"{IMMICH}albums__nature__prairie_falcon.jpg",
        (
            FALCON,
            HEADLINE,
            "Prairie falcon female with eggs",
            "SFAN, PINN, raptors, Events, birds, monitoring, prairie falcons",
        ),
    ),
    (f"{IMMICH}albums__nature__el_torcal_rocks.jpg", ()),
    (f"{IMMICH}metadata__rating__mongolels.jpg", ("Mongol Els", "Mongolia", "Christoph Suter, Public domain")),
    (f"{IMMICH}metadata__tags__picasa.jpg", ("Image-Description", "Frost, Yard")),
    (f"{IMMICH}metadata__faces__portrait.jpg", ("Marie Curie, Pierre Curie",)),
    (
        "hostile/pillow/Tests__images__iptc.jpg",
        ("HvK, 2006, summer, July, holiday, Hungary, Budapest",),
    ),
    (f"{SAMPLES}tests__33-type_error.jpg", ("El cielo sobre Berlin (Heaven above Berlin)",)),
    (f"{SAMPLES}tests__45-gps_ifd.jpg", ()),
    (f"{SAMPLES}gps__DSCN0010.jpg", ()),
    (f"{SAMPLES}Olympus_C8080WZ.jpg", ()),
]


@pytest.mark.parametrize(("name", "texts"), CAPTIONS)
def test_captions(test_data: Path, name: str, texts: tuple[str, ...]) -> None:
    assert tuple(caption.text for caption in read_file(test_data / name).captions) == texts


@pytest.mark.parametrize(
    ("name", "lens"),
    [
        (f"{IMMICH}formats__webp__denali.webp", "EF28-80mm f/3.5-5.6 USM"),
        (f"{IMMICH}albums__nature__tanners_ridge.jpg", "17.0-35.0 mm f/2.8"),
        ("hostile/pillow/Tests__images__ultrahdr.jpg", "Pixel 6 back camera 6.81mm f/1.85"),
        (f"{SAMPLES}Canon_40D.jpg", None),
    ],
)
def test_lenses(test_data: Path, name: str, lens: str | None) -> None:
    assert read_file(test_data / name).lens == lens


@pytest.mark.parametrize(
    ("name", "year", "offset"),
    [("2000.xmp", 2000, 120), ("2010.xmp", 2010, 120), ("2020.xmp", 2020, 120)],
)
def test_immich_s_sidecars(test_data: Path, tmp_path: Path, name: str, year: int, offset: int) -> None:
    shutil.copy(test_data / IMMICH / f"metadata__xmp__dates__{name}", tmp_path / "photo.jpg.xmp")
    taken = read_bytes(jpeg(), tmp_path).taken
    assert taken.local == datetime(year, 9, 27, 14, 35, 33)  # noqa: DTZ001
    assert (taken.offset_minutes, taken.source) == (offset, TakenSource.SIDECAR)


def test_a_sidecar_of_exiv2(test_data: Path, tmp_path: Path) -> None:
    name = "problems__xmp__iso-value-array__iso-value-array.xmp"
    shutil.copy(test_data / IMMICH / name, tmp_path / "photo.xmp")
    found = read_bytes(jpeg(), tmp_path)
    assert found.camera == "Canon PowerShot SX120 IS"
    assert found.taken.local == datetime(2009, 11, 28, 13, 42, 39)  # noqa: DTZ001
    assert found.latitude == pytest.approx(40.23464408, abs=1e-8)
    assert found.longitude == pytest.approx(-76.28714150, abs=1e-8)
    assert found.captions == ()


@pytest.mark.parametrize("shape", ["Landscape", "Portrait"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientations(test_data: Path, shape: str, orientation: int) -> None:
    assert read_file(test_data / f"metadata/exif-orientation/{shape}_{orientation}.jpg").exif_orientation == orientation
    sample = test_data / f"{SAMPLES}orientation__{shape.lower()}_{orientation}.jpg"
    assert read_file(sample).exif_orientation == orientation


@pytest.mark.parametrize(
    ("name", "orientation"),
    [("rot1mir0", 5), ("rot2mir1", 4), ("rot3mir0", 7)],  # as Pillow's own tests for these files say
)
def test_an_avif_s_own_turn_is_its_orientation(test_data: Path, name: str, orientation: int) -> None:
    path = test_data / f"hostile/pillow/Tests__images__avif__{name}.avif"
    assert read_file(path).exif_orientation == orientation


def opened(folder: Path) -> Iterator[tuple[Path, Image.Image]]:
    """Every file of the folder that Pillow opens at all."""
    pillow_heif.register_heif_opener()
    for path in sorted(folder.rglob("*")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                image = Image.open(path)
            except Exception:  # noqa: BLE001 - decoders raise anything; here only those that open are looked at
                continue
        with image:
            yield path, image


def test_no_hostile_file_makes_it_raise(test_data: Path) -> None:
    read = 0
    for path, image in opened(test_data / "hostile"):
        found = read_metadata(image, path=os.fsencode(path), stat=path.stat())
        assert 1 <= found.exif_orientation <= 8
        assert found.taken.local.tzinfo is None
        assert all(caption.text.encode() and len(caption.text) <= 4000 for caption in found.captions)
        read += 1
    assert read > 600
