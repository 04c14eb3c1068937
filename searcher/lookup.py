"""Reverse lookup: which files show this very picture, and what looks like it.

Identical files come first, then copies (recompressed, resized, cropped), then similar pictures; each by score.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import RowNumbers, Vectors
from core.errors import UsageError
from core.queries import CopyKind, Page, SearchResult
from searcher.answer import Answer, MakeEncoder, Stopwatch, encoder_for, hits_of, result_of, retrieve
from searcher.compose import unit
from searcher.copies import LoadRgb, is_itself, load_small, mark_copies
from searcher.grouping import Found, group_alike, one_per_file, one_per_picture
from searcher.hybrid import by_vector
from searcher.request import LookupRequest

if TYPE_CHECKING:
    from db import LibraryReader
    from db.records import SpaceInfo


def lookup(
    reader: "LibraryReader", request: LookupRequest, encoder: MakeEncoder | None, load_rgb: LoadRgb = load_small
) -> SearchResult:
    """The files of the library that show this picture, and what looks like it.

    A picture that the library holds is searched with the vector the library has for it: no model is loaded, and
    imported spaces whose weights cannot be had can be looked up in.

    Args:
        reader: one snapshot of the library.
        request: the picture looked up.
        encoder: makes the encoder; called only where the library does not hold the picture.
        load_rgb: opens a file of the library to compare pixels, at the resolution of `request.rgb`.

    Raises:
        UsageError: there is no encoder and the library does not hold the picture.
        WrongModel: the encoder is not the one the library was indexed with.
        LibraryNotFound: nothing is indexed yet.
    """
    watch = Stopwatch.start()
    space = reader.active_space()
    vector = _known_vector(reader, space, request)
    if vector is None:
        vector = _encoded(space, request, encoder)
    watch.encoded()
    kinds: dict[int, CopyKind | None] = {}  # by row; judged once, among the first candidates

    def arrange(found: Sequence[Found], vectors: Vectors) -> list[Found]:
        if not kinds:
            kinds.update({one.picture.row: one.copy for one in mark_copies(found, request, load_rgb)})
        marked = [replace(one, copy=kinds.get(one.picture.row, CopyKind.SIMILAR)) for one in found]
        return _copies_first(marked, vectors, request.page)

    found = retrieve(reader, space, partial(by_vector, reader, space, vector), request.page, arrange)
    return result_of(reader, found, Answer(hits_of(found.shown, request.page)), query=request.name, watch=watch)


def _known_vector(reader: "LibraryReader", space: "SpaceInfo", request: LookupRequest) -> Vectors | None:
    """The vector that the library has for this very picture, float32 (dim,), unit length."""
    for picture in reader.pictures(space, _known_rows(reader, space, request)):
        if is_itself(picture, request):
            return unit(reader.vectors(space, np.array([picture.row], np.int64))[0])
    return None


def _encoded(space: "SpaceInfo", request: LookupRequest, encoder: MakeEncoder | None) -> Vectors:
    if request.pixels is None:
        name = request.name or "this picture"
        raise UsageError(f"{name} is not in the library, and no model is at hand to find what looks like it")
    vector: Vectors = encoder_for(space, encoder).encode_pixels(request.pixels[np.newaxis])[0]
    return vector


def _known_rows(reader: "LibraryReader", space: "SpaceInfo", request: LookupRequest) -> RowNumbers:
    none = np.empty(0, np.int64)
    by_hash = none if request.content_hash is None else reader.rows_with_hash(space, request.content_hash)
    by_path = none if request.path is None else reader.rows_at_path(space, request.path)
    return np.concatenate([by_hash, by_path])


def _copies_first(marked: Sequence[Found], vectors: Vectors, page: Page) -> list[Found]:
    """Identical, then copies, then similar ones; only similar ones hide behind each other: copies are the answer."""
    tiers: tuple[list[int], list[int], list[int]] = ([], [], [])
    for i, one in enumerate(marked):
        tiers[0 if one.copy is CopyKind.IDENTICAL else 2 if one.copy is CopyKind.SIMILAR else 1].append(i)
    identical, copies, similar = ([marked[i] for i in tier] for tier in tiers)
    if not page.group:
        return one_per_file([*identical, *copies, *similar], page.filters.folders)
    return [*one_per_picture([*identical, *copies]), *group_alike(similar, vectors[tiers[2]])]
