"""Whose an upload is, how much of the shelf each may have, and what goes where there is too much.

A session has its share; all together have theirs. Where all have too much, the one who has most gives: nobody's
pictures are pushed out by somebody else who sends more than he does, from however many sessions at one address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from web.uploads.shelf import Upload


@dataclass(frozen=True, slots=True)
class Holder:
    """Who sent a picture."""

    client: str = ""  # whom requests are counted for: the owner, or an address
    session: str = ""  # of those that a token began at this address


@dataclass(frozen=True, slots=True)
class Bound:
    """So many, and so many bytes."""

    count: int
    size_bytes: int

    def share(self, uploads: Sequence[Upload]) -> float:
        """How much of it these take; more than 1 is too much."""
        return max(len(uploads) / self.count, sum(one.size_bytes for one in uploads) / self.size_bytes)


def too_much(kept: Sequence[Upload], new: Upload, *, each: Bound, everybody: Bound) -> list[Upload]:
    """Those that have to go now that there is a new one, which stays.

    Args:
        kept: all of them, the one unused longest first; the new one among them.
        new: the one that came last.
        each: what one session may have.
        everybody: what all together may have.
    """
    mine = [one for one in kept if one.holder == new.holder]
    gone = _given_up(mine, each, lambda left: _first(left, new))
    left = [one for one in kept if one not in gone]
    return gone + _given_up(left, everybody, lambda left: _of_who_has_most(left, new, everybody))


def _given_up(uploads: list[Upload], bound: Bound, choose: Callable[[list[Upload]], Upload]) -> list[Upload]:
    left, gone = list(uploads), []
    while len(left) > 1 and bound.share(left) > 1:
        chosen = choose(left)
        left.remove(chosen)
        gone.append(chosen)
    return gone


def _of_who_has_most(left: list[Upload], new: Upload, bound: Bound) -> Upload:
    at_one_address = _most(left, (one.holder.client for one in left), bound, new)
    of_one_session = _most(at_one_address, (one.holder.session for one in at_one_address), bound, new)
    return _first(of_one_session, new)


def _most(uploads: list[Upload], whose: Iterable[str], bound: Bound, new: Upload) -> list[Upload]:
    """Those of the one who has most, among those who have any but the new one."""
    of_each: dict[str, list[Upload]] = {}
    for upload, who in zip(uploads, whose, strict=True):
        of_each.setdefault(who, []).append(upload)
    return max((some for some in of_each.values() if some != [new]), key=bound.share)


def _first(uploads: list[Upload], new: Upload) -> Upload:
    return next(one for one in uploads if one is not new)
