"""A group of duplicates as it is shown: its files looked at on disk, the one to keep first, and what sets them apart.

A list of duplicates is made to delete files by. So nothing is on it that is not there any more, that changed since it
was indexed, or that is another name of the very same file; and pictures that can be opened are compared by pixels.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from core.arrays import Pixels
from core.duplicates import Compared, DuplicateFile, DuplicateGroup, DuplicateKind, LeftOut, RecordedFile
from core.errors import PictureProblem
from core.queries import CopyKind
from media import compare_copies
from searcher.keeping import Keeper

CHANGED = "changed or gone since it was indexed"
SAME_FILE = "another name of the same file"
OTHER_PICTURE = "alike, but another picture by its pixels"

LoadRgb = Callable[[bytes], Pixels]
"""The picture at this path, uint8 (height, width, 3) as shown, at low resolution. Raises PictureProblem."""


class Eyes(Protocol):
    """How the files of a group are looked at."""

    def there(self, files: Iterable[RecordedFile]) -> list[RecordedFile]:
        """Those that are there as they were indexed, each under one name; offline ones stay."""
        ...

    def compare(self, kept: RecordedFile, others: Sequence[RecordedFile]) -> list[tuple[CopyKind | None, Compared]]:
        """How each of these files of other bytes relates to the one kept; None by pixels: it is another picture."""
        ...


class Closed:
    """Eyes that are shut: everything is as it was when it was indexed."""

    def there(self, files: Iterable[RecordedFile]) -> list[RecordedFile]:
        """All of them."""
        return list(files)

    def compare(self, kept: RecordedFile, others: Sequence[RecordedFile]) -> list[tuple[CopyKind | None, Compared]]:
        """Fingerprints brought them together; nobody looks further."""
        del kept
        return [(None, Compared.FINGERPRINTS) for _ in others]


class OnDisk:
    """Looks at the files, and opens the pictures.

    Args:
        load_rgb: opens one.
        known: comparisons made before, by the ids of both pictures; new ones are added. An id stands for the same
            bytes for ever.
    """

    def __init__(self, load_rgb: LoadRgb, known: dict[tuple[int, int], CopyKind | None]) -> None:
        self._load_rgb = load_rgb
        self._known = known
        self.left_out: set[LeftOut] = set()

    def there(self, files: Iterable[RecordedFile]) -> list[RecordedFile]:
        """As `Eyes`; a file with several names is there by the one that is no link, else by the shortest."""
        found: dict[object, RecordedFile] = {}
        for file in sorted(files, key=_real_first):
            identity = _identity(file)
            if identity is not None:
                seen = replace(file, offline=False)  # back again, whatever the last index run met
            elif file.offline and not os.path.isdir(os.path.dirname(file.path)):  # noqa: PTH112, PTH120 - bytes
                identity, seen = file.path, file
            else:
                self.left_out.add(LeftOut(CHANGED, file.path))
                continue
            if found.setdefault(identity, seen) is not seen:
                self.left_out.add(LeftOut(SAME_FILE, file.path))
        return list(found.values())

    def compare(self, kept: RecordedFile, others: Sequence[RecordedFile]) -> list[tuple[CopyKind | None, Compared]]:
        """As `Eyes`; the one kept is opened once, and only where somebody has not been compared with it before."""
        compared: list[tuple[CopyKind | None, Compared]] = []
        pixels: Pixels | PictureProblem | None = None
        for other in others:
            pair = kept.image_id, other.image_id
            if pair not in self._known:
                pixels = self._open(kept) if pixels is None else pixels
                opened = pixels if isinstance(pixels, PictureProblem) else self._open(other)
                if isinstance(pixels, PictureProblem) or isinstance(opened, PictureProblem):
                    compared.append((None, Compared.FINGERPRINTS))
                    continue
                sizes = {"query_size": _size(kept), "candidate_size": _size(other)}
                self._known[pair] = compare_copies(pixels, opened, **sizes)
            if self._known[pair] is None:
                self.left_out.add(LeftOut(OTHER_PICTURE, other.path))
            compared.append((self._known[pair], Compared.PIXELS))
        return compared

    def _open(self, file: RecordedFile) -> Pixels | PictureProblem:
        try:
            return self._load_rgb(file.path)
        except PictureProblem as problem:  # out of reach with its drive, or no permission: fingerprints have to do
            return problem


def identical_group(files: Sequence[RecordedFile], keeper: Keeper, eyes: Eyes) -> DuplicateGroup | None:
    """Files with the same bytes; None where not two of them are left."""
    there = sorted(eyes.there(files), key=keeper.order)
    others = [DuplicateFile(one, copy=CopyKind.IDENTICAL, compared=Compared.BYTES) for one in there[1:]]
    return _group(DuplicateKind.IDENTICAL, there, others, keeper)


def near_group(pictures: Sequence[Sequence[RecordedFile]], keeper: Keeper, eyes: Eyes) -> DuplicateGroup | None:
    """Copies with different bytes, each by the best of its files; None where not two of them are left.

    Args:
        pictures: the files of each.
        keeper: says which are best.
        eyes: look at them.
    """
    left = (sorted(eyes.there(files), key=keeper.order) for files in pictures)
    there = sorted((files[0] for files in left if files), key=keeper.order)
    if len(there) < 2:
        return None
    others = [
        DuplicateFile(file, copy=copy, compared=compared)
        for file, (copy, compared) in zip(there[1:], eyes.compare(there[0], there[1:]), strict=True)
        if copy is not None or compared is not Compared.PIXELS
    ]
    return _group(DuplicateKind.NEAR_COPY, there, others, keeper)


def _group(
    kind: DuplicateKind, there: Sequence[RecordedFile], others: Sequence[DuplicateFile], keeper: Keeper
) -> DuplicateGroup | None:
    if not others:
        return None
    files = [DuplicateFile(there[0], keep=True), *others]
    return DuplicateGroup(
        kind=kind,
        files=tuple(_set_apart(files)),
        why=keeper.why([one.file for one in files]),
        wasted_bytes=sum(one.file.size_bytes or 0 for one in others),
    )


def _set_apart(files: Sequence[DuplicateFile]) -> list[DuplicateFile]:
    """Each with what it is among the others; nobody is the largest or the oldest where all are alike."""
    sizes = [(one.file.width * one.file.height, one.file.size_bytes or 0) for one in files]
    times = [one.file.mtime_ns for one in files if one.file.mtime_ns is not None]
    sizes_differ, times_differ = len(set(sizes)) > 1, len(set(times)) > 1
    return [
        replace(
            one,
            largest=sizes_differ and size == max(sizes),
            oldest=times_differ and one.file.mtime_ns == min(times),
        )
        for one, size in zip(files, sizes, strict=True)
    ]


def _identity(file: RecordedFile) -> object:
    """Device and inode; None where the file is not what was indexed."""
    try:
        found = os.stat(file.path)  # noqa: PTH116 - bytes
    except OSError:
        return None
    as_indexed = (found.st_size, found.st_mtime_ns) == (file.size_bytes, file.mtime_ns)
    return (found.st_dev, found.st_ino) if as_indexed else None


def _real_first(file: RecordedFile) -> tuple[bool, int, bytes]:
    return os.path.realpath(file.path) != file.path, len(file.path), file.path


def _size(file: RecordedFile) -> tuple[int, int]:
    return file.width, file.height
