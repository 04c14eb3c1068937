"""Text vectors that a space holds anyway: what an index over its pictures is measured with.

Captions are what people search for in words that somebody chose; the neutral texts at least lie where texts lie. What
is asked of a library is never kept.
"""

import numpy as np

from core.arrays import Vectors
from core.errors import LibraryDamaged
from core.models import VectorKind
from db.background import read_neutral_texts
from db.connect import Store
from db.filters import findable_rows
from db.places import place_of
from db.records import SpaceInfo
from db.spaces import find_generation
from db.vectors.sampling import sample_rows

ENOUGH = 800  # captions: more than are measured with
_FEW = 400  # captions: with fewer, neutral texts join them


def known_texts(store: Store, space: SpaceInfo) -> Vectors | None:
    """float32 (n, dim), unit rows: a sample of the captions, with few of them the neutral texts, too; None: no text."""
    captions = _captions(store, space)
    if len(captions) >= _FEW:
        return captions
    neutral = read_neutral_texts(store.conn, space)
    both = captions if neutral is None else np.concatenate([captions, neutral])
    return both if len(both) else None


def _captions(store: Store, space: SpaceInfo) -> Vectors:
    none = np.empty((0, space.dim), np.float32)
    rows = find_generation(store.conn, space.id, VectorKind.CAPTION)
    if rows is None:
        return none
    try:
        view = place_of(store, rows.id).open().view(rows.committed_rows)
    except LibraryDamaged:  # the doctor's; pictures are found without
        return none
    return sample_rows(view, findable_rows(store.conn, rows), ENOUGH, np.random.default_rng(rows.committed_rows))
