"""What open_clip's tokenizers do to a text before they split it.

The same steps with the same libraries. `ftfy` and `html` change nothing in plain ASCII, and loading them takes longer
than the whole tokenizer: they are asked only for other texts.
"""

import string
from collections.abc import Callable

Cleaner = Callable[[str], str]

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def _mended(text: str) -> str:
    """Broken encodings, entities and control characters put right."""
    if text.isascii() and text.isprintable() and "&" not in text:
        return text.strip()
    import html

    import ftfy

    return html.unescape(html.unescape(ftfy.fix_text(text))).strip()


def _spaced(text: str) -> str:
    """Mended, with single spaces between words."""
    return " ".join(_mended(text).split())


def _lower(text: str) -> str:
    return _spaced(text).lower()


def _canonical(text: str) -> str:
    """Mended, in small letters, without ASCII punctuation."""
    bare = _mended(text).replace("_", " ").translate(_NO_PUNCTUATION).lower()
    return " ".join(bare.split())


CLEANERS: dict[str, Cleaner] = {"whitespace": _spaced, "lower": _lower, "canonicalize": _canonical}
"""By the names that open_clip's configurations give them."""
