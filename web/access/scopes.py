"""What whoever asks may do: look, or also change and see where files lie.

The scope stands in the request's state, put there by what stands before the routers (`web.access`); without it
nobody is anybody.
"""

from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request

from web.problems import Problem


class Scope(StrEnum):
    """What a session may do."""

    SEARCH = "search"  # look, search, download; paths below their folder only, nothing is changed
    OWNER = "owner"  # everything: whole paths, index jobs, tags, metrics, opening folders


def scope_of(request: Request) -> Scope:
    """The scope of this request; SEARCH where nothing says more."""
    found = getattr(request.state, "scope", None)
    return found if isinstance(found, Scope) else Scope.SEARCH


def _owner_only(request: Request) -> None:
    if scope_of(request) is not Scope.OWNER:
        raise Problem(403, "owner_only", "only who started the server may do this")


OwnerOnly = Depends(_owner_only)
"""Among a route's dependencies: refuses everybody but the owner."""

AskedBy = Annotated[Scope, Depends(scope_of)]
"""As a parameter: the scope of whoever asks."""
