"""A hint where a query is in a language that the model was not trained on. A guess, and never a refusal.

The script decides where it can. Of languages in Latin script only a few are told from English, by small words that
English sentences do not hold: none of 63,174 captions (Flickr8k, COCO) gets a hint. Short queries without such words
get none either ("un chien"): no hint is better than a wrong one.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

from core.models import EncoderInfo
from core.notices import notice

_SCRIPTS: Mapping[str, tuple[str, frozenset[str]]] = {
    # the first word of a character's Unicode name: what people call the script, who writes it
    "CJK": ("Chinese characters", frozenset({"zh", "ja"})),
    "HIRAGANA": ("Japanese", frozenset({"ja"})),
    "KATAKANA": ("Japanese", frozenset({"ja"})),
    "HANGUL": ("Korean", frozenset({"ko"})),
    "CYRILLIC": ("Cyrillic", frozenset({"ru", "uk", "bg", "sr", "be", "mk", "kk", "ky", "mn", "tg"})),
    "ARABIC": ("Arabic script", frozenset({"ar", "fa", "ur", "ps", "ug"})),
    "HEBREW": ("Hebrew", frozenset({"he", "yi"})),
    "GREEK": ("Greek", frozenset({"el"})),
    "THAI": ("Thai", frozenset({"th"})),
    "LAO": ("Lao", frozenset({"lo"})),
    "KHMER": ("Khmer", frozenset({"km"})),
    "MYANMAR": ("Burmese", frozenset({"my"})),
    "TIBETAN": ("Tibetan", frozenset({"bo", "dz"})),
    "DEVANAGARI": ("Devanagari", frozenset({"hi", "mr", "ne", "sa"})),
    "BENGALI": ("Bengali", frozenset({"bn", "as"})),
    "GURMUKHI": ("Gurmukhi", frozenset({"pa"})),
    "GUJARATI": ("Gujarati", frozenset({"gu"})),
    "TAMIL": ("Tamil", frozenset({"ta"})),
    "TELUGU": ("Telugu", frozenset({"te"})),
    "KANNADA": ("Kannada", frozenset({"kn"})),
    "MALAYALAM": ("Malayalam", frozenset({"ml"})),
    "SINHALA": ("Sinhala", frozenset({"si"})),
    "GEORGIAN": ("Georgian", frozenset({"ka"})),
    "ARMENIAN": ("Armenian", frozenset({"hy"})),
    "ETHIOPIC": ("Ethiopic script", frozenset({"am", "ti"})),
}

_SMALL_WORDS: Mapping[str, tuple[str, str]] = {
    # two of one language tell; none is "las", "los", "van" or "die", which English names and sentences are full of
    "de": ("German", "ein eine einem einen einer eines und mit der auf dem im am ist vor für neben über zwei"),
    "fr": ("French", "un une avec dans sur et la le les des du deux sous devant qui près"),
    "es": ("Spanish", "un una unos unas con en el la del sobre junto cerca"),
    "it": ("Italian", "un una uno con di nel nella della sulla gli il la due"),
    "pt": ("Portuguese", "um uma umas uns com em na ao dois duas perto"),
    "nl": ("Dutch", "een met op het voor naast twee"),
}
_TELLING = frozenset(
    {"eine", "einem", "einen", "einer", "und", "une", "avec", "uma", "een", "nella", "della"}
)  # one is enough

_WORD = re.compile(r"[^\W\d_]+")


def language_hint(text: str, info: EncoderInfo) -> str | None:
    """One line where the model most likely cannot read `text`; None where it can, or where nothing can be said."""
    unread = unread_language(text, info.languages)
    if unread is None:
        return None
    return notice("language_unread", language=unread, model=info.name, reads=", ".join(info.languages))


def unread_language(text: str, languages: Sequence[str]) -> str | None:
    """What the text looks like, where a model of these languages cannot read that; None as for `language_hint`."""
    reads = frozenset(languages)
    if "*" in reads:
        return None
    unread = _unread_script(text, reads)
    return _unread_latin(text, reads) if unread is None and "en" in reads else unread


def _unread_script(text: str, reads: frozenset[str]) -> str | None:
    """The script that most letters of the text are in, where the model's languages are not written in it."""
    letters = [_script(c) for c in text if c.isalpha()]
    unread = Counter(_SCRIPTS[s][0] for s in letters if s in _SCRIPTS and not reads & _SCRIPTS[s][1])
    return unread.most_common(1)[0][0] if unread and 2 * unread.total() >= len(letters) else None


def _unread_latin(text: str, reads: frozenset[str]) -> str | None:
    """The languages with the most small words in the text, where there are enough."""
    words = frozenset(_WORD.findall(text.lower()))
    counts = {code: len(words.intersection(small.split())) for code, (_, small) in _SMALL_WORDS.items()}
    most = max(counts.values())
    if most < (1 if words & _TELLING else 2):
        return None
    likely = [code for code, count in counts.items() if count == most]
    return None if reads.intersection(likely) else " or ".join(_SMALL_WORDS[code][0] for code in likely)


def _script(letter: str) -> str:
    return re.split("[ -]", unicodedata.name(letter, ""), maxsplit=1)[0]
