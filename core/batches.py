"""How many pictures are encoded at once where nobody says: as many as keep the device busy."""

from collections.abc import Iterable

from core.protocols import Batching, ImageEncoder

PICTURES_AT_ONCE = 16  # a CPU is no faster with more, and 32 take 100 MB more


def batch_size_for(encoders: Iterable[ImageEncoder], asked: int = 0) -> int:
    """What was asked for, or else what the encoder that takes the most at once says of itself. May start a GPU.

    Args:
        encoders: the encoders of a run.
        asked: pictures; 0: nobody asked.
    """
    return asked or max(
        (encoder.batch_size if isinstance(encoder, Batching) else PICTURES_AT_ONCE for encoder in encoders),
        default=PICTURES_AT_ONCE,
    )
