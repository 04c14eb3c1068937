"""Text as keyword search sees it: folded words between single spaces, so that a word's edges are letters of the text.

" a dog on the beach " holds " dog " but not " do ": a search for substrings (trigrams) finds whole words this way, and
words of one and two letters, too. What is written without spaces (Chinese, Japanese, Thai, …) is taken apart into its
characters: " 海 滩 ". What is stored and what is asked for go through the same function.
"""

import re
import unicodedata
from dataclasses import dataclass

UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u109f"  # Tibetan, Burmese
    "\u1780-\u17ff"  # Khmer
    "\u2600-\u27bf"  # signs
    "\u3005-\u30ff\u31f0-\u31ff"  # Japanese
    "\u3400-\u9fff\uf900-\ufaff"  # Chinese characters
    "\uac00-\ud7af"  # Korean has spaces, and endings that grow onto a word
    "\U0001f300-\U0001faff"  # emoji
    "\U00020000-\U0003ffff"  # rarer Chinese characters
)
"""Ranges (for a class of a regular expression) of characters that are words of their own."""

SIGNS = "\u0900-\u0963\u0970-\u0dff"
"""Ranges of the scripts of India, whose vowel signs are no letters to a regular expression."""

_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]")  # and Hebrew's, Arabic's vowels
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})
_TOKEN = re.compile(rf"[{UNSPACED}]|(?:[^\W\d_{UNSPACED}]|[{SIGNS}])+|\d+")

_ASCII_TOKEN = re.compile("[a-z]+|[0-9]+")  # the same, and twice as fast


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a query, and what of it may stand in a text.

    Patterns are folded and spaced as the texts are: " dog " is the word, " dog" also begins "dogmatic".
    """

    word: str  # as it was typed
    forms: tuple[tuple[str, float], ...]  # pattern, how much finding it counts (0 to 1); all of them are looked for
    fragments: tuple[tuple[str, float], ...] = ()  # one after the other, where no text has any of the forms

    @property
    def coded(self) -> bool:
        """It has a digit, as in IMG_1234 or 2019: a name, and nothing that can be seen."""
        return any(character.isdigit() for character in self.word)


def fold(text: str) -> str:
    """Without case, accents and compatibility forms: "Café", "CAFE" and "ｃａｆé" are one."""
    if text.isascii():
        return text.lower()
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return unicodedata.normalize("NFKC", bare).casefold().translate(_LETTERS)


def tokens(text: str) -> list[str]:
    """The folded words of a text: runs of letters, runs of digits, single characters of unspaced scripts."""
    return (_ASCII_TOKEN if text.isascii() else _TOKEN).findall(fold(text))


def spaced(text: str) -> str:
    """The folded words between single spaces, with one at each end; empty where there is no word."""
    found = tokens(text)
    return f" {' '.join(found)} " if found else ""
