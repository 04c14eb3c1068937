"""A file to a DecodedPicture: read once, hashed, recognised by content, limited, decoded, fitted.

Here is the one boundary for whatever a decoder raises: from this package comes a PictureProblem or a picture. A
decoder that crashes or hangs is the business of `pool`.

JPEGs are decoded at a reduced scale that keeps at least 2 pixels per pixel of the model. Against full decoding the
cosine of real features (MobileNetV2) is 0.996 in the mean and 0.993 at worst, as after saving a picture once more; a
12 megapixel JPEG takes 27 ms instead of 107. docs/decisions/0003-reduced-scale-jpeg.md has the figures.
"""

import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import PictureProblem, ProblemKind, SearchError
from core.models import Preprocess
from core.pictures import DecodedPicture, PictureFacts
from media.fit import Raster, fit_raster, flat_where_small, orientation_of, shrink_to_side, thinned
from media.formats import HEADER_BYTES, sniff, unread_format
from media.limits import DecodeLimits, check_file, check_memory, check_size
from media.metadata import Metadata, read_metadata
from media.opening import open_image
from media.phash import HASH_KEPT_SIDE, perceptual_hash
from media.problems import problem_of_decoder, problem_of_system
from media.reduced import decode_reduced
from media.source import SourceFile, open_source

if TYPE_CHECKING:
    from PIL import ImageFile


@dataclass(frozen=True, slots=True)
class Hooks:
    """What is called on the way. A single process needs none of it.

    Attributes:
        gate: told the bytes that decoding is about to take at its peak; returns when there is room for them. Whoever
            made the gate frees the room, once the picture and what failed over it are gone from memory.
        on_read: the file is read and hashed.
    """

    gate: Callable[[int], None] = lambda _: None
    on_read: Callable[[], None] = lambda: None


_NO_HOOKS = Hooks()

# Python's warning filters belong to the whole process: one decode at a time silences them. Decoding many pictures at
# once is the pool's, whose processes do not share them.
_ONE_AT_A_TIME = threading.RLock()


@dataclass(frozen=True, slots=True)
class OpenedPicture:
    """A picture within its limits, its header read, its pixels not."""

    source: SourceFile
    format_name: str
    image: "ImageFile.ImageFile"


def decode_picture(
    path: bytes,
    *,
    targets: Sequence[Preprocess],
    limits: DecodeLimits,
    small_side: int | None = None,
    known_hash: bytes | None = None,
    hooks: Hooks = _NO_HOOKS,
) -> DecodedPicture | None:
    """Reads a file once: its hash, its facts, and its pixels fitted to each target.

    Args:
        path: absolute, os.fsencode.
        targets: none gives facts and perceptual hash only.
        limits: what one picture may cost.
        small_side: the whole picture is wanted, too (`DecodedPicture.small`): its longer side this long, or as long as
            what was decoded for the targets.
        known_hash: where the file's hash equals it, nothing is decoded.
        hooks: called on the way.

    Returns:
        None where the content is `known_hash`'s.

    Raises:
        PictureProblem: whatever is wrong with the file.
    """

    def admit(size: int, header: bytes) -> None:
        _recognise(header[:HEADER_BYTES])
        check_file(size, limits)

    with _boundary() as seen, open_source(path, admit=admit) as source:
        hooks.on_read()
        if source.content_hash == known_hash:
            return None
        opened = _open(source, limits, seen)
        return decode_opened(opened, targets=targets, small_side=small_side, limits=limits, hooks=hooks)


@contextmanager
def opened_picture(path: bytes, *, limits: DecodeLimits) -> Iterator[OpenedPicture]:
    """An opened picture to look at, inside the same boundary; not hashed.

    Raises:
        PictureProblem: whatever is wrong with the file, also where the body's own decoding fails.
    """
    with opened_from(open_source(path, hashed=False), limits=limits) as opened:
        yield opened


@contextmanager
def opened_from(opening: AbstractContextManager[SourceFile], *, limits: DecodeLimits) -> Iterator[OpenedPicture]:
    """As `opened_picture`, from wherever its bytes are; what opening them raises is told the same way."""
    with _boundary() as seen, opening as source:
        yield _open(source, limits, seen)


