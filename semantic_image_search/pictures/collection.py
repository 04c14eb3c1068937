"""The pictures of a library by their ids: `library.pictures`."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, TypeVar

from core.errors import PictureProblem, UnknownPicture, UsageError
from core.paths import is_at_or_below
from semantic_image_search.pictures.detail import PictureDetail
from semantic_image_search.pictures.files import FileWithoutLocation, Original, Originals, known_hash, require_on_disk
from semantic_image_search.pictures.handed import HandedPicture
from semantic_image_search.pictures.thumbnails import (
    RENDITION,
    SIDES,
    Thumbnail,
    ThumbnailAsked,
    Thumbnails,
    quality_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from core.pictures import Picture
    from core.settings import Settings
    from db import LibraryReader
    from db.records import PictureFile
    from media import AskedPicture, PictureWorkers

T = TypeVar("T")

_MOST_WORKERS = 4  # a page asks for six pictures at once; the processor has questions to answer, too


class Pictures:
    """The pictures of one library. For any thread.

    Args:
        library: its folder.
        settings: the library's.
        reader: opens one snapshot of it.
    """

    def __init__(
        self, library: Path, settings: Settings, reader: Callable[[], AbstractContextManager[LibraryReader]]
    ) -> None:
        self._library = library
        self._settings = settings
        self._reader = reader
        self._lock = threading.Lock()
        self._workers: PictureWorkers | None = None
        self._thumbnails: Thumbnails | None = None
        self._originals = Originals()

    def of(self, ids: Sequence[int], *, folders: Sequence[bytes] = ()) -> list[Picture]:
        """The pictures of these ids, in their order, with a vector or without (`row` -1); unknown ids are left out.

        One that several files show is shown by the file that lies in one of the `folders` (absolute), or below it.

        Raises:
            LibraryNotFound: nothing was indexed yet.
        """
        from searcher.grouping import prefer_folders

        with self._reader() as reader:
            found = reader.pictures_by_id(reader.active_space(), ids)
        return [prefer_folders(picture, tuple(folders)) for picture in found]

    def detail(self, image_id: int) -> PictureDetail:
        """All that is known of one picture.

        Raises:
            UnknownPicture: there is none of this id.
        """
        with self._reader() as reader:
            found = reader.pictures_by_id(reader.active_space(), [image_id])
            if not found:
                raise UnknownPicture(image_id)
            captions = reader.captions_of([image_id]).get(image_id, ())
            return PictureDetail(found[0], tuple(reader.files_of(image_id)), captions)

    def content_hash(self, image_id: int) -> bytes | None:
        """The hash of a picture's bytes (blake2b, 32 bytes); None: its file was never read.

        Raises:
            UnknownPicture: there is none of this id.
        """
        with self._reader() as reader:
            found = reader.content_hashes([image_id])
        if image_id not in found:
            raise UnknownPicture(image_id)
        return found[image_id]

    def kept_thumbnail(self, content_hash: bytes, side: int) -> Thumbnail | None:
        """The thumbnail of this content, where it was made before."""
        return self._drawn_small().kept(content_hash, side)

    def thumbnail(self, image_id: int, side: int) -> Thumbnail:
        """The picture drawn small, its longer side at most so many pixels: from the cache, or made by a worker.

        Where no file of it can be read, the best that is kept of another side.

        Args:
            image_id: the picture.
            side: one of SIDES, or RENDITION.

        Raises:
            UnknownPicture: there is none of this id.
            UsageError: another side.
            PictureProblem: no file of it can be read as what was indexed, and nothing of it is kept.
        """
        if side not in SIDES and side != RENDITION:
            raise UsageError(f"a thumbnail's side is one of {', '.join(map(str, SIDES))}, and not {side}")
        content_hash = known_hash(self.content_hash(image_id))
        asked = ThumbnailAsked(
            content_hash,
            side,
            make=lambda: self._draw(image_id, content_hash, side),
            still_known=lambda: self._is_known(image_id),
        )
        return self._drawn_small().get(asked)

    def open_original(self, image_id: int, *, folders: Sequence[bytes] = ()) -> Original:
        """The picture's own file, the first that is in reach and still what was indexed. Close it.

        Files in one of the `folders` (absolute), or below it, come before the others.

        Raises:
            UnknownPicture: there is none of this id.
            PictureProblem: no file of it is.
        """
        content_hash = known_hash(self.content_hash(image_id))
        return self._first(image_id, lambda file: self._originals.open(file, content_hash), folders)

    def without_location(self, image_id: int) -> FileWithoutLocation:
        """The picture's file without the place where it was taken; raises as `open_original`.

        JPEG, PNG, WebP, GIF, TIFF, HEIC and AVIF are rewritten without decoding a pixel: the GPS directory of EXIF,
        the places in XMP and IPTC, and what cannot be looked into (makers' notes, data behind the picture) go. Where
        that cannot be done (JPEG 2000, damaged files) the picture is drawn anew, as a JPEG without metadata.
        """
        content_hash = known_hash(self.content_hash(image_id))
        return self._first(
            image_id,
            lambda file: FileWithoutLocation(
                self.workers.without_location(_source(file, content_hash)), file.path, content_hash
            ),
        )

    def handed(self, image_id: int) -> HandedPicture:
        """The picture as the first file in reach shows it, for a question; read when the question needs it.

        Raises:
            UnknownPicture: there is none of this id.
            PictureProblem: no file of it is in reach.
        """
        content_hash = known_hash(self.content_hash(image_id))
        return self._first(image_id, lambda file: HandedPicture(_source(file, content_hash), self.workers))

    @property
    def workers(self) -> PictureWorkers:
        """The processes that decode the library's pictures when somebody waits for one."""
        from media import DecodeLimits, PictureWorkers

        with self._lock:
            if self._workers is None:
                self._workers = PictureWorkers(
                    limits=DecodeLimits(self._settings.max_megapixels),
                    workers=min(self._settings.workers or os.cpu_count() or 1, _MOST_WORKERS),
                )
            return self._workers

    def close(self) -> None:
        """End the worker processes; asked again, others start."""
        with self._lock:
            workers, self._workers = self._workers, None
        if workers is not None:
            workers.close()

    def _drawn_small(self) -> Thumbnails:
        from db.thumbnails import ThumbnailCache

        with self._lock:
            if self._thumbnails is None:
                kept = ThumbnailCache(self._library, self._settings.thumbnail_cache_mb * 1_000_000)
                self._thumbnails = Thumbnails(kept)
            return self._thumbnails

    def _draw(self, image_id: int, content_hash: bytes, side: int) -> bytes:
        """From the first of its files that is still what was indexed."""
        from media import Drawing

        wanted = Drawing(side, quality_of(side))
        return self._first(image_id, lambda file: self.workers.draw(_source(file, content_hash), wanted)).webp

    def _first(self, image_id: int, work: Callable[[PictureFile], T], folders: Sequence[bytes] = ()) -> T:
        """What can be done with the first of its files that it can be done with, those in these folders first.

        Raises:
            PictureProblem: what is wrong with the last of them.
        """
        problem: PictureProblem | None = None
        files = self._files(image_id)
        for file in sorted(files, key=lambda one: not any(is_at_or_below(one.path, folder) for folder in folders)):
            try:
                return work(file)
            except PictureProblem as error:
                problem = error
        raise problem or UnknownPicture(image_id)

    def _is_known(self, image_id: int) -> bool:
        with self._reader() as reader:
            return reader.has_image(image_id)

    def _files(self, image_id: int) -> list[PictureFile]:
        with self._reader() as reader:
            files = reader.files_of(image_id)
        if not files:
            raise UnknownPicture(image_id)
        return files


def _source(file: PictureFile, content_hash: bytes) -> AskedPicture:
    from media import AskedPicture

    require_on_disk(file.path)
    return AskedPicture(file.path, content_hash=content_hash)
