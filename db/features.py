"""What a reranker saw of each picture, kept by content: derived, bounded, thrown away oldest use first.

A cache and nothing more. Whatever keeps it from being read or written (a full disk, a library that is read-only, a
damaged file) costs time and never an answer, so nothing here raises. Several processes may use it at once: a file
appears whole under its name or not at all, and carries a checksum.
"""

import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np

from core.arrays import PictureFeatures
from db.bounded import BoundedFolder, write_whole

FOLDER = "features"
_SUFFIX = ".f16"
_HEADER = struct.Struct("<4sIII")  # magic, tokens, width, CRC-32 of the numbers
_MAGIC = b"SIF1"


class FeatureCache:
    """Features of pictures as one reranker sees them, <library>/features/<identity>/<ab>/<content hash>.f16.

    Args:
        library: the library's folder; where there is none, nothing is kept.
        identity: `RerankerInfo.identity`.
        max_bytes: of all rerankers' files together; a remembered bound (`remember_bound`) wins. 0: nothing is kept
            nor read.
    """

    def __init__(self, library: Path, identity: str, max_bytes: int) -> None:
        self._library = library
        self._folder = library / FOLDER / identity[:16]
        self.max_bytes = remembered_bound(library) or max_bytes
        self._bounded = BoundedFolder(library / FOLDER, "*/*/", self.max_bytes)  # all rerankers'
        self._writable = self.max_bytes > 0 and library.is_dir()

    def __contains__(self, content_hash: bytes) -> bool:
        """Whether there are features of this content; damaged ones count, and are found out by `get`."""
        return self.max_bytes > 0 and self._file(content_hash).is_file()

    def get(self, content_hash: bytes) -> PictureFeatures | None:
        """Float16 (tokens, width), read-only; None where there are none, or they are damaged."""
        if not self.max_bytes:
            return None
        file = self._file(content_hash)
        try:
            content = file.read_bytes()
        except OSError:
            return None
        features = _parse(content)
        with suppress(OSError):
            if features is None:
                file.unlink()
            else:
                os.utime(file)  # used now: the last to go
        return features

    def put(self, content_hash: bytes, features: PictureFeatures) -> bool:
        """Keep features, float16 (tokens, width), dropping what was unused longest; False where they cannot be kept."""
        content = _written_out(features)
        if not self._writable or len(content) > self.max_bytes:
            return False
        try:
            self._bounded.make_room(len(content))
            write_whole(self._file(content_hash), content)
        except OSError:  # full or read-only: not tried again by this process
            self._writable = False
        return self._writable

    def used_bytes(self) -> int:
        """What all rerankers' features take on disk now."""
        return self._bounded.used_bytes()

    def _file(self, content_hash: bytes) -> Path:
        name = content_hash.hex()
        return self._folder / name[:2] / (name + _SUFFIX)


def bytes_of(tokens: int, width: int) -> int:
    """What the features of one picture take on disk."""
    return _HEADER.size + 2 * tokens * width


def forget_features(library: Path, content_hash: bytes) -> None:
    """Remove what any reranker saw of this content."""
    name = content_hash.hex()
    for file in (library / FOLDER).glob(f"*/{name[:2]}/{name}*"):
        with suppress(FileNotFoundError):
            file.unlink()


def remember_bound(library: Path, max_bytes: int) -> None:
    """From now on the features of this library may take so much, whatever the setting says."""
    write_whole(library / FOLDER / "max_bytes", str(max_bytes).encode())


def remembered_bound(library: Path) -> int | None:
    """The bound given to `remember_bound`; None where the setting decides."""
    try:
        return int((library / FOLDER / "max_bytes").read_bytes())
    except (OSError, ValueError):
        return None


def _parse(content: bytes) -> PictureFeatures | None:
    if len(content) < _HEADER.size:
        return None
    magic, tokens, width, checksum = _HEADER.unpack_from(content)
    numbers = memoryview(content)[_HEADER.size :]
    if magic != _MAGIC or len(numbers) != 2 * tokens * width or zlib.crc32(numbers) != checksum:
        return None
    return np.frombuffer(numbers, "<f2").reshape(tokens, width)


def _written_out(features: PictureFeatures) -> bytes:
    tokens, width = features.shape
    numbers = np.ascontiguousarray(features, "<f2").tobytes()
    return _HEADER.pack(_MAGIC, tokens, width, zlib.crc32(numbers)) + numbers