@dataclass(slots=True)
class _Seen:
    """What was already known of the file when something went wrong."""

    opened: tuple[str, SourceFile] | None = None  # format name, file


@contextmanager
def _boundary() -> Iterator[_Seen]:
    """Turns whatever is raised inside into a PictureProblem."""
    seen = _Seen()
    try:
        with _ONE_AT_A_TIME, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd files; a decode that works is no news
            yield seen
    except SearchError:
        raise
    except Exception as error:  # decoders raise anything; this is the one place that takes it
        raise _problem(error, seen) from error


def _problem(error: Exception, seen: _Seen) -> PictureProblem:
    if isinstance(error, OSError) and error.errno is not None:
        return problem_of_system(error)
    if seen.opened is not None:
        format_name, source = seen.opened
        return problem_of_decoder(error, format_name=format_name, stream=source.stream)
    if isinstance(error, MemoryError):
        return PictureProblem(ProblemKind.TOO_LARGE, "the file takes more memory than one picture may have")
    return PictureProblem(ProblemKind.IO_ERROR, f"could not be read: {type(error).__name__}")


def _open(source: SourceFile, limits: DecodeLimits, seen: _Seen) -> OpenedPicture:
    format_name = _recognise(source.header(HEADER_BYTES))
    seen.opened = format_name, source
    try:
        image = open_image(source.stream, format_name)
        if format_name == "jpeg" and source.in_memory:
            image.decodermaxblock = source.size_bytes  # all at once: Pillow's 64 kB are copied, and joined to the rest
    except ImportError as error:
        raise PictureProblem(ProblemKind.UNSUPPORTED, f"{format_name}: its codec is not installed ({error})") from error
    check_size(image, file_bytes=source.size_bytes, limits=limits)
    return OpenedPicture(source, format_name, image)


def _recognise(header: bytes) -> str:
    unread = unread_format(header)
    if unread is not None:
        raise PictureProblem(ProblemKind.UNSUPPORTED, f"{unread} pictures are not read")
    format_name = sniff(header)
    if format_name is None:
        raise PictureProblem(ProblemKind.NOT_A_PICTURE, "the content is no picture of a known format")
    return format_name


def decode_opened(
    opened: OpenedPicture,
    *,
    targets: Sequence[Preprocess],
    small_side: int | None,
    limits: DecodeLimits,
    hooks: Hooks = _NO_HOOKS,
) -> DecodedPicture:
    """As `decode_picture`, of what is open already; inside `opened_from`."""
    image, source = opened.image, opened.source
    full_size = image.size
    scale = decode_reduced(image, targets, small_side=small_side)
    hooks.gate(check_memory(image, format_name=opened.format_name, full_size=full_size, limits=limits))
    metadata = _load_with_metadata(opened)
    if scale == 1:
        full_size = image.size  # a decoder may know better than the header, and TIFFs are turned while decoding
    raster = Raster(flat_where_small(image), orientation_of(image), scale, full_size)
    small = None if small_side is None else np.asarray(shrink_to_side(raster, min(small_side, max(image.size))))
    few = thinned(raster, targets, least_side=HASH_KEPT_SIDE)
    pixels = tuple(fit_raster(few, target) for target in targets)
    facts = _facts(opened.format_name, raster.size, metadata, perceptual_hash(few))
    return DecodedPicture(source.content_hash, facts, pixels, small)


def _load_with_metadata(opened: OpenedPicture) -> Metadata:
    """A PNG says more once it is loaded, a TIFF less; the others do not mind."""
    image, source = opened.image, opened.source
    if opened.format_name == "png":
        image.load()
    metadata = read_metadata(image, path=source.path, stat=source.stat)
    image.load()
    return metadata


def _facts(format_name: str, size: tuple[int, int], metadata: Metadata, phash: int) -> PictureFacts:
    return PictureFacts(
        format=format_name,
        width=size[0],
        height=size[1],
        exif_orientation=metadata.exif_orientation,
        taken=metadata.taken,
        camera=metadata.camera,
        lens=metadata.lens,
        latitude=metadata.latitude,
        longitude=metadata.longitude,
        captions=metadata.captions,
        phash=phash,
    )
