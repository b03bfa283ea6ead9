"""A document of the API for a page, within the process: through the whole application, so that the same checks hold."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from fastapi import Request
from starlette.types import Message, Scope

_KEPT: Final = ("type", "asgi", "http_version", "scheme", "server", "client")
# What was said of the page, and does not hold for the document.
_OF_THE_PAGE: Final = frozenset((b"if-none-match", b"if-modified-since", b"idempotency-key", b"range", b"accept"))


async def answer_to(request: Request, path: str, query: Mapping[str, str | int]) -> tuple[int, bytes]:
    """Status and body of a GET of `path` by whoever made `request`."""
    answer = _Answer()
    await request.app(_scope(request.scope, path, query), answer.receive, answer.send)
    return answer.status, bytes(answer.body)


def _scope(page: Scope, path: str, query: Mapping[str, str | int]) -> Scope:
    return {
        **{name: page[name] for name in _KEPT if name in page},
        "method": "GET",
        "path": path,
        "raw_path": quote(path).encode(),
        "root_path": "",
        "query_string": urlencode(query).encode(),
        "headers": [(name, value) for name, value in page["headers"] if name.lower() not in _OF_THE_PAGE],
    }


class _Answer:
    def __init__(self) -> None:
        self.status = 500
        self.body = bytearray()
        self._asked = False

    async def receive(self) -> Message:
        if self._asked:
            await asyncio.Event().wait()  # for the end of a connection that there is not
        self._asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.body.extend(message.get("body", b""))
