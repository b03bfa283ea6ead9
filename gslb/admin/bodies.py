"""How much anybody may send."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gslb.admin import problems

BYTES_MOST: Final = 16 * 1024
LONGER: Final = {"/api/v1/simulate": 1024 * 1024}  # which may bring ten thousand networks


class BodyBound:
    """Refuses a body that says it is too long, and stops reading one that does not say so. The words are those of a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = LONGER.get(scope["path"], BYTES_MOST)
        detail = f"a body has at most {most} bytes here"
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > most:
            await problems.answer(413, detail, {"Connection": "close"})(scope, receive, send)
            return
        left = most

        async def receive_on() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise problems.refusal(413, detail, Connection="close")
            return message

        await self._app(scope, receive_on, send)
