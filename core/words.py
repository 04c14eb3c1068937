"""Text as keyword search sees it: folded words between single spaces, so that a word's edges are letters of the text.

" a dog on the beach " holds " dog " but not " do ": a search for substrings (trigrams) finds whole words this way, and
words of one and two letters, too. What is written without spaces (Chinese, Japanese, Thai, …) is taken apart into its
characters: " 海 滩 ". What is stored and what is asked for go through the same function.
"""

import re
import unicodedata

_ACCENTS = re.compile("[\u0300-\u036f]")
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})
_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u109f"  # Tibetan, Burmese
    "\u1780-\u17ff"  # Khmer
    "\u2600-\u27bf"  # signs
    "\u3005-\u30ff\u31f0-\u31ff"  # Japanese
    "\u3400-\u9fff\uf900-\ufaff"  # Chinese characters
    "\uac00-\ud7af"  # Korean has spaces, and endings that grow onto a word
    "\U0001f300-\U0001faff"  # emoji
    "\U00020000-\U0003ffff"
)
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W\d_{_UNSPACED}]+|\d+")

UNSPACED = re.compile(f"[{_UNSPACED}]")
"""One character of a script that has no spaces between words; a token of its own."""


def fold(text: str) -> str:
    """Without case, accents and compatibility forms: "Café", "CAFE" and "ｃａｆé" are one."""
    if text.isascii():
        return text.lower()
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return unicodedata.normalize("NFKC", bare).casefold().translate(_LETTERS)


def tokens(text: str) -> list[str]:
    """The folded words of a text: runs of letters, runs of digits, single characters of unspaced scripts."""
    return _TOKEN.findall(fold(text))


def spaced(text: str) -> str:
    """The folded words between single spaces, with one at each end; empty where there is no word."""
    found = tokens(text)
    return f" {' '.join(found)} " if found else ""
