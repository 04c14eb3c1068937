"""CLIP's own byte pair encoding, from the vocabulary file that open_clip brings along.

Ready in about 15 ms, where open_clip's class needs torch and builds a table of 49,408 pairs of strings.
"""

import gzip
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from encoders.cleaning import Cleaner

_MERGES = 49152 - 256 - 2  # OpenAI's CLIP uses these of the 262,144 in the file
_READ_AT_ONCE = 1 << 18
_SPECIAL = ("<start_of_text>", "<end_of_text>")
_WORDS = r"<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|[{letters}]+|[{digits}]|[^\s{letters}{digits}]+"
_WORDS_KEPT = 1 << 16

_Symbol = tuple[str, int]  # as it is written in the vocabulary file, and its id


class BytePairs:
    """Texts to ids, as open_clip's SimpleTokenizer gives them.

    Args:
        vocabulary: open_clip's bpe_simple_vocab_16e6.txt.gz.
        clean: what is done to a text first.

    Raises:
        ModelError: the file is damaged.
    """

    def __init__(self, vocabulary: Path, clean: Cleaner) -> None:
        self._ranks = _read_ranks(vocabulary)
        self._clean = clean
        self._letters = _byte_letters()
        order = {byte: at for at, byte in enumerate(self._letters)}
        self._inner = {byte: (letter, order[byte]) for byte, letter in self._letters.items()}
        self._last = {byte: (f"{letter}</w>", 256 + order[byte]) for byte, letter in self._letters.items()}
        self._start, self._end = (512 + _MERGES + at for at in range(2))
        self._of_word = lru_cache(_WORDS_KEPT)(self._encode_word)
        self._ascii_words: Any = re.compile(_WORDS.format(letters="a-zA-Z", digits="0-9"), re.IGNORECASE | re.ASCII)
        self._words: Any = None

    def __call__(self, texts: Sequence[str], context_length: int) -> NDArray[np.int64]:
        """N texts to int64 (n, context_length), zeros behind the end token; what does not fit is cut."""
        tokens = np.zeros((len(texts), context_length), np.int64)
        for row, text in zip(tokens, texts, strict=True):
            ids = [self._start, *self._encode(text), self._end][:context_length]
            row[: len(ids)] = ids
            if len(ids) == context_length:
                row[-1] = self._end
        return tokens

    def _encode(self, text: str) -> list[int]:
        return [token for word in self._split(self._clean(text)) for token in self._of_word(word)]

    def _split(self, text: str) -> list[str]:
        if text.isascii():  # `re` knows ASCII's letters, and is loaded anyway
            return list(self._ascii_words.findall(text))
        if self._words is None:
            import regex

            self._words = regex.compile(_WORDS.format(letters=r"\p{L}", digits=r"\p{N}"), regex.IGNORECASE)
        return list(self._words.findall(text))

    def _encode_word(self, word: str) -> tuple[int, ...]:
        if word in _SPECIAL:
            return (self._start + _SPECIAL.index(word),)
        encoded = word.encode()
        symbols = [*(self._inner[byte] for byte in encoded[:-1]), self._last[encoded[-1]]]
        while len(symbols) > 1:
            ranks = [self._ranks.get(f"{one[0]} {other[0]}", _MERGES) for one, other in pairwise(symbols)]
            best = min(ranks)
            if best == _MERGES:
                break
            symbols = _merged(symbols, ranks, best)
        return tuple(token for _, token in symbols)


def _merged(symbols: list[_Symbol], ranks: list[int], rank: int) -> list[_Symbol]:
    """The pairs of this rank made one symbol, from the left; ranks[i] is that of symbols[i] and symbols[i + 1]."""
    joined: list[_Symbol] = []
    at = 0
    while at < len(symbols):
        if at < len(ranks) and ranks[at] == rank:
            joined.append((symbols[at][0] + symbols[at + 1][0], 512 + rank))
            at += 2
        else:
            joined.append(symbols[at])
            at += 1
    return joined


def _read_ranks(path: Path) -> dict[str, int]:
    """Which pair of symbols ("th e</w>") is merged first; only the part of the file that CLIP uses is unpacked."""
    text = b""
    try:
        with gzip.open(path) as file:
            while text.count(b"\n") <= _MERGES and (more := file.read(_READ_AT_ONCE)):
                text += more
        pairs = text.decode().split("\n", _MERGES + 1)[1 : _MERGES + 1]  # the first line names the version
    except (OSError, EOFError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({error}): install open_clip_torch anew") from error
    if len(pairs) < _MERGES:
        raise ModelError(f"{path} is not whole: install open_clip_torch anew")
    return dict(zip(pairs, count(), strict=False))


def _byte_letters() -> dict[int, str]:
    """A printable letter for each byte, in the order of their ids: the printable bytes first, as themselves."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in set(printable)]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + at) for at, byte in enumerate(others)}
