"""How much anybody may send."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gslb.admin import problems

BYTES_MOST: Final = 16 * 1024

_DETAIL: Final = f"a body has at most {BYTES_MOST} bytes here"


class BodyBound:
    """Refuses a body that says it is too long, and stops reading one that does not say so. The words are those of a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > BYTES_MOST:
            await problems.answer(413, _DETAIL, {"Connection": "close"})(scope, receive, send)
            return
        left = BYTES_MOST

        async def receive_on() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise problems.refusal(413, _DETAIL, Connection="close")
            return message

        await self._app(scope, receive_on, send)
