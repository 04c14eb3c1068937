"""What stands before the application: every request passes here, and the routers find its scope in its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web.access.headers import be_strict
from web.access.scopes import Scope
from web.problems import Problem, problem_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Send
    from starlette.types import Scope as Request

API = "/api/"


class Guard:
    """The application, guarded.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, request: Request, receive: Receive, send: Send) -> None:
        """One request."""
        if request["type"] != "http":
            await self._app(request, receive, send)
            return
        is_page = not request["path"].startswith(API)

        async def send_strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                be_strict(message, is_page=is_page)
            await send(message)

        try:
            request.setdefault("state", {})["scope"] = Scope.OWNER
            await self._app(request, receive, send_strictly)
        except Problem as problem:
            await problem_response(problem)(request, receive, send_strictly)
