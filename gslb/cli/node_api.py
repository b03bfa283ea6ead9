"""A running node, over its admin API."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import httpx

import gslb
from gslb.cli.options import ADMIN
from gslb.errors import NodeError, UsageError

TOKEN = "GSLB_TOKEN"  # noqa: S105 - the name of a variable
_WITHIN_S = 5.0


class NodeApi:
    """NodeError where the node can't be reached or refuses, in words that tell what to do."""

    def __init__(self, url: str = ADMIN, timeout_s: float = _WITHIN_S) -> None:
        self.url = (url if "://" in url else f"http://{url}").rstrip("/")
        headers = {"User-Agent": f"gslb/{gslb.__version__}"}
        if token := os.environ.get(TOKEN, "").strip():
            headers["Authorization"] = f"Bearer {token}"
        try:
            self._client = httpx.Client(base_url=f"{self.url}/api/v1/", headers=headers, timeout=timeout_s, trust_env=False)
        except (httpx.InvalidURL, UnicodeEncodeError) as error:
            raise UsageError(f"{url!r} is no address of a node ({error}); write it as {ADMIN}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._client.close()

    def get(self, resource: str, /, **parameters: str | int | None) -> Any:
        given = {name: value for name, value in parameters.items() if value is not None}
        return self._answer("GET", resource, params=given)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._answer("POST", path, json=body or {})

    def follow(self, after: int) -> Iterator[tuple[str, Any]]:
        """(name, document) of each message of the stream, until the node ends it."""
        limits = httpx.Timeout(_WITHIN_S, read=None)
        try:
            with self._client.stream("GET", "stream", params={"after": after}, timeout=limits) as response:
                if response.is_error:
                    response.read()
                    raise self._refusal(response)
                yield from _messages(response.iter_lines())
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None

    def _answer(self, method: str, path: str, **more: Any) -> Any:
        try:
            response = self._client.request(method, path, **more)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL):
            raise UsageError(f"{self.url} is no address of a node; write it as {ADMIN}") from None
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None
        if response.is_error:
            raise self._refusal(response)
        try:
            return response.json()
        except ValueError:
            raise NodeError(f"what answers at {self.url} is no gslb node: it sent no JSON") from None

    def _unreachable(self, error: httpx.HTTPError) -> NodeError:
        said = str(error) or type(error).__name__
        return NodeError(f"no node answers at {self.url} ({said}); is it running, and is --admin its address?")

    def _refusal(self, response: httpx.Response) -> NodeError | UsageError:
        detail = _detail(response)
        if response.status_code == 401:
            said = f"refused the token: {detail}" if "Authorization" in self._client.headers else "wants a token"
            return NodeError(f"{self.url} {said}; put yours into {TOKEN}")
        kind = UsageError if response.status_code == 422 else NodeError
        return kind(f"{self.url} refused ({response.status_code}): {detail}")


def _detail(response: httpx.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return response.reason_phrase or "it gave no reason"


def _messages(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""
    name, data = "", ""
    for line in lines:
        field, _, value = line.partition(":")
        if field == "event":
            name = value.strip()
        elif field == "data":
            data += value.removeprefix(" ")
        elif not line and data:
            yield name, json.loads(data)
            name, data = "", ""
