"""What the server and a process beside it say to each other: pickles on two pipes, one answer to each question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from web.access.scopes import Scope
    from web.api.searching import Part


@dataclass(frozen=True, slots=True)
class Setup:
    """Whom to answer for, for all its life."""

    library: bytes  # its folder, absolute, os.fsencode
    device: str  # `core.models.Device`


@dataclass(frozen=True, slots=True)
class Ready:
    """Model and index are in its memory."""


@dataclass(frozen=True, slots=True)
class Question:
    """One search. The first page of one: where others begin is remembered by the server."""

    asked: bytes  # `SearchAsked`, JSON
    scope: Scope


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a question; one of the two is None."""

    part: Part | None
    refused: Refused | None


@dataclass(frozen=True, slots=True)
class Refused:
    """What `web.problems.Problem` is made of."""

    status: int
    code: str
    detail: str
