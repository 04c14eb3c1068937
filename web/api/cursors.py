"""Where the next page of an answer begins: an opaque text that holds no word of what was asked.

It names the question it belongs to by a hash, and how many hits were shown. Which ones these were is remembered by the
server, so that none is shown again when pictures come and go meanwhile; after a restart, or when many others have asked
since, only their number is known.
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING

from core.queries import MOST_HITS
from web.problems import Problem

if TYPE_CHECKING:
    from core.queries import SearchResult

MOST_REMEMBERED = 100_000
"""Paths of hits shown, of all answers together: some 15 MB."""

_MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins."""

    offset: int = 0  # hits before it
    seen: frozenset[bytes] = frozenset()  # the paths of these, as far as they are known
    paging: str = ""  # the name under which they are remembered; empty on the first page


@dataclass(frozen=True, slots=True)
class NextPage:
    """The page that follows one, as it is asked for, and what has to be remembered until then."""

    cursor: str
    key: str  # under which it is remembered
    seen: frozenset[bytes]


def next_page(place: Place, result: SearchResult, question: bytes, k: int) -> NextPage | None:
    """What follows the page that begins at `place`; None where nothing does."""
    offset = place.offset + len(result.hits)
    if len(result.hits) < k or offset >= min(result.searched, MOST_HITS):
        return None
    paging = place.paging or secrets.token_urlsafe(9)
    cursor = urlsafe_b64encode(json.dumps([offset, _name(question), paging]).encode()).decode()
    return NextPage(cursor, _key(paging, offset), place.seen | {hit.picture.path for hit in result.hits})


class Cursors:
    """The cursors of one server, and what it remembers for them; for many threads."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._lock = Lock()
        self._seen: OrderedDict[str, frozenset[bytes]] = OrderedDict()  # by paging and offset; the last used last
        self._paths = 0  # in all of them

    def place(self, cursor: str | None, question: bytes) -> Place:
        """Where the page begins that is asked for.

        Args:
            cursor: as it was handed out; None: the first page.
            question: all that makes it this question, but for the page.

        Raises:
            Problem: no cursor of this question.
        """
        if cursor is None:
            return Place()
        offset, name, paging = _read(cursor)
        if name != _name(question):
            raise Problem(400, "not_this_cursor", "the cursor belongs to another question: ask anew, without it")
        with self._lock:
            seen = self._seen.get(_key(paging, offset), frozenset())
        return Place(offset, seen, paging)

    def after(self, place: Place, result: SearchResult, question: bytes, k: int) -> str | None:
        """The cursor of the page that follows this one, which is remembered; None where nothing does."""
        following = next_page(place, result, question, k)
        if following is None:
            return None
        self.remember(following)
        return following.cursor

    def remember(self, following: NextPage) -> None:
        """Until somebody asks for it, or many others have asked since."""
        key, seen = following.key, following.seen
        with self._lock:
            self._paths += len(seen) - len(self._seen.get(key, ()))
            self._seen[key] = seen
            self._seen.move_to_end(key)
            while self._paths > self._most:
                self._paths -= len(self._seen.popitem(last=False)[1])


def _read(cursor: str) -> tuple[int, str, str]:
    """(offset, name of the question, paging) of a cursor."""
    try:
        offset, name, paging = json.loads(urlsafe_b64decode(cursor[:_MOST_CHARACTERS].encode()))
    except (ValueError, TypeError, RecursionError):
        offset, name, paging = 0, "", ""
    if type(offset) is int and isinstance(paging, str) and 0 < offset < MOST_HITS:
        return offset, str(name), paging
    raise Problem(400, "not_a_cursor", "this is no cursor: ask anew, without it")


def _key(paging: str, offset: int) -> str:
    return f"{paging}.{offset}"


def _name(question: bytes) -> str:
    return blake2b(question, digest_size=8).hexdigest()
