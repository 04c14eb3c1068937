"""One call, one file: pixels, facts and hash, or a PictureProblem, whatever the decoder raises."""

import struct
import threading
import warnings
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import PictureProblem, ProblemKind, SearchError, UsageError
from core.models import Preprocess
from core.pictures import DecodedPicture
from media import decode
from media.decode import decode_picture, opened_picture
from media.limits import DecodeLimits
from media.previews import load_rgb, picture_size

TARGET = Preprocess(height=64, width=64)
SPECK = Preprocess(height=16, width=16)
LIMITS = DecodeLimits()


def decoded(file: Path, *targets: Preprocess) -> DecodedPicture:
    picture = decode_picture(bytes(file), targets=targets or (TARGET,), limits=LIMITS)
    assert picture is not None
    return picture


@pytest.fixture
def png(tmp_path: Path) -> Path:
    Image.new("RGB", (90, 60), "red").save(tmp_path / "red.png")
    return tmp_path / "red.png"


@pytest.mark.parametrize(
    "raised",
    [
        OSError("x"),
        ValueError("bad value"),
        SyntaxError("not identified by this driver"),
        struct.error("unpack requires"),
        KeyError(6),
        IndexError("list index"),
        TypeError("int"),
        NotImplementedError(),
        RuntimeError("line one\nline two\x1b[31m"),
        MemoryError(),
        zlib.error("Error -3"),
        OverflowError("too big"),
        AttributeError("tile"),
        RecursionError("deep"),
        AssertionError(),
        EOFError("no more images"),
        ZeroDivisionError("division by zero"),
        UnicodeDecodeError("ascii", b"\xff", 0, 1, "ordinal"),
        Image.DecompressionBombError("Image size exceeds limit"),
        Image.DecompressionBombWarning("Image size exceeds limit"),
        UserWarning("Corrupt EXIF data"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_decoder_raises_is_a_problem(raised: Exception, png: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(stream: object, name: str) -> None:
        raise raised

    monkeypatch.setattr(decode, "open_image", fails)
    with pytest.raises(PictureProblem) as caught:
        decode_picture(bytes(png), targets=[TARGET], limits=LIMITS)
    problem = caught.value
    assert problem.kind in {ProblemKind.BROKEN, ProblemKind.TRUNCATED, ProblemKind.TOO_LARGE}
    assert problem.kind is ProblemKind.TOO_LARGE or not isinstance(raised, MemoryError)
    assert problem.reason
    assert problem.reason.isprintable()
    assert len(problem.reason) < 250


def test_a_failing_disk_is_not_a_broken_picture(png: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(stream: object, name: str) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(decode, "open_image", fails)
    with pytest.raises(PictureProblem, match="Input/output error") as caught:
        decode_picture(bytes(png), targets=[TARGET], limits=LIMITS)
    assert caught.value.kind is ProblemKind.IO_ERROR
    assert caught.value.kind.passing


def test_a_missing_codec_may_come(png: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(stream: object, name: str) -> None:
        raise ImportError("No module named 'pillow_heif'")

    monkeypatch.setattr(decode, "open_image", fails)
    with pytest.raises(PictureProblem, match="codec is not installed") as caught:
        decode_picture(bytes(png), targets=[TARGET], limits=LIMITS)
    assert caught.value.kind is ProblemKind.UNSUPPORTED
    assert caught.value.kind.passing


@pytest.mark.parametrize("raised", [UsageError("ours"), KeyboardInterrupt()])
def test_our_own_errors_and_ctrl_c_pass(raised: BaseException, png: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(stream: object, name: str) -> None:
        raise raised

    monkeypatch.setattr(decode, "open_image", fails)
    with pytest.raises(type(raised)):
        decode_picture(bytes(png), targets=[TARGET], limits=LIMITS)


def test_the_boundary_also_holds_around_the_body(png: Path) -> None:
    with pytest.raises(SearchError) as caught, opened_picture(bytes(png), limits=LIMITS):
        raise IndexError("a decoder in the body")
    assert isinstance(caught.value, PictureProblem)


def test_known_content_is_not_decoded(png: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content_hash = decoded(png).content_hash
    monkeypatch.setattr(decode, "open_image", lambda *_: pytest.fail("decoded"))
    assert decode_picture(bytes(png), targets=[TARGET], limits=LIMITS, known_hash=content_hash) is None


def test_several_targets_and_none(png: Path) -> None:
    wide = Preprocess(height=10, width=30, resize="squash")
    picture = decoded(png, TARGET, wide)
    assert [pixels.shape for pixels in picture.pixels] == [(64, 64, 3), (10, 30, 3)]
    assert all(pixels.dtype == np.uint8 and pixels[5, 5].tolist() == [255, 0, 0] for pixels in picture.pixels)
    nothing = decode_picture(bytes(png), targets=[], limits=LIMITS)
    assert nothing is not None
    assert nothing.pixels == ()
    assert nothing.facts == picture.facts
    assert nothing.facts.phash is not None


@pytest.mark.parametrize(
    ("targets", "shape"), [((), (200, 150, 3)), ((TARGET,), (200, 150, 3)), ((SPECK,), (150, 112, 3))]
)
def test_the_small_picture_comes_from_the_same_reading(
    targets: tuple[Preprocess, ...], shape: tuple[int, ...], tmp_path: Path, test_data: Path
) -> None:
    file = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(test_data / "photos" / "tench.jpg") as photo:
        photo.resize((600, 450)).save(file, exif=exif, quality=95)
    alone = decode_picture(bytes(file), targets=targets, limits=LIMITS)
    both = decode_picture(bytes(file), targets=targets, limits=LIMITS, small_side=200)
    assert alone is not None
    assert both is not None
    assert alone.small is None
    assert both.small is not None
    assert both.small.shape == shape  # as shown; never larger than what was decoded for the targets
    assert np.abs(both.small.astype(int) - load_rgb(bytes(file), max_side=shape[0])).mean() < 2
    assert replace(both.facts, phash=None) == replace(alone.facts, phash=None)
    assert both.facts.phash == alone.facts.phash or not targets  # finer pixels may tip a bit of it
    for one, other in zip(alone.pixels, both.pixels, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".webp", ".bmp", ".tif", ".ppm", ".heic", ".avif", ".jp2"])
def test_a_file_cut_short_says_so(suffix: str, cut: float, tmp_path: Path, test_data: Path) -> None:
    with Image.open(test_data / "photos" / "tench.jpg") as photo:
        file = tmp_path / f"whole{suffix}"
        if suffix == ".heic":
            import pillow_heif

            pillow_heif.register_heif_opener()
        photo.convert("RGB").save(file)
    assert decoded(file).pixels[0].std() > 10
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * cut)])
    if suffix == ".jp2" and cut >= 0.5:
        return  # JPEG 2000 is progressive: what is there is a whole picture of less detail
    with pytest.raises(PictureProblem) as caught:
        decode_picture(bytes(file), targets=[TARGET], limits=LIMITS)
    assert caught.value.kind is ProblemKind.TRUNCATED, caught.value.reason


@pytest.mark.parametrize("shape", ["Landscape", "Portrait"])
def test_all_eight_orientations_are_shown_alike(shape: str, test_data: Path) -> None:
    folder = test_data / "metadata" / "exif-orientation"
    upright = decoded(folder / f"{shape}_1.jpg")
    for number in range(2, 9):
        turned = decoded(folder / f"{shape}_{number}.jpg")
        assert turned.facts.exif_orientation == number
        assert (turned.facts.width, turned.facts.height) == (upright.facts.width, upright.facts.height)
        assert picture_size(bytes(folder / f"{shape}_{number}.jpg")) == (upright.facts.width, upright.facts.height)
        difference = np.abs(turned.pixels[0].astype(int) - upright.pixels[0].astype(int))
        assert difference.mean() < 4, (number, difference.mean())
        assert upright.facts.phash is not None
        assert turned.facts.phash is not None
        assert (turned.facts.phash ^ upright.facts.phash).bit_count() <= 6


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif", ".heic"])
@pytest.mark.parametrize("orientation", [3, 6])
def test_orientation_in_every_format_that_has_it(suffix: str, orientation: int, tmp_path: Path) -> None:
    """Red above, blue below, as shown; stored turned."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    shown = Image.new("RGB", (128, 64), "red")
    shown.paste((0, 0, 255), (0, 32, 128, 64))
    turns = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90}
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = tmp_path / f"turned{suffix}"
    stored = shown.transpose(turns[orientation])
    stored.info["exif"] = exif.tobytes()  # pillow-heif writes HEIF's own turn from it; others take the argument
    stored.save(file, **({} if suffix == ".heic" else {"exif": exif}))
    picture = decoded(file, Preprocess(height=16, width=16, resize="squash"))
    assert (picture.facts.width, picture.facts.height) == (128, 64)
    assert picture_size(bytes(file)) == (128, 64)
    assert picture.pixels[0][3, 8].tolist() == pytest.approx([255, 0, 0], abs=12)
    assert picture.pixels[0][12, 8].tolist() == pytest.approx([0, 0, 255], abs=12)


def test_threads_do_not_disturb_each_other_nor_the_callers_warnings(test_data: Path) -> None:
    files = [bytes(file) for file in sorted((test_data / "photos").iterdir())[:12]]
    alone = [decoded(Path(file.decode())) for file in files]
    before = list(warnings.filters)
    found: dict[bytes, DecodedPicture] = {}

    def work(mine: list[bytes]) -> None:
        for file in mine:
            found[file] = decoded(Path(file.decode()))

    threads = [threading.Thread(target=work, args=(files[start::3],)) for start in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before
    for file, expected in zip(files, alone, strict=True):
        assert found[file].facts == expected.facts
        assert np.array_equal(found[file].pixels[0], expected.pixels[0])
