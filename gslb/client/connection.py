"""Requests to one node: tokens, bounds, retries, and words for what goes wrong."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import httpx

import gslb
from gslb.client.errors import Refused, Unfit, Unreachable, problem_of
from gslb.errors import UsageError

NODE: Final = "http://127.0.0.1:8053"
TOKEN: Final = "GSLB_TOKEN"  # noqa: S105 - the name of a variable
OCTETS_MOST: Final = 64 << 20  # of one answer

_PAUSE_S: Final = 0.2
_PAUSE_MOST_S: Final = 10.0
_LATER: Final = (409, 503)  # with Retry-After: it was not done, and can be soon

Scalar = str | int | float | None
Parameters = Mapping[str, Scalar | list[str]]


class Connection:
    """`token` is that of `GSLB_TOKEN` where none is given. Every change has an Idempotency-Key, so that it can be sent again."""

    def __init__(self, url: str = NODE, token: str | None = None, *, timeout_s: float = 5.0, retries: int = 2) -> None:
        self.url = (url if "://" in url else f"http://{url}").rstrip("/")
        self.timeout_s, self.retries = timeout_s, retries
        headers = {"User-Agent": f"gslb/{gslb.__version__}"}
        if known := (os.environ.get(TOKEN, "") if token is None else token).strip():
            headers["Authorization"] = f"Bearer {known}"
        try:
            self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout_s, trust_env=False)
        except (httpx.InvalidURL, UnicodeEncodeError) as error:
            raise UsageError(f"{url!r} is no address of a node ({error}); write it as {NODE}") from None

    def close(self) -> None:
        self._http.close()

    def get(self, resource: str, /, **parameters: Scalar | list[str]) -> Any:
        return self._document(self._asked("GET", f"/api/v1/{resource}", params=given(parameters)))

    def text(self, path: str) -> str:
        return self._asked("GET", path).text

    def answers(self, path: str) -> bool:
        """Whether it answers well there. Raises Unreachable where nobody answers at all."""
        try:
            return not self._once("GET", path, {}).is_error
        except httpx.HTTPError as error:
            raise self.unreachable(error) from None

    def change(self, method: str, resource: str, body: Mapping[str, Any] | None = None) -> Any:
        """The document that answers, None where there is none. Carried out once, however often it is sent."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        response = self._asked(method, f"/api/v1/{resource}", json=dict(body or {}), headers=headers)
        return None if response.status_code == 204 or not response.content else self._document(response)

    def pages(self, resource: str, /, **parameters: Scalar | list[str]) -> Iterator[Any]:
        """Each entry of a list that comes in pages, by the links to the next one (RFC 8288)."""
        response = self._asked("GET", f"/api/v1/{resource}", params=given(parameters))
        while True:
            yield from self._document(response)
            after = response.links.get("next", {}).get("url")
            if not after or not after.startswith("/api/"):  # a node leads to its own pages alone
                return
            response = self._asked("GET", after)

    def opened(self, path: str, headers: Mapping[str, str]) -> httpx.Response:
        """An answer whose body is still to be read, by `iter_bytes`; close it."""
        limits = httpx.Timeout(self.timeout_s, read=None)
        request = self._http.build_request("GET", path, headers=dict(headers), timeout=limits)
        response = self._http.send(request, stream=True)
        if response.is_error:
            response = self._whole(response)
            raise self._refusal(response)
        return response

    def unreachable(self, error: Exception) -> Unreachable:
        said = str(error) or type(error).__name__
        return Unreachable(f"no node answers at {self.url} ({said}); is it running, and is --admin its address?")

    def stranger(self, said: str) -> Unreachable:
        return Unreachable(f"what answers at {self.url} is no gslb node: it sent {said}")

    def _asked(self, method: str, path: str, **more: Any) -> httpx.Response:
        for attempt in range(self.retries + 1):
            pause_s = _PAUSE_S * 2**attempt
            try:
                response = self._once(method, path, more)
            except (httpx.UnsupportedProtocol, httpx.InvalidURL):
                raise UsageError(f"{self.url} is no address of a node; write it as {NODE}") from None
            except httpx.HTTPError as error:
                if attempt == self.retries:
                    raise self.unreachable(error) from None
            else:
                wait_s = retry_after_s(response.headers) if response.status_code in _LATER else None
                if not response.is_error:
                    return response
                if attempt == self.retries or wait_s is None:
                    raise self._refusal(response)
                pause_s = max(pause_s, wait_s)
            time.sleep(pause_s)
        raise AssertionError("the last attempt returns or raises")

    def _once(self, method: str, path: str, more: Mapping[str, Any]) -> httpx.Response:
        return self._whole(self._http.send(self._http.build_request(method, path, **more), stream=True))

    def _whole(self, response: httpx.Response) -> httpx.Response:
        """Read to its end, within a bound."""
        body = bytearray()
        try:
            for piece in response.iter_bytes():
                body += piece
                if len(body) > OCTETS_MOST:
                    raise self.stranger(f"more than {OCTETS_MOST} octets")
        finally:
            response.close()
        headers = [(name, value) for name, value in response.headers.multi_items() if name != "content-encoding"]
        return httpx.Response(response.status_code, headers=headers, content=bytes(body), request=response.request)

    def _document(self, response: httpx.Response) -> Any:
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError):
            raise self.stranger("no JSON") from None

    def _refusal(self, response: httpx.Response) -> Refused | Unfit:
        try:
            document = json.loads(response.content)
        except (ValueError, RecursionError):
            document = None
        problem = problem_of(response.status_code, response.reason_phrase, document)
        if problem.status == 401:
            said = f"refused the token: {problem.detail}" if "Authorization" in self._http.headers else "wants a token"
            return Refused(f"{self.url} {said}; put yours into {TOKEN}", problem)
        kind = Unfit if problem.status == 422 else Refused
        ask = f"; put a token into {TOKEN}" if problem.status == 403 and "Authorization" not in self._http.headers else ""
        return kind(f"{self.url} refused ({problem.status}): {problem.detail}{ask}", problem)


def given(parameters: Parameters) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}


def segment(name: str | int) -> str:
    """One part of a path, whatever is in it."""
    return quote(str(name), safe="")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds, if it is short enough to wait for."""
    text = headers.get("retry-after", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        return None
    return float(text) if int(text) <= _PAUSE_MOST_S else None
