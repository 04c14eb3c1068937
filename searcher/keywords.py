"""From the words of a query to what is looked for in captions, tags and names; and what finding it is worth."""

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.arrays import RowMask, RowNumbers
from core.words import SIGNS, UNSPACED, Term, fold, spaced

if TYPE_CHECKING:
    from db import LibraryReader
    from db.keywords import KeywordRows
    from db.records import SpaceInfo

_SMALL = """
    a an the of in on at to for from by with and or is are be its it this that these those his her their my our your as
    into near over under up down there some photo picture image
    ein eine einem einen einer der die das dem den des und mit auf im am ist vom zum zur
    un une le la les du et avec dans sur aux el los las una y con en del il lo gli di uno nel della e um uma o os na no
    do da het een van op
"""
STOP_WORDS = frozenset(_SMALL.split())
"""Words that say nothing of what is in a picture, in the languages people name files in."""

_UNSPACED_STOPS = re.compile("[的了和与是在之着の]")
MOST_TERMS = 16
"""Nobody names a picture with more; a pasted text must not become a hundred look-ups."""

SCATTERED = 0.9  # what words count that are not the phrase that was asked
PLURAL = 0.95
BEGINNING = 0.6
FRAGMENT = 0.3
LEAST_FRAGMENT = 4  # letters: "cat" is in "vacation" by chance

# A run of letters and digits, with what joins parts of one name: IMG_1234, jack-o'-lantern.
_LETTER = rf"[\w{UNSPACED}{SIGNS}]"
_CHUNK = re.compile(rf"{_LETTER}+(?:[-.'’]+{_LETTER}+)*")
_POSSESSIVE = re.compile("(?i)['’]s$")
_CHARACTER = re.compile(f"[{UNSPACED}]")
_SYLLABLES = re.compile("[\u3005-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af\U00020000-\U0003ffff]{4,}")
_SUFFIX = re.compile(r"(?i)(?<=\w)\.(jpe?g|png|webp|gif|tiff?|bmp|hei[cf]|avif|jp2|jxl|dng|cr[23]|nef|arw|orf|rw2)$")


@dataclass(frozen=True, slots=True)
class Keywords:
    """What a query asks of texts."""

    terms: tuple[Term, ...]
    phrase: str  # all of it from the first word that counts to the last, folded and spaced; empty for a single word

    def __bool__(self) -> bool:
        return bool(self.terms)

    @property
    def coded(self) -> bool:
        """No word is of something that can be seen."""
        return all(term.coded for term in self.terms)


@dataclass(frozen=True, slots=True, eq=False)
class Worded:
    """The rows with any of the words, and how well they fit.

    Attributes:
        rows: int64 (n,), ascending.
        scores: float32 (n,), 0 to 1: all words before some, then rare ones, whole ones and phrases before others.
        worths: float32 (n,), 0 to 1: what it means for what a picture shows that these words were found; little where
            it is only some of them, and the less, the more there were.
        having: bool (n, words).
        words: as they were typed.
        committed: rows that there are in all, with words or without.
    """

    rows: RowNumbers
    scores: NDArray[np.float32]
    worths: NDArray[np.float32]
    having: NDArray[np.bool_]
    words: tuple[str, ...]
    committed: int

    def part(self, chosen: NDArray[np.int64]) -> "Worded":
        """These of them, in this order; `found` is to be asked of all of them."""
        return replace(
            self,
            rows=self.rows[chosen],
            scores=self.scores[chosen],
            worths=self.worths[chosen],
            having=self.having[chosen],
        )

    def found(self, rows: RowNumbers) -> dict[int, tuple[str, ...]]:
        """For each of these rows the words it has; those that have none are left out."""
        at = np.searchsorted(self.rows, rows)
        chosen = at[self.rows.take(at, mode="clip") == rows] if len(self.rows) else at[:0]
        codes = (self.having[chosen] @ (1 << np.arange(len(self.words)))).tolist()  # few, of many rows
        words = {code: tuple(word for i, word in enumerate(self.words) if code >> i & 1) for code in set(codes)}
        return dict(zip(self.rows[chosen].tolist(), (words[code] for code in codes), strict=True))


