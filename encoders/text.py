"""What of a text does not fit a model's context length, for any tokenizer.

The tokenizer is a black box: it is called with a context length and pads what is left. A text fits if it gives as
many tokens as it gives with all the room in the world.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

# A cut is reported at the end of a word. Scripts that write no spaces (from U+2E80: Chinese, Japanese, …; Thai, Lao
# and their neighbours) are cut between characters.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\U0003ffff"
_PIECES = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+|\s+|[^\w\s]", re.ASCII - re.ASCII)


def cut_off(text: str, tokenizer: Any, context_length: int) -> str:  # noqa: ANN401 - open_clip ships no types
    """The end of `text` that does not fit, from the first word that is not wholly read; empty where all of it fits."""

    def fits(end: int) -> bool:
        return _fits(text[:end], tokenizer, context_length)

    if fits(len(text)):
        return ""
    ends = [match.end() for match in _PIECES.finditer(text)]
    end = _last_that_fits(ends, fits) or _last_that_fits(range(1, len(text)), fits)  # one word may be too long
    return text[end:].lstrip()


def _last_that_fits(ends: Sequence[int], fits: Callable[[int], bool]) -> int:
    """The largest end that fits, 0 where none does; ends ascend, and once one does not fit none after it does."""
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high) // 2
        if fits(ends[middle]):
            low = middle + 1
        else:
            high = middle
    return ends[low - 1] if low else 0


def _fits(text: str, tokenizer: Any, context_length: int) -> bool:  # noqa: ANN401 - open_clip ships no types
    # No tokenizer makes more tokens than twice the bytes, so that padding is the most common token of `roomy`.
    room = 2 * (2 * len(text.encode("utf-8", "replace")) + context_length) + 16
    roomy = np.asarray(tokenizer([text], context_length=room)[0])  # open_clip's own gives a tensor
    padding = np.bincount(roomy).argmax()
    tight = np.asarray(tokenizer([text], context_length=context_length)[0])
    return bool((roomy != padding).sum() == (tight != padding).sum())
