"""Looks words up: which rows of a generation stand for pictures whose captions, tags, folders or file names have them.

The index of words (`db.words`) gives texts; which pictures they tell of is looked up here, in the same snapshot: kept
captions only, of files that are there. What the words are, and what finding one is worth, is the caller's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import RowMask, RowNumbers
from core.notices import notice
from db.connect import plain_rows
from db.known_words import Found, KnownWords, TooMany
from db.words import BITS, TextKind, has_index, has_trigrams

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from core.words import Term
    from db.records import GenerationInfo

NAMED = 0.95
"""What a word of a file's or folder's name counts beside one of a caption or tag: names are less often about what is
to be seen."""


_FEW = 1_000
"""Files of folders that are looked up one by one, in some 2 ms."""

_ONE_TEXT = 1_000_000
"""Numbers that are fetched as one text: 10 MB."""

InFolders = Callable[[Sequence[int]], RowMask]

Having = tuple[float, RowNumbers]
"""How well some rows have a word, more than 0 to 1; a row may be named twice."""

DAMAGED = notice("words_damaged")


@dataclass(frozen=True, slots=True, eq=False)
class KeywordRows:
    """The rows with at least one of the words.

    Attributes:
        rows: int64 (n,), ascending.
        terms: which of the words were looked for; the others were too common.
        strengths: float32 (n, terms), 0 to 1: how well each word was found; 0: not at all.
        phrase: bool (n,), a text of it has the whole phrase.
        searched: rows that could have been found.
        committed: rows that there are.
    """

    rows: RowNumbers
    terms: tuple[int, ...]
    strengths: NDArray[np.float32]
    phrase: NDArray[np.bool_]
    searched: int
    committed: int


def why_not(conn: Connection) -> str | None:
    """Why no words can be looked up, and what helps; None where they can."""
    if not has_trigrams(conn):
        version = conn.exec_driver_sql("SELECT sqlite_version()").scalar_one()
        return notice("words_not_here", version=version)
    if not has_index(conn) or conn.exec_driver_sql("SELECT EXISTS (SELECT 1 FROM unread_text)").scalar_one():
        return notice("words_not_indexed")
    return None


def keyword_rows(  # noqa: PLR0913 - what is asked, of what, and how much of it
    conn: Connection,
    generation: GenerationInfo,
    terms: Sequence[Term],
    phrase: str,
    mask: RowMask | None,
    *,
    most: int | None,
    in_folders: InFolders,
    known: KnownWords | None = None,
) -> KeywordRows:
    """The rows of the mask (None: all) that have any of the words.

    Args:
        conn: of a library whose words can be looked up.
        generation: whose rows.
        terms: the words, each once.
        phrase: folded and spaced; empty where there is none to look for.
        mask: bool (committed_rows,).
        most: words that more texts or rows have are left out, unless they are codes; None: none is.
        in_folders: from ids of folders to the rows with files in them, bool (committed_rows,); asked for large ones.
        known: what was found of words before, in this snapshot and generation.
    """
    known = known or KnownWords()
    having = {}
    for number, term in enumerate(terms):
        with suppress(TooMany):
            lookup = _Lookup(conn, generation, mask, None if term.coded else most, in_folders, known)
            having[number] = lookup.term(term)
    committed = generation.committed_rows
    rows = np.flatnonzero(_marked(chain.from_iterable(having.values()), committed))
    places = np.empty(committed, np.int32)
    places[rows] = np.arange(len(rows), dtype=np.int32)
    found = np.zeros((len(rows), len(having)), np.float32)
    for i, parts in enumerate(having.values()):
        for strength, some in parts:
            found[places[some], i] = strength
    whole = _Lookup(conn, generation, mask, None, in_folders, known)
    phrases = _marked(whole.patterns([(phrase, 1.0)] if phrase and len(rows) else []), committed)[rows]
    searched = committed if mask is None else int(np.count_nonzero(mask))
    return KeywordRows(rows, tuple(having), found, phrases, searched, committed)


def _marked(having: Iterable[Having], committed: int) -> RowMask:
    """The rows of any of these, bool (committed,)."""
    marked = np.zeros(committed, np.bool_)
    for _, rows in having:
        marked[rows] = True
    return marked


def no_rows(generation: GenerationInfo) -> KeywordRows:
    """As where none of the words is found anywhere."""
    nothing = np.empty(0, np.int64)
    return KeywordRows(nothing, (), np.empty((0, 0), np.float32), nothing > 0, 0, generation.committed_rows)


_LIVE = "f.state IN ('present', 'offline')"
_ROW = "JOIN vector_row r ON r.generation_id = :generation_id AND r.asset_id"

# From texts to rows. CROSS JOIN: in this order, from the few texts to their pictures.
_ROWS = {
    TextKind.CAPTION: f"""
        SELECT r.row AS number FROM json_each(:ids) j
        CROSS JOIN caption c ON c.text_id = j.value AND c.kept
        CROSS {_ROW} = c.asset_id
        LEFT JOIN file f ON f.id = c.file_id
        WHERE c.file_id IS NULL OR {_LIVE}
    """,
    TextKind.TAG: f"""
        SELECT r.row AS number FROM json_each(:ids) j
        CROSS JOIN asset_tag t ON t.tag_id = j.value
        CROSS {_ROW} = t.asset_id
    """,
    TextKind.FOLDER: f"""
        SELECT r.row AS number FROM json_each(:ids) j
        CROSS JOIN file f ON f.folder_id = j.value AND {_LIVE}
        CROSS JOIN file_asset fa ON fa.file_id = f.id
        CROSS {_ROW} = fa.asset_id
    """,
    TextKind.FILE: f"""
        SELECT r.row AS number FROM json_each(:ids) j
        CROSS JOIN file f ON f.id = j.value AND {_LIVE}
        CROSS JOIN file_asset fa ON fa.file_id = f.id
        CROSS {_ROW} = fa.asset_id
    """,
}
_WEIGHTS = {TextKind.CAPTION: 1.0, TextKind.TAG: 1.0, TextKind.FOLDER: NAMED, TextKind.FILE: NAMED}


@dataclass(frozen=True, slots=True)
class _Lookup:
    """One snapshot, one generation, the rows that may be found."""

    conn: Connection
    generation: GenerationInfo
    mask: RowMask | None
    most: int | None
    in_folders: InFolders
    known: KnownWords

    def term(self, term: Term) -> list[Having]:
        """How well rows have this word, as `patterns`."""
        found = self.patterns(term.forms)
        for fragment in term.fragments:
            if found:
                break
            found = self.patterns([fragment])
        return found

    def patterns(self, patterns: Sequence[tuple[str, float]]) -> list[Having]:
        """What rows have, the weakest first: of one row the last counts."""
        found = [
            (worth * weight, rows if self.mask is None else rows[self.mask[rows]])
            for pattern, worth in patterns
            for weight, rows in self._found(pattern)
            if len(rows)
        ]
        return sorted((one for one in found if len(one[1])), key=itemgetter(0))

    def _found(self, pattern: str) -> Found:
        """What finding it is worth, and the rows, those that may not be found included."""
        if self.most is None:  # however many there are: too many to keep
            return self._look_up(pattern)
        return self.known.look_up(pattern, self.most, self._look_up)

    def _look_up(self, pattern: str) -> Found:
        rowids = self._texts(pattern)
        return tuple(
            (_WEIGHTS[kind], self._rows(kind, rowids[rowids & ((1 << BITS) - 1) == kind] >> BITS)) for kind in TextKind
        )

    def _texts(self, pattern: str) -> NDArray[np.int64]:
        """Rowids of the index; in quotes, a pattern is nothing but characters to FTS5."""
        quoted = '"' + pattern.replace('"', '""').replace("\0", "\1") + '"'  # NUL would end it
        return self._numbers("SELECT rowid AS number FROM words WHERE words MATCH :pattern", {"pattern": quoted})

    def _rows(self, kind: TextKind, ids: NDArray[np.int64]) -> RowNumbers:
        if not len(ids):
            return np.empty(0, np.int64)
        given = {"ids": json.dumps(ids.tolist()), "generation_id": self.generation.id}
        return self._of_folders(ids, given) if kind is TextKind.FOLDER else self._numbers(_ROWS[kind], given)

    def _of_folders(self, ids: NDArray[np.int64], given: dict[str, object]) -> RowNumbers:
        """A few files are looked up; where there are more, the filter columns know (2 ms a million, not 80)."""
        rows = self._read(_ROWS[TextKind.FOLDER], given, _FEW + 1)
        if len(rows) <= _FEW:
            return self._checked(rows)
        return self._checked(np.flatnonzero(self.in_folders(ids.tolist())))

    def _numbers(self, query: str, values: dict[str, object]) -> NDArray[np.int64]:
        return self._checked(self._read(query, values, -1 if self.most is None else self.most + 1))

    def _checked(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        if self.most is not None and len(numbers) > self.most:
            raise TooMany
        return numbers

    def _read(self, query: str, values: dict[str, object], limit: int) -> NDArray[np.int64]:
        """As one text of numbers, which is read in a quarter of the time of as many rows, where it is not too long."""
        most = _ONE_TEXT + 1 if limit < 0 else min(limit, _ONE_TEXT + 1)
        joined = f"SELECT count(*), group_concat(number) FROM ({query} LIMIT :limit)"
        count, text = self.conn.exec_driver_sql(joined, {**values, "limit": most}).one()
        if count <= _ONE_TEXT:
            return np.fromstring(text or "", np.int64, sep=",")
        rows = plain_rows(self.conn, f"{query} LIMIT :limit", {**values, "limit": limit})
        return np.fromiter(chain.from_iterable(rows), np.int64, len(rows))
