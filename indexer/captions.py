"""Vectors for caption texts that have none: encode a batch, commit it, go on.

What is committed is never done again, so a run that was stopped is gone on with by the next one. Where nothing is new,
the encoder is not asked, and so no model is loaded.
"""

from itertools import islice
from typing import TYPE_CHECKING

from core.indexing import Progress, ProgressListener
from core.protocols import TextEncoder
from db.records import SpaceInfo

if TYPE_CHECKING:
    from db import LibraryWriter

BATCH = 256  # texts encoded and committed at once: about a second on a CPU, beside which a commit does not show


def embed_captions(
    writer: "LibraryWriter", space: SpaceInfo, encoder: TextEncoder, listener: ProgressListener, *, batch: int = BATCH
) -> int:
    """Give every caption text that can be found a vector in this space; how many got one.

    `listener` is called before each batch, and may end the work by raising: all batches before it are kept.

    Raises:
        StorageFull: the disk is full; what was committed before stays.
        WrongModel, WeightsMissing, DeviceError: there are new texts, and the model cannot be used.
    """
    total = writer.count_unembedded(space)
    done = 0
    texts = writer.unembedded_texts(space)
    while some := list(islice(texts, batch)):
        listener(Progress("texts", done, total))
        vectors = encoder.encode_texts([text for _, text in some])
        done += writer.commit_texts(space, [text_id for text_id, _ in some], vectors)
    return done
