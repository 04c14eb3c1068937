"""A set to evaluate on: pictures that are there, their captions, and what had to be left out.

Reading the files of captions is `caption_rows`'; whether a picture can be decoded shows when it is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import UsageError
from core.paths import absolute, display
from semantic_image_search.captions.rows import EVERY_SPLIT, Tally, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from core.arrays import RowNumbers
    from semantic_image_search.captions.rows import Row

PER_PICTURE = 5  # captions: what the papers' tables count with


@dataclass(frozen=True, slots=True, eq=False)
class CaptionSet:
    """Pictures and the captions that tell of them.

    Attributes:
        pictures: absolute paths, in the file's order; each has a caption.
        captions: texts, picture by picture.
        owner: int64 (captions,): the picture each belongs to.
        missing: names in the file that no picture in the folder has.
        bad: rows that could not be used.
        told: the first of these, with place and reason.
        surplus: captions beyond the first few of a picture.
    """

    pictures: tuple[bytes, ...]
    captions: tuple[str, ...]
    owner: RowNumbers
    missing: tuple[str, ...] = ()
    bad: int = 0
    told: tuple[str, ...] = ()
    surplus: int = 0

    def only(self, kept: Sequence[int]) -> CaptionSet:
        """The set with these pictures alone, and their captions."""
        number = {old: new for new, old in enumerate(kept)}
        rows = [row for row, own in enumerate(self.owner.tolist()) if own in number]
        return CaptionSet(
            pictures=tuple(self.pictures[old] for old in kept),
            captions=tuple(self.captions[row] for row in rows),
            owner=np.array([number[int(self.owner[row])] for row in rows], np.int64),
            missing=self.missing,
            bad=self.bad,
            told=self.told,
            surplus=self.surplus,
        )


def read_caption_set(
    file: Path, images: Path, *, split: str | None = None, per_picture: int = PER_PICTURE, limit: int | None = None
) -> CaptionSet:
    """The pictures of a file of captions that lie in a folder.

    Args:
        file: Karpathy or COCO JSON, JSON lines, CSV; see `caption_rows`.
        images: the folder that the file's names are seen from.
        split: of the file's splits; `all` for every one; None: test where the file is Karpathy's.
        per_picture: captions of a picture that count, the first; 0: all.
        limit: stop after so many pictures that are there.

    Raises:
        UsageError: a path is wrong, the file is no file of captions, or nothing of it can be used.
    """
    if not images.is_dir():
        raise UsageError(f"{images} is not a folder: the pictures that {file.name} names are looked for in it")
    tally = Tally()
    found, missing = _found(read_rows(file, split=split, tally=tally), os.fsencode(images), tally, limit)
    if not found:
        raise UsageError(_nothing(file, images, split, tally, missing))
    kept = {path: captions[: per_picture or None] for path, captions in found.items()}
    return CaptionSet(
        pictures=tuple(kept),
        captions=tuple(caption for captions in kept.values() for caption in captions),
        owner=np.repeat(np.arange(len(kept), dtype=np.int64), [len(captions) for captions in kept.values()]),
        missing=tuple(missing),
        bad=tally.bad,
        told=tuple(tally.told),
        surplus=sum(map(len, found.values())) - sum(map(len, kept.values())),
    )


def _found(
    rows: Iterable[Row], images: bytes, tally: Tally, limit: int | None
) -> tuple[dict[bytes, list[str]], list[str]]:
    """Captions by picture, and the names that no file has."""
    found: dict[bytes, list[str]] = {}
    places: dict[tuple[str, ...], bytes | None] = {}  # each name is looked for once
    for names, texts in rows:
        captions = [tidy for text in texts if (tidy := _tidy(text))]
        if not captions:
            tally.leave_out(names[0], "its caption is empty" if texts else "it has no caption")
            continue
        if names not in places:
            places[names] = _place(images, names)
        path = places[names]
        if path is None or (limit is not None and len(found) >= limit and path not in found):
            continue
        found.setdefault(path, []).extend(captions)
    return found, [names[0] for names, path in places.items() if path is None]


def _place(images: bytes, names: Sequence[str]) -> bytes | None:
    for name in names:
        try:
            path = absolute(os.path.join(images, os.fsencode(name)))  # noqa: PTH118 - bytes
            if os.path.isfile(path):  # noqa: PTH113 - bytes
                return path
        except ValueError:  # a NUL in the name, or half a surrogate pair
            continue
    return None


def _tidy(text: str) -> str:
    """One line of proper Unicode."""
    return " ".join(text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").split())


def _nothing(file: Path, images: Path, split: str | None, tally: Tally, missing: Sequence[str]) -> str:
    """Why there is nothing to evaluate on."""
    if missing:
        first = display(missing[0].encode("utf-8", "surrogatepass"))
        return f"none of the {len(missing):,} pictures that {file} names is in {images}; the first is {first}"
    if tally.splits and not tally.bad and split != EVERY_SPLIT:
        there = ", ".join(f"{name} ({number:,})" for name, number in tally.splits.most_common())
        return f"{file} has no pictures of the split {split or 'test'!r}: there are {there}"
    if tally.told:
        return f"{file} has no usable caption; {tally.told[0]}"
    return f"{file} holds no captions"
