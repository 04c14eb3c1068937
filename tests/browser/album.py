"""A folder of real photos as people keep them: three trips with dates, cameras and places, a burst, copies, a HEIC.

Folders and files have names that say nothing of what is in the pictures, so that only their contents find them.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pillow_heif
from PIL import ExifTags, Image

ODD_NAME = '<b>&"quo\'te" 50% #1 ünï 名.jpg'
"""A file name that a careless page would take for markup, a query or a fragment."""

ODD_CAPTION = "<img src=x onerror=document.title='stolen'> said the sign"
BURST_SHOTS = 4


@dataclass(frozen=True, slots=True)
class Trip:
    """One folder: its pictures were taken an hour apart, from a day on."""

    folder: str
    camera: tuple[str, str]
    begins: str  # ISO 8601
    place: tuple[float, float] | None
    photos: str  # names of the test data, without .jpg


TRIPS = (
    Trip(
        "2019/Ardèche",
        ("Canon", "Canon EOS 40D"),
        "2019-05-03T09:00",
        (44.4, 4.4),
        "Tibetan_mastiff Rottweiler wire-haired_fox_terrier Walker_hound Sussex_spaniel Japanese_spaniel"
        " Norwegian_elkhound lycaenid ringlet rhinoceros_beetle ground_beetle alp worm_fence rapeseed oxcart"
        " water_ouzel hummingbird lorikeet",
    ),
    Trip(
        "2021/Kraków",
        ("NIKON CORPORATION", "NIKON D90"),
        "2021-11-20T16:00",
        (50.06, 19.94),
        "minivan trolleybus traffic_light acoustic_guitar steel_drum restaurant ice_cream hotdog red_wine orange"
        " bookshop theater_curtain wall_clock digital_clock altar patio candle",
    ),
    Trip(
        "2023/東京",
        ("SONY", "ILCE-7M3"),
        "2023-04-01T07:30",
        (35.68, 139.76),
        "seashore catamaran dock pirate drilling_platform albatross breakwater hammerhead rock_beauty tench"
        " Siamese_cat jaguar kit_fox wombat gorilla guenon brown_bear great_grey_owl",
    ),
)


@dataclass(frozen=True, slots=True)
class Album:
    """Where it lies, and which file shows what."""

    folder: Path
    files: Mapping[str, Path]  # by the name of the photo in the test data, and by what was made of one

    def name(self, photo: str) -> str:
        """The file's name, as the page shows it."""
        return self.files[photo].name


def make_album(photos: Path, folder: Path) -> Album:
    """Write the album below a folder that is not there yet."""
    files: dict[str, Path] = {}
    for trip in TRIPS:
        (folder / trip.folder).mkdir(parents=True)
        for number, photo in enumerate(trip.photos.split()):
            file = folder / trip.folder / f"IMG_{len(files):04}.jpg"
            taken = datetime.fromisoformat(trip.begins) + timedelta(hours=number)
            _write(photos / f"{photo}.jpg", file, _exif(taken, trip.camera, trip.place))
            files[photo] = file
    files |= _copies(files, folder / "Backup") | _burst(photos, folder / "2021/Kraków") | _odd(photos, folder / "Misc")
    files["Rottweiler"].with_suffix(".txt").write_text("Rex at the lake\n")
    files["alp"].with_suffix(".txt").write_text(ODD_CAPTION)
    return Album(folder, files)


def _write(photo: Path, file: Path, exif: Image.Exif) -> None:
    with Image.open(photo) as image:
        image.convert("RGB").save(file, "JPEG", quality=88, exif=exif)


def _exif(taken: datetime, camera: tuple[str, str], place: tuple[float, float] | None = None) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = camera
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken.strftime("%Y:%m:%d %H:%M:%S")
    if place is not None:
        latitude, longitude = place
        exif.get_ifd(ExifTags.IFD.GPSInfo).update({
            ExifTags.GPS.GPSLatitudeRef: "N",
            ExifTags.GPS.GPSLatitude: (latitude, 0.0, 0.0),
            ExifTags.GPS.GPSLongitudeRef: "E",
            ExifTags.GPS.GPSLongitude: (longitude, 0.0, 0.0),
        })  # fmt: skip
    return exif


def _copies(files: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    """The same bytes again, and a smaller one of the same picture."""
    folder.mkdir()
    identical, smaller = folder / "copy of a dog.jpg", folder / "small.jpg"
    shutil.copy2(files["Rottweiler"], identical)
    with Image.open(files["minivan"]) as image:
        image.resize((image.width // 2, image.height // 2)).save(smaller, "JPEG", exif=image.getexif())
    return {"identical": identical, "smaller": smaller}


def _burst(photos: Path, folder: Path) -> dict[str, Path]:
    """Four pictures within two seconds, the camera moving a little."""
    made: dict[str, Path] = {}
    with Image.open(photos / "unicycle.jpg") as image:
        for shot in range(BURST_SHOTS):
            shift = 16 * shot
            frame = image.convert("RGB").crop((shift, shift, image.width - 64 + shift, image.height - 64 + shift))
            file = folder / f"DSC_{shot}.jpg"
            taken = datetime.fromisoformat(f"2021-11-21T12:00:0{shot // 2}")
            frame.save(file, "JPEG", quality=88, exif=_exif(taken, ("NIKON CORPORATION", "NIKON D90")))
            made[f"burst {shot}"] = file
    return made


def _odd(photos: Path, folder: Path) -> dict[str, Path]:
    """What browsers do not show, what is turned, very wide, very tall, large, see-through, or oddly named."""
    folder.mkdir()
    made = {
        "heic": folder / "IMG_7001.HEIC",
        "turned": folder / "turned.jpg",
        "wide": folder / "wide.jpg",
        "tall": folder / "tall.png",
        "large": folder / "large.jpg",
        "webp": folder / "see-through.webp",
        "odd name": folder / ODD_NAME,
    }
    with Image.open(photos / "teddy.jpg") as image:
        pillow_heif.from_pillow(image.convert("RGB")).save(made["heic"], quality=80)
    with Image.open(photos / "great_grey_owl.jpg") as image:
        turned = Image.Exif()
        turned[ExifTags.Base.Orientation] = 6
        image.rotate(90, expand=True).save(made["turned"], exif=turned)
    with Image.open(photos / "geyser.jpg") as image:
        middle = image.height // 2
        image.crop((0, middle - 40, image.width, middle + 40)).save(made["wide"])
    with Image.open(photos / "water_tower.jpg") as image:
        middle = image.width // 2
        image.crop((middle - 40, 0, middle + 40, image.height)).save(made["tall"])
    with Image.open(photos / "bobsled.jpg") as image:
        image.convert("RGB").resize((4200, 4200 * image.height // image.width)).save(made["large"], quality=80)
    with Image.open(photos / "artichoke.jpg") as image:
        image.putalpha(Image.linear_gradient("L").resize(image.size))
        image.save(made["webp"], "WEBP")
    shutil.copyfile(photos / "snowmobile.jpg", made["odd name"])
    return made
