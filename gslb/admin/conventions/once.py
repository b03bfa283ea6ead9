"""The middleware of `Idempotency-Key`: looks at who asks, reads the body, and carries the request out once."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gslb.admin import problems
from gslb.admin.conventions import of_api
from gslb.admin.conventions.idempotency import Answer, Remembered, Verdict, digest, is_key
from gslb.admin.gate import Gate

HEADER: Final = "Idempotency-Key"
_CHANGING: Final = frozenset({"DELETE", "PATCH", "POST", "PUT"})
_REPLAYED: Final = (b"idempotent-replayed", b"true")


class Once:
    """`gate` says who asks: a key belongs to one token or person, and a token that is taken away gets no answer of the past."""

    def __init__(self, app: ASGIApp, gate: Gate, remembered: Remembered) -> None:
        self._app = app
        self._gate = gate
        self._remembered = remembered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in _CHANGING or not of_api(scope["path"]):
            await self._app(scope, receive, send)
            return
        keys = Headers(scope=scope).getlist(HEADER)
        if not keys:
            await self._app(scope, receive, send)
        elif len(keys) > 1 or not is_key(keys[0]):
            told = "one key of 1 to 255 visible characters of ASCII"
            await problems.unfit_answer("header.Idempotency-Key", told)(scope, receive, send)
        else:
            await self._judged(keys[0], scope, receive, send)

    async def _judged(self, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            principal = self._gate.admit(Request(scope))
            holder = self._gate.holder(Request(scope))
        except HTTPException:
            await self._app(scope, receive, send)  # which refuses it in its own words
            return
        try:
            body = await _body(receive)
        except HTTPException as error:
            await problems.answer(error.status_code, error.detail, error.headers)(scope, receive, send)
            return
        if body is None:
            return
        # What somebody may do can change: an answer of the past is for who may ask for it now.
        who = f"{holder} {principal.role} {' '.join(principal.sites)}"
        kind = Headers(scope=scope).get("content-type", "")
        request = digest(scope["method"], scope["path"], scope.get("query_string", b""), kind, body)
        found = self._remembered.begin(who, key, request)
        if found is Verdict.NEW:
            await self._carried_out(who, key, scope, _again(body, receive), send)
        elif isinstance(found, Answer):
            await send({"type": "http.response.start", "status": found.status, "headers": [*found.headers, _REPLAYED]})
            await send({"type": "http.response.body", "body": found.body})
        elif found is Verdict.BUSY:
            told = "a request with this Idempotency-Key is being carried out; ask again in a moment"
            await problems.answer(409, told, {"Retry-After": "1"})(scope, receive, send)
        else:
            told = "this key belongs to another request; take a new one for each"
            await problems.unfit_answer("header.Idempotency-Key", told)(scope, receive, send)

    async def _carried_out(self, who: str, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        head: Message | None = None
        body = bytearray()
        done = False

        async def send_on(message: Message) -> None:
            nonlocal head, done
            if message["type"] == "http.response.start":
                head = message
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if head is not None and head["status"] < 400 and not message.get("more_body", False):
                    answer = Answer(head["status"], tuple((name, value) for name, value in head["headers"]), bytes(body))
                    self._remembered.finish(who, key, answer)
                    done = True
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        finally:
            if not done:
                self._remembered.forget(who, key)


async def _body(receive: Receive) -> bytes | None:
    """None where the rest of it does not come. How long it may be is for `bodies` to say."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    told = False

    async def receive_again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
