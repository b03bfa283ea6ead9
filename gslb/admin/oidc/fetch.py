"""Asking the identity provider: with bounds of time and octets, and to nowhere else."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from gslb.admin.oidc.errors import ProviderError

OCTETS_MOST: Final = 256 * 1024
WITHIN_S: Final = 10.0


class Bounded(httpx2.AsyncHTTPTransport):
    """An answer that is too long, or packed so that its length says nothing, breaks off."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["Accept-Encoding"] = "identity"
        response = await super().handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise ProviderError("it answers in a packed form that was not asked for")
        response.stream = _Counted(response.stream)
        return response


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        octets = 0
        async for chunk in self._stream:
            octets += len(chunk)
            if octets > OCTETS_MOST:
                raise ProviderError(f"it answers with more than {OCTETS_MOST} octets")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def settings(trusted: ssl.SSLContext) -> dict[str, Any]:
    """For a client of httpx2: neither a proxy of the environment nor a redirect leads elsewhere. `trusted` takes long to make."""
    return {"transport": Bounded(verify=trusted), "timeout": WITHIN_S, "trust_env": False, "follow_redirects": False}


async def fetch_json(url: str, trusted: ssl.SSLContext) -> dict[str, Any]:
    """Raises ProviderError, or what httpx2 raises."""
    async with httpx2.AsyncClient(**settings(trusted)) as client:
        answer = await client.get(url, headers={"Accept": "application/json"})
    if answer.status_code != 200:
        raise ProviderError(f"{url} answers {answer.status_code}")
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        raise ProviderError(f"{url} is not JSON") from None
    if not isinstance(found, dict):
        raise ProviderError(f"{url} is not an object of JSON")
    return found


def is_as_safe(url: object, issuer: str) -> bool:
    """Whether an endpoint is https, or the issuer, which the operator wrote down, is not either."""
    if not isinstance(url, str) or len(url) > 2048:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and parts.scheme in ("https", urlsplit(issuer).scheme)
