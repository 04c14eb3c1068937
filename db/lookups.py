"""What a reader looks up in the database: pictures by their rows, ids and files, and what is said of them.

A thin front: every answer comes from the module that is named after it. Searching is `reader`'s.
"""

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from core.arrays import RowNumbers
from core.duplicates import RecordedFile
from core.models import VectorKind
from core.pictures import Caption, Picture
from core.tags import TagCount
from db import captions, duplicates, named, pictures, spaces
from db import tags as tagging
from db.duplicates import Prints
from db.records import CaptionCounts, ExportRow, GenerationInfo, PictureFile, SpaceInfo
from db.snapshot import Snapshot


class Lookups:
    """The half of LibraryReader that opens no file of vectors: each question is a query, or known already.

    Args:
        known: the snapshot.
    """

    def __init__(self, known: Snapshot) -> None:
        self._known = known
        self._store = known.store

    def generation(self, space: SpaceInfo, kind: VectorKind = VectorKind.IMAGE) -> GenerationInfo:
        """The space's current rows of this kind."""
        return self._known.generation(space, kind)

    def pictures(self, space: SpaceInfo, rows: RowNumbers | Sequence[int]) -> list[Picture]:
        """The pictures of these rows, in their order; a row that stands for no live picture is left out."""
        generation = self.generation(space)
        return self._known.pictures(generation).of(
            np.asarray(rows, np.int64).tolist(),
            lambda missing: pictures.pictures(self._store.conn, generation.id, missing),
        )

    def pictures_by_id(self, space: SpaceInfo, images: Sequence[int]) -> list[Picture]:
        """The live pictures among these ids, in their order, with a row of the space (-1 without)."""
        return pictures.pictures_by_id(self._store.conn, self.generation(space).id, images)

    def rows_of_images(self, space: SpaceInfo, image_ids: Sequence[int]) -> dict[int, int]:
        """The row of each of these pictures; one that is not live, or has no vector in the space, is left out."""
        return pictures.rows_of_images(self._store.conn, self.generation(space).id, image_ids)

    def rows_at_path(self, space: SpaceInfo, path: bytes) -> RowNumbers:
        """Rows of the live pictures of the file at `path`."""
        return pictures.rows_at_path(self._store.conn, self.generation(space).id, path)

    def rows_with_hash(self, space: SpaceInfo, content_hash: bytes) -> RowNumbers:
        """Rows of the live pictures with exactly this content."""
        return pictures.rows_with_hash(self._store.conn, self.generation(space).id, content_hash)

    def image_ids(self, space: SpaceInfo, rows: RowNumbers) -> RowNumbers:
        """The pictures of these rows (ascending), int64 (n,)."""
        return pictures.images_of_rows(self._store.conn, self.generation(space).id, rows)

    def export_rows(self, space: SpaceInfo) -> Iterator[ExportRow]:
        """Every live row in order; fetch their vectors with `vectors`."""
        return pictures.export_rows(self._store.conn, self.generation(space).id)

    def prints(self, space: SpaceInfo) -> Prints:
        """The fingerprints of the space's pictures. Read once."""
        return self._known.prints(self.generation(space))

    def has_image(self, image_id: int) -> bool:
        """Whether the library has this picture, with a vector or without."""
        return pictures.has_image(self._store.conn, image_id)

    def content_hashes(self, images: Sequence[int]) -> dict[int, bytes | None]:
        """The live pictures among these ids, each with the hash of its content; None: it was never read."""
        return pictures.content_hashes(self._store.conn, images)

    def images_at(self, path: bytes) -> list[int]:
        """The live pictures of the file at `path`, or of all files below it."""
        return pictures.images_at(self._store.conn, path)

    def images_at_paths(self, paths: Collection[bytes]) -> dict[bytes, int]:
        """The live picture of each of these files, with a vector or without; a path without one is left out."""
        return named.images_at_paths(self._store.conn, paths)

    def images_called(self, names: Collection[bytes]) -> dict[bytes, list[tuple[bytes, int]]]:
        """Every live file with one of these names, in any folder: (path, image id)."""
        return named.images_called(self._store.conn, names)

    def files_of(self, image_id: int) -> list[PictureFile]:
        """The files of a live picture, the best first."""
        return pictures.files_of(self._store.conn, image_id)

    def recorded_files(self, images: Sequence[int]) -> dict[int, list[RecordedFile]]:
        """The live files of each of these pictures, by path, as they were when indexed."""
        return duplicates.recorded_files(self._store.conn, images)

    def images_with_several_files(self) -> RowNumbers:
        """The pictures of which there are identical files, ascending."""
        return duplicates.images_with_several_files(self._store.conn)

    def tags(self, images: Sequence[int] | None = None) -> list[TagCount]:
        """Every tag of pictures that can be found, by name; only of these pictures where they are given."""
        return self._known.tag_counts() if images is None else tagging.tag_counts(self._store.conn, images)

    def captions_of(self, image_ids: Sequence[int]) -> dict[int, tuple[Caption, ...]]:
        """Per picture its captions, those judged not to fit, too; a picture without any is left out."""
        return captions.captions_of(self._store.conn, image_ids)

    def caption_counts(self) -> CaptionCounts:
        """How many captions there are, of pictures that can be found."""
        return captions.caption_counts(self._store.conn)

    def embedded_texts(self, space: SpaceInfo) -> int:
        """How many caption texts a search of this space can find."""
        found = spaces.find_generation(self._store.conn, space.id, VectorKind.CAPTION)
        return 0 if found is None else found.live_rows
