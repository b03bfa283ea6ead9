"""HEAD is a GET without the body, OPTIONS and 405 tell what a path can do (RFC 9110 sections 9.3.2, 9.3.7 and 15.5.6)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gslb.admin import problems
from gslb.admin.conventions import of_api


class Allowed:
    """Which methods each path takes, whichever router has it."""

    def __init__(self, routers: Iterable[APIRouter]) -> None:
        routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
        self._paths: list[tuple[re.Pattern[str], frozenset[str]]] = [
            (route.path_regex, frozenset(route.methods or ())) for route in routes
        ]

    def at(self, path: str) -> str:
        """As `Allow` has it; "" where there is no such path."""
        found = {method for regex, methods in self._paths if regex.match(path) for method in methods}
        if not found:
            return ""
        return ", ".join(sorted({*found, "OPTIONS"} | ({"HEAD"} if "GET" in found and of_api(path) else set())))


class Methods:
    def __init__(self, app: ASGIApp, allowed: Allowed) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not of_api(scope["path"]):
            await self._app(scope, receive, send)
            return
        allow = self._allowed.at(scope["path"])
        if allow and scope["method"] not in allow.split(", "):
            await problems.answer(405, "this can't be done with this method", {"Allow": allow})(scope, receive, send)
        elif scope["method"] == "HEAD":
            await self._head(scope, receive, send)
        elif scope["method"] == "OPTIONS" and allow:
            await Response(status_code=204, headers={"Allow": allow})(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A stream has no end, so it has no HEAD either."""
        if scope["path"].endswith("/stream"):
            await problems.answer(405, "a stream has no head alone", {"Allow": "GET, OPTIONS"})(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, send_head)
