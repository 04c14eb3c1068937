"""Who asks, and what they may do here; how a token becomes a session, and how that ends."""

from http.cookies import SimpleCookie
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from core.errors import LibraryNotFound, SearchError
from core.program import VERSION
from db import open_reader
from web.access.keys import SESSION_S
from web.access.scopes import Scope
from web.api.models import problems
from web.file_manager import can_show
from web.parts import Parts
from web.problems import Problem


class Features(BaseModel):
    """What whoever asks can do here beside searching."""

    reveal: bool = Field(description="open the folder that a picture lies in, on the server's machine")
    jobs: bool = Field(description="start and cancel index runs")
    tags: bool = Field(description="add and remove tags")
    rerank: bool = Field(description="a model that looks again at the first hits is at hand")
    describe: bool = Field(description="pictures are described: there is a model that texts are compared with")


class Session(BaseModel):
    """Who asks, and whom."""

    scope: Scope
    version: str
    library: str = Field(description="its name; where it lies is told in /status, to its owner")
    model: str | None = Field(description="that finds pictures; null: nothing has been indexed yet")
    features: Features
    base_path: str = Field(description="that the page is below; empty: none")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "scope": "owner",
                "version": VERSION,
                "library": "library",
                "model": "ViT-B-32-datacomp",
                "features": {"reveal": True, "jobs": True, "tags": True, "rerank": False, "describe": False},
                "base_path": "",
            }
        }
    )


class SignIn(BaseModel):
    """The token that the server showed."""

    token: Annotated[str, Field(min_length=1, max_length=200, examples=["pZ3v0s8yQk1tW7eYx2hLr9Bn"])]


def router(parts: Parts) -> APIRouter:
    """GET, POST and DELETE of /session."""
    routes = APIRouter(tags=["session"])
    entry = parts.entry

    @routes.get("/session", responses=problems(s401="A token is needed first."))
    def session(request: Request) -> Session:
        """Who asks, what they may do, and what the library can; 401 where a token is needed first."""
        scope = getattr(request.state, "scope", None)
        if not isinstance(scope, Scope):
            raise Problem(401, "token_needed", "this needs a session: open the address with the server's token")
        model = _model(parts)
        is_owner = scope is Scope.OWNER
        return Session(
            scope=scope,
            version=VERSION,
            library=parts.library.name,
            model=model,
            features=Features(
                reveal=is_owner and can_show(),
                jobs=is_owner,
                tags=is_owner,
                rerank=_has_reranker(parts),
                describe=model is not None,
            ),
            base_path=entry.base_path,
        )

    @routes.post(
        "/session",
        status_code=204,
        responses=problems(
            s403="It is not the token.", s409="This server asks nobody for one.", s429="Too many tries."
        ),
    )
    def sign_in(asked: SignIn) -> Response:
        """Turn the token into a cookie: this browser may search for thirty days, or until there is a new token."""
        if entry.keys is None:
            raise Problem(409, "no_token", "this server asks nobody for a token")
        if not entry.keys.fits(asked.token):
            raise Problem(403, "wrong_token", "this is not the token: the server shows the right one")
        return _with_cookie(parts, entry.keys.cookie(), SESSION_S)

    @routes.delete("/session", status_code=204)
    def sign_out(request: Request) -> Response:
        """End this browser's session."""
        found = request.cookies.get(entry.cookie)
        if entry.keys is not None and found is not None:
            entry.keys.end(found)
        return _with_cookie(parts, "", 0)

    return routes


def _model(parts: Parts) -> str | None:
    """The library's; None before its first index."""
    try:
        with open_reader(parts.library) as reader:
            return reader.active_space().name
    except LibraryNotFound:
        return None


def _has_reranker(parts: Parts) -> bool:
    """Whether its weights are here; nothing is loaded."""
    try:
        with parts.held.glance() as library:
            return library.second_stage.has_reranker
    except SearchError:  # a name that no model has: told where somebody asks for it
        return False


def _with_cookie(parts: Parts, value: str, age_s: int) -> Response:
    """The cookie: out of scripts' reach, never sent along with what another site asks for."""
    cookie = SimpleCookie({parts.entry.cookie: value})[parts.entry.cookie]
    for name, said in {
        "path": f"{parts.entry.base_path}/",
        "max-age": age_s,
        "httponly": True,
        "samesite": "Strict",
    }.items():
        cookie[name] = said
    return Response(status_code=204, headers={"set-cookie": cookie.OutputString()})
