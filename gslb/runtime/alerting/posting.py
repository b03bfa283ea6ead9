"""One POST to a receiver: with a bound on everything that it may do to us."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

import certifi
import httpx

import gslb
from gslb.model.text import printable
from gslb.runtime.alerting.patience import Outcome, Result, judged

WITHIN_S: Final = 10.0
"""For all of it: who trickles an answer does not hold the channel longer."""
READ_MOST: Final = 2048
"""Octets of an answer that are looked at: a few words of why not."""
SHOWN_MOST: Final = 200


@cache
def trust() -> ssl.SSLContext:
    """Who vouches for receivers: the authorities of this machine, its own ones among them, and Mozilla's. Takes milliseconds."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


async def post(
    url: str, body: bytes, headers: Mapping[str, str], utc: datetime, verify: ssl.SSLContext, within_s: float = WITHIN_S
) -> Outcome:
    """Raises nothing. The url is in no error: it may be a secret."""
    sent = {"User-Agent": f"gslb/{gslb.__version__}", "Content-Type": "application/json", "Accept-Encoding": "identity"}
    try:
        async with (
            asyncio.timeout(within_s),
            httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=within_s, verify=verify) as client,
            client.stream("POST", url, content=body, headers={**sent, **headers}) as response,
        ):
            said = b"" if response.is_success else await _beginning(response)
            return judged(response.status_code, response.headers.get("retry-after"), utc, _shown(said))
    except TimeoutError:
        return Outcome(Result.LATER, f"did not answer within {within_s:g} s")
    except httpx.InvalidURL:
        return Outcome(Result.REFUSED, "its url is none")
    except (httpx.HTTPError, httpx.StreamError, OSError, ssl.SSLError) as error:
        return Outcome(Result.LATER, _reason(error, url))


async def _beginning(response: httpx.Response) -> bytes:
    read = b""
    async for piece in response.aiter_raw():
        read += piece[: READ_MOST - len(read)]
        if len(read) >= READ_MOST:
            break
    return read


def _shown(said: bytes) -> str:
    text = printable(" ".join(said.decode("utf-8", "replace").split()))
    return f": {text[:SHOWN_MOST]}" if text else ""


def _reason(error: Exception, url: str) -> str:
    text = printable(str(error) or type(error).__name__).replace(url, "its url")
    return f"can't be reached: {text[:SHOWN_MOST]}"


def encoded(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
