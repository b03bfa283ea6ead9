"""How many requests came, and how they were answered."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Counters = dict[tuple[str, ...], int]

REQUESTS: Final = "gslb_admin_requests_total"
_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class Counting:
    """Methods that nobody has heard of are one, so that strangers can't make labels."""

    def __init__(self, app: ASGIApp, counters: Counters) -> None:
        self._app = app
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                method = scope["method"] if scope["method"] in _METHODS else "other"
                key = (REQUESTS, method, str(message["status"]))
                self._counters[key] = self._counters.get(key, 0) + 1
            await send(message)

        await self._app(scope, receive, send_on if scope["type"] == "http" else send)
