"""Vectors for the neutral texts that hits are judged by: once per space, and again where the list is another one.

Where they are there already, the encoder is not asked, and so no model is loaded.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import Vectors
from core.indexing import Progress, ProgressListener
from core.protocols import TextEncoder, TextMemory
from db.records import SpaceInfo

if TYPE_CHECKING:
    from db import LibraryWriter

BATCH = 64  # texts encoded at once: between two of them Ctrl-C is heard


def embed_neutral_texts(
    writer: "LibraryWriter", space: SpaceInfo, encoder: TextEncoder, texts: Sequence[str], listener: ProgressListener
) -> None:
    """Keep the vectors of `texts` with the space, unless they are there, or it has no picture to judge.

    `listener` is called before each batch, and may end the work by raising: nothing is kept then.

    Raises:
        StorageFull: the disk is full.
        ModelError: the model cannot be used.
    """
    if not texts or not writer.generation(space).live_rows or writer.has_neutral_texts(space, texts):
        return
    memory = encoder if isinstance(encoder, TextMemory) else None
    known = memory.recall(texts) if memory else None
    rows = _encoded(encoder, texts, listener) if known is None else known
    if memory and known is None:
        memory.remember(texts, rows)
    writer.keep_neutral_texts(space, texts, rows)


def _encoded(encoder: TextEncoder, texts: Sequence[str], listener: ProgressListener) -> Vectors:
    rows = []
    for start in range(0, len(texts), BATCH):
        listener(Progress("neutral", start, len(texts)))
        rows.append(encoder.encode_texts(texts[start : start + BATCH]))
    return np.concatenate(rows)
