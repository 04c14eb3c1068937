"""What stands before the application: every request passes here, and the routers find its scope in its state."""

from __future__ import annotations

from contextlib import ExitStack
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse

from web.access.bodies import CLOSE, JSON_BYTES, UPLOAD_BYTES, Body
from web.access.entry import Coming, Entry
from web.access.headers import be_strict
from web.access.holders import name_holder
from web.access.origins import check_origin, name_in
from web.access.rates import OWNERS, VISITORS, Kind, Rates, kind_of
from web.access.scopes import Scope
from web.bugs import report_bug
from web.problems import Problem, problem_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Send
    from starlette.types import Scope as Request

_API = "/api/v1"
_HEADERS_BYTES = 32_768
_OPEN_TO_ALL = frozenset({f"{_API}/health", f"{_API}/session"})  # and the page's own files, which say nothing


class Guard:
    """The application, guarded.

    Args:
        app: what answers.
        entry: who may come in.
    """

    def __init__(self, app: ASGIApp, entry: Entry) -> None:
        self._app = app
        self._entry = entry
        self._rates = Rates()

    async def __call__(self, request: Request, receive: Receive, send: Send) -> None:
        """One request, or the server's beginning and end."""
        if request["type"] != "http":
            await self._app(request, receive, send)
            return
        path = self._place(request)
        answer = _Answer(
            send,
            is_page=not path.startswith(f"{_API}/"),
            is_trustworthy=bool(self._entry.proxy) or request["state"]["coming"].is_local,
        )
        if self._entry.base_path and not path:  # what the page names is beside it, so its address ends with a slash
            await RedirectResponse(f"{self._entry.base_path}/", 308)(request, receive, answer.send)
            return
        problem = await self._pass_on(request, path, receive, answer)
        if problem is not None and not answer.started:
            await problem_response(problem)(request, receive, answer.send_instead)

    async def _pass_on(self, request: Request, path: str, receive: Receive, answer: _Answer) -> Problem | None:
        """Have it answered; says what it is refused for."""
        body = None
        try:
            client = self._admit(request, path)
            headers = Headers(scope=request)
            answer.body = body = Body(receive, most=_most(path), declared=_declared(headers))
            if request["state"]["scope"] is not Scope.OWNER:
                answer.turn = await self._rates.turn(client)
            await self._app(request, body.receive, answer.send)
        except Problem as refused:
            return refused
        except ClientDisconnect:
            return None
        except Exception as bug:  # noqa: BLE001 - of one request; the server goes on
            if not answer.complete:  # else `web.problems` has told it
                report_bug(bug)
        finally:
            answer.turn.close()
        return body.trouble if body is not None else None

    def _place(self, request: Request) -> str:
        """The path below the base path, which a proxy may have cut off or left on."""
        base, path = self._entry.base_path, request["path"]
        if not base:
            return str(path)
        if path != base and not path.startswith(f"{base}/"):
            request["path"], request["raw_path"] = base + path, base.encode() + request["raw_path"]
        request["root_path"] = base
        return str(request["path"].removeprefix(base))

    def _admit(self, request: Request, path: str) -> str:
        """Find the request's scope and count it; says for whom.

        Raises:
            Problem: it may not come in.
        """
        headers, coming = Headers(scope=request), request["state"]["coming"]
        assert isinstance(coming, Coming)  # noqa: S101 - every connection has met the entry
        if sum(len(name) + len(value) for name, value in request["headers"]) > _HEADERS_BYTES:
            raise Problem(431, "headers_too_large", "the request's headers are too large")
        if "transfer-encoding" in headers and "content-length" in headers:
            raise Problem(400, "two_lengths", "the request says in two ways how long it is", headers=CLOSE)
        host = _only(headers, "host")
        cookie = _cookie(headers, self._entry.cookie)
        scope = self._entry.scope(coming, headers, cookie, name=name_in(host))
        opens_page = request["method"] in {"GET", "HEAD"} and not path.startswith("/api/")
        check_origin(headers, host=host, opens_page=opens_page)
        client = self._entry.counted_for(coming, headers)
        self._count(client, kind_of(request["method"], path.removeprefix(_API)), is_owner=scope is Scope.OWNER)
        if scope is None and not (opens_page or path in _OPEN_TO_ALL):
            raise Problem(401, "token_needed", "this needs a session: open the address with the server's token")
        request["state"]["scope"] = scope
        name_holder(request, client, cookie if self._entry.keys is not None and scope is Scope.SEARCH else None)
        return client

    def _count(self, client: str, kind: Kind, *, is_owner: bool) -> None:
        self._rates.take(client, kind, (OWNERS if is_owner else VISITORS)[kind])


class _Answer:
    """What goes back: with strict headers, and none at all where the body had to be refused midway."""

    def __init__(self, send: Send, *, is_page: bool, is_trustworthy: bool) -> None:
        self._send = send
        self._is_page = is_page
        self._is_trustworthy = is_trustworthy
        self.started = self.complete = False
        self.body: Body | None = None
        self.turn = ExitStack()  # of a visitor; over when the answer begins, however slowly it is taken

    async def send(self, message: Message) -> None:
        """As ASGI's; nothing where the body was refused before anything was said."""
        if self.started or self.body is None or self.body.trouble is None:
            await self.send_instead(message)

    async def send_instead(self, message: Message) -> None:
        """As ASGI's; said whatever became of the body."""
        if message["type"] == "http.response.start":
            self.started = True
            self.turn.close()
            be_strict(message, is_page=self._is_page, is_trustworthy=self._is_trustworthy)
        await self._send(message)
        self.complete = self.started and not message.get("more_body", message["type"] == "http.response.start")


def _only(headers: Headers, name: str) -> str:
    said = headers.getlist(name)
    if len(said) != 1:
        raise Problem(400, "bad_host", "the request does not say in a proper way which host it is for")
    return said[0]


def _cookie(headers: Headers, name: str) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return found.value if found is not None else None


def _most(path: str) -> int:
    return UPLOAD_BYTES if path == f"{_API}/uploads" else JSON_BYTES


def _declared(headers: Headers) -> int | None:
    said = headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdigit() else None
