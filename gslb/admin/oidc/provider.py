"""An identity provider: what it says of itself, its keys, and who a code stands for.

Everything is asked for when somebody logs in, and kept for an hour; a provider that is down is in the way of nobody else.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from gslb.admin.oidc import idtoken
from gslb.admin.oidc.errand import Errand
from gslb.admin.oidc.errors import ProviderError
from gslb.admin.oidc.fetch import WITHIN_S, fetch_json, is_as_safe, settings
from gslb.admin.oidc.identity import Identity
from gslb.model.oidc import OidcSettings

KEPT_S: Final = 3600.0
KEYS_AGAIN_S: Final = 30.0  # keys that are younger are not asked for again, whatever tokens say
FAILED_S: Final = 5.0  # for so long a provider that failed is not asked again
AT_ONCE: Final = 8

_T = TypeVar("_T")
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Provider:
    """`own` is what the configuration says of it, and `secret` ours. Every method raises ProviderError."""

    def __init__(
        self, own: OidcSettings, secret: str | None, clock: Callable[[], float] = time.monotonic, within_s: float = WITHIN_S
    ) -> None:
        self.own = own
        self._within_s = within_s
        self._secret, self._clock = secret, clock
        self._lock = asyncio.Lock()
        self._working = asyncio.Semaphore(AT_ONCE)
        self._metadata: dict[str, Any] = {}
        self._read_s = self._keys_s = self._failed_s = float("-inf")
        self._failure = ""
        self._keys: KeySet | None = None
        self._trusted: ssl.SSLContext | None = None

    async def address(self, errand: Errand, back: str) -> str:
        """Where the browser goes; `back` is where it comes back to."""
        metadata = await self._guarded(self._discovered)
        async with await self._client(metadata, back) as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], state=errand.state, nonce=errand.nonce, code_verifier=errand.verifier
            )
        return str(url)

    async def identify(self, code: str, errand: Errand, back: str, utc_s: float) -> Identity:
        """Who comes back with this code."""
        if self._working.locked():
            raise ProviderError("too many log in at this moment; try again")
        async with self._working:
            return await self._guarded(lambda: self._identified(code, errand, back, utc_s))

    async def _identified(self, code: str, errand: Errand, back: str, utc_s: float) -> Identity:
        metadata = await self._discovered()
        async with await self._client(metadata, back) as client:
            token = await client.fetch_token(
                metadata["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=errand.verifier
            )
        algorithms = metadata.get("id_token_signing_alg_values_supported")
        named = [each for each in algorithms if isinstance(each, str)] if isinstance(algorithms, list) else ["RS256"]

        def read(keys: KeySet) -> Identity:
            return idtoken.read(token, keys, named, errand, self.own, metadata["issuer"], utc_s)

        try:
            return read(await self._known_keys(metadata, KEPT_S))
        except (InvalidKeyIdError, BadSignatureError):
            if self._clock() - self._keys_s < KEYS_AGAIN_S:
                raise
        return read(await self._known_keys(metadata, KEYS_AGAIN_S))  # they may have been rolled

    async def _trust(self) -> ssl.SSLContext:
        """The certificates that this machine trusts. They are many: read once, and beside the loop."""
        if self._trusted is None:
            self._trusted = await asyncio.to_thread(ssl.create_default_context)
        return self._trusted

    async def _client(self, metadata: Mapping[str, Any], back: str) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            client_id=self.own.client_id,
            client_secret=self._secret,
            token_endpoint_auth_method=_auth_method(metadata, self._secret),
            scope=" ".join(self.own.scopes),
            redirect_uri=back,
            code_challenge_method="S256",
            **settings(await self._trust()),
        )

    async def _discovered(self) -> dict[str, Any]:
        """Its discovery document (OpenID Connect Discovery section 4); one asks, the others wait for what comes."""
        async with self._lock:
            now_s = self._clock()
            if self._metadata and now_s - self._read_s < KEPT_S:
                return self._metadata
            if now_s - self._failed_s < FAILED_S:
                raise ProviderError(self._failure)
            try:
                found = await fetch_json(f"{self.own.issuer}/.well-known/openid-configuration", await self._trust())
                _check(found, self.own.issuer)
            except (ProviderError, httpx2.HTTPError) as error:
                self._failure, self._failed_s = _words(error), now_s
                raise
            self._metadata, self._read_s = found, now_s
            return found

    async def _known_keys(self, metadata: Mapping[str, Any], oldest_s: float) -> KeySet:
        async with self._lock:
            if self._keys is None or self._clock() - self._keys_s >= oldest_s:
                self._keys = idtoken.keys_of(await fetch_json(metadata["jwks_uri"], await self._trust()))
                self._keys_s = self._clock()
            return self._keys

    async def _guarded(self, work: Callable[[], Awaitable[_T]]) -> _T:
        """Within its time, and with the one error that callers know."""
        try:
            async with asyncio.timeout(self._within_s):
                return await work()
        except TimeoutError:
            raise ProviderError(f"it does not answer within {self._within_s:g} s") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, AuthlibBaseError, JoseError) as error:
            raise ProviderError(_words(error)) from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, UnicodeError) as error:
            raise ProviderError(f"its answer can't be understood ({type(error).__name__})") from error


def _check(metadata: Mapping[str, Any], issuer: str) -> None:
    told = metadata.get("issuer")
    if not isinstance(told, str) or told.rstrip("/") != issuer:
        raise ProviderError(f"it calls itself {told!r:.200}, and the configuration calls it {issuer}")
    for name in _ENDPOINTS:
        if not is_as_safe(metadata.get(name), issuer):
            raise ProviderError(f"its {name} is not an https address")


def _auth_method(metadata: Mapping[str, Any], secret: str | None) -> str:
    """What it takes, the header first (RFC 6749 section 2.3.1)."""
    if secret is None:
        return "none"
    known = metadata.get("token_endpoint_auth_methods_supported")
    basic = not isinstance(known, list) or "client_secret_basic" in known or "client_secret_post" not in known
    return "client_secret_basic" if basic else "client_secret_post"


def _words(error: Exception) -> str:
    """One line of what others wrote, at most."""
    text = " ".join(str(error).split()) or type(error).__name__
    return "".join(each if each.isprintable() else "?" for each in text)[:300]
