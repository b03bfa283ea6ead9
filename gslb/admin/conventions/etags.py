"""Entity tags (RFC 9110 section 8.8.3): who has the answer already is told so, and spared it."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gslb.admin.conventions import of_api

OCTETS_MOST: Final = 8 << 20  # a longer answer has no tag

_TAG: Final = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
TAGGED: Final = ("/alerts.atom", "/openapi.json")
_DROPPED: Final = (b"content-length", b"content-type", b"content-encoding", b"last-modified")


def entity_tag(body: bytes) -> str:
    """Strong: equal tags are equal octets."""
    return f'"{urlsafe_b64encode(sha256(body).digest()[:15]).decode()}"'


def matches(condition: str, tag: str) -> bool:
    """`If-None-Match`, by the weak comparison that its section (RFC 9110 section 13.1.2) asks for."""
    return condition.strip() == "*" or tag.removeprefix("W/") in _TAG.findall(condition)


class EntityTags:
    """Tags every whole answer to a GET of the API that has no tag of its own, and answers 304 where the condition says so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not (of_api(scope["path"]) or scope["path"] in TAGGED):
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Answer(Headers(scope=scope).get("if-none-match", ""), send).take)


class _Answer:
    """Holds back the head of an answer until its body is whole; a stream is handed on as it comes."""

    def __init__(self, condition: str, send: Send) -> None:
        self._condition, self._send = condition, send
        self._head: Message | None = None
        self._body = bytearray()

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_whole(message):
            self._head = message
        elif self._head is None or message["type"] != "http.response.body":
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._done(self._head)
            elif len(self._body) > OCTETS_MOST:
                await self._pass_on(self._head)

    async def _pass_on(self, head: Message) -> None:
        self._head = None
        await self._send(head)
        await self._send({"type": "http.response.body", "body": bytes(self._body), "more_body": True})
        self._body.clear()

    async def _done(self, head: Message) -> None:
        headers, body = MutableHeaders(scope=head), bytes(self._body)
        tag = headers.setdefault("ETag", entity_tag(body))
        # Of one reader, asked for again each time: what is so may have changed, or the reader's token been taken away.
        headers.setdefault("Cache-Control", "private, no-cache")
        headers.add_vary_header("Authorization")
        headers.add_vary_header("Cookie")
        if self._condition and matches(self._condition, tag):
            head = {**head, "status": 304, "headers": [each for each in head["headers"] if each[0].lower() not in _DROPPED]}
            body = b""
        self._head = None
        await self._send(head)
        await self._send({"type": "http.response.body", "body": body})


def _is_whole(head: Message) -> bool:
    kind = Headers(raw=head["headers"]).get("content-type", "")
    return head["status"] == 200 and not kind.startswith("text/event-stream")
