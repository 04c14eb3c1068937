"""From the parts of a query to the one vector that is searched. Encoding the parts is the caller's encoder."""

from collections.abc import Sequence

import numpy as np

from core.arrays import Pixels, Vectors
from core.errors import UsageError
from core.protocols import Encoder
from searcher.request import SearchRequest

VANISHED = 2e-3
"""A sum shorter than this is noise: an encoder repeats itself to 1e-3 only, so its direction means nothing."""

BESIDE_WORDS = 0.3
"""Of its weight an unwanted picture keeps where words alone say what is wanted. Cosines of two pictures differ by more
than those of words and pictures: at full weight the answer turned into whatever is least like that picture. Measured
with recorded CLIP ViT-B/32 vectors (class names, 500 CIFAR pictures; one of the first six hits unwanted): P@10 0.95
without, 0.19 at full weight, 0.90 so, and the unwanted one falls by 36 ranks. Beside pictures full weight is right: of
the first ten 0.74 are of the same class without, 0.81 with; 0.16 and 0.03 of the unwanted one's."""


def compose(  # noqa: PLR0913 - parts and their weights
    text: Vectors | None,
    images: Vectors,
    not_texts: Vectors,
    *,
    not_images: Vectors | None = None,
    image_weight: float = 1.0,
    not_weight: float = 0.5,
    not_image_weight: float = 0.5,
) -> Vectors:
    """What is wanted, less what is not, float32 (dim,), unit length.

    `unit(text + image_weight · mean(images) - not_weight · mean(not_texts) - not_image_weight · mean(not_images))`

    Vector arithmetic on unit rows, as in CLIP retrieval ("this picture, but at night"). Means, not sums, so that a
    third example does not drown the words; the default not_weight of 0.5 keeps the answer near what was asked, where
    1.0 lets what was *not* asked for decide as much as what was.

    Args:
        text: float32 (dim,), unit; what stands with weight 1. None where there is none.
        images: float32 (n, dim), unit rows; n may be 0.
        not_texts: float32 (m, dim), unit rows; m may be 0.
        not_images: likewise. A mean of their own: texts and pictures lie apart, and a mean of both between them.
        image_weight: 0 or more.
        not_weight: 0 or more.
        not_image_weight: 0 or more.

    Raises:
        UsageError: the parts cancel each other out.
    """
    parts = [] if text is None else [text.astype(np.float64)]
    if len(images):
        parts.append(image_weight * images.astype(np.float64).mean(axis=0))
    unwanted = ((not_texts, not_weight), (not_images, not_image_weight))
    parts += [-weight * one.astype(np.float64).mean(axis=0) for one, weight in unwanted if one is not None and len(one)]
    total = np.sum(parts, axis=0) if parts else np.zeros(1)
    length = float(np.linalg.norm(total))
    if not length > VANISHED:
        raise UsageError("the parts of the query cancel each other out: change the words or the weights")
    return (total / length).astype(np.float32)


def query_vector(request: SearchRequest, dim: int, encoder: Encoder | None) -> Vectors:
    """The vector of a request, float32 (dim,), unit length. `encoder` may be None where only vectors were given.

    Raises:
        UsageError: the parts cancel each other out, or there is no encoder for words or pictures.
    """
    given = None if request.vector is None else unit(request.vector)
    words = [request.words] if request.words else []
    encoded, images, not_images = np.empty((0, dim), np.float32), request.like, request.unlike
    if request.needs_encoder:
        if encoder is None:
            raise UsageError("no model is at hand to read words or pictures: search with a vector")
        encoded = encoder.encode_texts([*words, *request.not_texts])
        images = _with_encoded(images, request.images, encoder)
        not_images = _with_encoded(not_images, request.not_images, encoder)
    positive = encoded[0] if words else None
    if given is not None:
        positive = given if positive is None else positive + given
    return compose(
        positive,
        np.empty((0, dim), np.float32) if images is None else images,
        encoded[len(words) :],
        not_images=not_images,
        image_weight=request.image_weight,
        not_weight=request.not_weight,
        not_image_weight=request.not_weight * (1.0 if request.examples or given is not None else BESIDE_WORDS),
    )


def _with_encoded(known: Vectors | None, pictures: Sequence[Pixels], encoder: Encoder) -> Vectors | None:
    """Pictures whose vectors are known, and others, float32 (n, dim), unit rows; None where there are none."""
    if not pictures:
        return known
    encoded = encoder.encode_pixels(np.stack(pictures))
    return encoded if known is None else np.concatenate([known, encoded])


def unit(vector: Vectors) -> Vectors:
    """The same direction, float32 (dim,), unit length; any length but zero."""
    wide = vector.astype(np.float64)
    wide = wide / np.abs(wide).max()  # a length of 1e300 would overflow when squared
    return np.asarray(wide / np.linalg.norm(wide), np.float32)