def read_keywords(text: str) -> Keywords:
    """The words of a text that are worth looking for; where all of them are small ones, these."""
    chunks = [_SUFFIX.sub("", chunk) for chunk in _CHUNK.findall(unicodedata.normalize("NFC", text))]
    spelled = [[part for part in _parts(chunk) if spaced(part)] for chunk in chunks]
    small = [all(fold(part) in STOP_WORDS for part in parts) for parts in spelled]
    kept = [i for i, parts in enumerate(spelled) if parts and (not small[i] or all(small))]
    terms = {spaced(part): _term(part) for i in kept for part in spelled[i]}
    phrase = spaced(" ".join(chunks[kept[0] : kept[-1] + 1])) if kept else ""
    return Keywords(tuple(terms.values())[:MOST_TERMS], "" if len(terms) == 1 else phrase)


def look_up(
    reader: "LibraryReader", space: "SpaceInfo", keywords: Keywords, mask: RowMask | None, *, most: int | None = None
) -> Worded:
    """The rows of the mask (None: all that live) with any of the words, weighed.

    Args:
        reader: one snapshot of the library.
        space: whose rows.
        keywords: what to look for.
        mask: which rows may be found.
        most: words that more texts or rows have say little and take long, and are left out unless they are codes.
    """
    found = reader.keyword_rows(space, keywords.terms, keywords.phrase, mask, most=most)
    scores, worths = weigh(found)
    words = tuple(keywords.terms[i].word for i in found.terms)
    return Worded(found.rows, scores, worths, found.strengths > 0, words, found.committed)


def weigh(found: "KeywordRows") -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scores and worths, as `Worded` has them, from what each row has of each word.

    A word counts by how rare it is: BM25's inverse document frequency. How often it stands in a text counts nothing:
    captions are short.
    """
    strengths, terms = found.strengths.astype(np.float64), len(found.terms)
    if not terms:
        return np.empty(0, np.float32), np.empty(0, np.float32)
    has = strengths > 0
    having = np.array([np.count_nonzero(column) for column in has.T])  # along an axis takes ten times as long
    rarity = np.log1p((found.searched - having + 0.5) / (having + 0.5))
    rarity /= rarity.sum()
    fits, shares = strengths @ rarity, has @ rarity  # of what was asked, fragments counted as such or not
    worths = fits / np.maximum(shares, 1e-9) * shares ** (1 + terms)
    if terms > 1:
        fits *= np.where(found.phrase, 1.0, SCATTERED)
    complete = has @ np.ones(terms) == terms
    return ((fits + complete) / 2).round(6).astype(np.float32), worths.astype(np.float32)


def _term(word: str) -> Term:
    pattern = spaced(word)
    bare = pattern.strip()
    forms = ((pattern, 1.0), *((f" {form} ", PLURAL) for form in _numbers(bare)))
    if len(bare) < LEAST_FRAGMENT or _CHARACTER.search(bare) or " " in bare:
        return Term(word, forms)
    return Term(word, forms, ((f" {bare}", BEGINNING), (bare, FRAGMENT)))


def _numbers(word: str) -> list[str]:
    """The English plural of a word, and what it may be the plural of."""
    if not (word.isascii() and word.isalpha() and len(word) >= 3):
        return []
    if word.endswith("ies") and len(word) > 4:
        return [word[:-3] + "y", word[:-1]]
    if word.endswith(("ses", "xes", "zes", "ches", "shes")):
        return [word[:-2], word[:-1]]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return [word[:-1]]
    if word.endswith("y") and word[-2] not in "aeiou":
        return [word[:-1] + "ies"]
    return [word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")]


def _parts(chunk: str) -> list[str]:
    """A run without spaces (Chinese, …) at its small words, and what is left in twos; anything else as it is."""
    if not _CHARACTER.search(chunk):
        return [_POSSESSIVE.sub("", chunk)]
    parts: list[str] = []
    for piece in _UNSPACED_STOPS.split(chunk):
        in_twos = [piece[i : i + 2] for i in range(len(piece) - 1)]
        parts += in_twos if _SYLLABLES.fullmatch(piece) else [piece]
    return parts
