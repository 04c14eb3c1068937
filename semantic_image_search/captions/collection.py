"""The captions of a library: what is said of its pictures, taken in from files, written, judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UsageError
from core.indexing import silent
from core.paths import absolute, display
from core.pictures import CaptionSource

if TYPE_CHECKING:
    import os
    from collections.abc import Collection

    from core.captioning import CaptionReport, CaptionRequest
    from core.indexing import ProgressListener
    from core.pictures import Caption
    from db import LibraryReader
    from db.records import CaptionCounts
    from semantic_image_search.captions.importing import CaptionImport
    from semantic_image_search.library.opened import OpenedLibrary

OWN = (CaptionSource.IMPORTED, CaptionSource.GENERATED)
"""The sources that the library gave; the others came with the pictures' files."""


class Captions:
    """The captions of one library: `library.captions`."""

    def __init__(self, library: OpenedLibrary) -> None:
        self._library = library

    def of(self, path: str | bytes | os.PathLike[str]) -> tuple[Caption, ...]:
        """Every caption of the picture at `path`, the oldest first; `kept` says which were judged not to fit.

        Raises:
            UsageError: the library has no picture there.
        """
        from db import open_reader

        with open_reader(self._library.path) as reader:
            image_id = _image(reader, path)
            return reader.captions_of([image_id]).get(image_id, ())

    def counts(self) -> CaptionCounts:
        """How many captions there are, of pictures that can be found."""
        from db import open_reader

        with open_reader(self._library.path) as reader:
            return reader.caption_counts()

    def import_file(
        self,
        file: str | os.PathLike[str],
        *,
        model: str | None = None,
        wait_s: float = 0.0,
        listener: ProgressListener | None = None,
    ) -> CaptionImport:
        """Give the pictures the captions of a file: CSV, TSV, JSON, JSON lines, COCO's or Karpathy's JSON.

        Rows name pictures by path (absolute, or seen from the file's folder), or by a file name that only one picture
        of the library has. What a picture has already is not added again, so that a file can be imported twice.

        Args:
            file: what to read; UTF-8.
            model: that wrote the captions; None: a person did, or nobody knows.
            wait_s: how long to wait for another process that is writing, in seconds.
            listener: called with `Progress`.

        Raises:
            UsageError: it cannot be read, is no file of captions, or names no picture of the library.
            LibraryNotFound: nothing has been indexed yet.
            LibraryLocked: another process is writing.
            StorageFull: no space left; what was finished is kept.
        """
        from semantic_image_search.captions.importing import import_captions

        return import_captions(self._library, Path(file), model=model, wait_s=wait_s, listener=listener or silent)

    def generate(
        self,
        request: CaptionRequest | None = None,
        *,
        judged: bool = True,
        wait_s: float = 0.0,
        listener: ProgressListener | None = None,
    ) -> CaptionReport:
        """Let the captioner write a caption for each picture in reach that has none by it.

        Committed batch by batch: what was interrupted is gone on with by the next call, and nothing is written twice.

        Args:
            request: which pictures; None: all.
            judged: let the reranker say which fit (CapFilt), where its weights are here.
            wait_s: how long to wait for another process that is writing, in seconds.
            listener: called with `Progress`.

        Raises:
            LibraryNotFound: nothing has been indexed yet.
            UnknownModel, WeightsMissing, DeviceError: the captioner cannot be used.
            LibraryLocked: another process is writing.
            StorageFull: no space left; what was finished is kept.
        """
        from core.captioning import CaptionRequest
        from semantic_image_search.captions.generating import generate_captions

        wanted = request or CaptionRequest()
        return generate_captions(self._library, wanted, judged=judged, wait_s=wait_s, listener=listener or silent)

    def filter(
        self,
        request: CaptionRequest | None = None,
        *,
        wait_s: float = 0.0,
        listener: ProgressListener | None = None,
    ) -> CaptionReport:
        """Let the reranker judge each caption that it has not judged: those that do not fit are marked (CapFilt).

        Args:
            request: which captions, and from which match on they are kept; None: all, from 0.5 on.
            wait_s: how long to wait for another process that is writing, in seconds.
            listener: called with `Progress`.

        Raises:
            LibraryNotFound, LibraryLocked, StorageFull: as `generate`.
            UnknownModel, WeightsMissing, DeviceError: the reranker cannot be used.
        """
        from core.captioning import CaptionRequest
        from semantic_image_search.captions.generating import filter_library

        return filter_library(self._library, request or CaptionRequest(), wait_s=wait_s, listener=listener or silent)

    def remove(
        self, path: str | bytes | os.PathLike[str], *, sources: Collection[CaptionSource] = OWN, wait_s: float = 0.0
    ) -> int:
        """Take captions off the picture at `path`: how many. Those that came with its file cannot be: they come back.

        Raises:
            UsageError: the library has no picture there.
            LibraryLocked: another process is writing.
        """
        from db import open_reader, open_writer

        with open_reader(self._library.path) as reader:
            image_id = _image(reader, path)
        with open_writer(self._library.path, command="captions remove", wait_s=wait_s) as writer:
            return writer.remove_captions([image_id], sources)


def _image(reader: LibraryReader, path: str | bytes | os.PathLike[str]) -> int:
    """The picture at this path."""
    found = reader.images_at_paths([place := absolute(path)])
    if not found:
        raise UsageError(f"the library has no picture at {display(place)}: search index takes new ones in")
    return found[place]
