"""An identity provider on loopback: discovery, keys, a page that says yes at once, and a token endpoint that checks what we send.

It is honest until a test bends it: `claims`, `header` and `answers` are what it is made to say instead.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import h11
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

CLIENT, SECRET = "gslb", "s3cret of the client"
NOW_S = 1_795_402_800.0


class IdentityProvider:
    """`issuer` is known once it listens."""

    def __init__(self) -> None:
        self.issuer = ""
        self.key: Any = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
        self.alg = "ES256"
        self.shown: list[dict[str, Any]] = [self.key.as_dict(private=False)]
        self.claims: dict[str, Any] = {"groups": ["ops"], "preferred_username": "kai"}
        self.header: dict[str, Any] = {}
        self.answers: dict[str, tuple[int, bytes]] = {}  # by path: instead of what is true
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.metadata: dict[str, Any] = {}
        self.token: Callable[[dict[str, Any]], str] = self.signed
        self.silent = asyncio.Event()
        self.silent.set()

    # What it shows

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["ES256", "RS256"],
            **self.metadata,
        }

    def roll(self) -> None:
        """A new key, and the old one gone."""
        self.key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
        self.alg = "RS256"
        self.shown = [self.key.as_dict(private=False)]

    # What a browser does

    def consent(self, address: str) -> str:
        """Somebody at this address says yes: where their browser is sent."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]})

    # What it answers

    def answer(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps(self.discovery()).encode()
        if path == "/keys":
            return 200, json.dumps({"keys": self.shown}).encode()
        return self.exchanged(body, headers) if path == "/token" else (404, b"{}")

    def exchanged(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        sent = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        begun = self.codes.pop(sent.get("code", ""), None)  # good for once
        challenge = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        proven = begun and base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() == begun["code_challenge"]
        known = headers.get("authorization") == "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if begun is None or not proven or not known or sent.get("redirect_uri") != begun["redirect_uri"]:
            return 400, b'{"error": "invalid_grant"}'
        told = {
            "iss": self.issuer, "aud": CLIENT, "sub": "7f3a", "exp": NOW_S + 300, "iat": NOW_S, "nonce": begun["nonce"],
            **self.claims,
        }  # fmt: skip
        claims = {name: value for name, value in told.items() if value is not None}
        return 200, json.dumps({"access_token": "at", "token_type": "Bearer", "id_token": self.token(claims)}).encode()

    def signed(self, claims: dict[str, Any]) -> str:
        header = {"alg": self.alg, "kid": self.key.kid, **self.header}
        return jwt.encode({name: value for name, value in header.items() if value is not None}, claims, self.key)

    def unsigned(self, claims: dict[str, Any]) -> str:
        parts = (json.dumps(each).encode() for each in ({"alg": "none"}, claims))
        return ".".join(base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in parts) + "."

    def signed_with_the_public_key(self, claims: dict[str, Any]) -> str:
        """HMAC with what everybody can read as the secret."""
        secret = OctKey.import_key(json.dumps(self.shown[0]))
        return jwt.encode({"alg": "HS256", "kid": self.key.kid}, claims, secret)

    # On a socket

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = h11.Connection(h11.SERVER)
        target, headers, body = "", {}, b""
        try:
            while True:
                event = peer.next_event()
                if event is h11.NEED_DATA:
                    peer.receive_data(await reader.read(65536))
                elif isinstance(event, h11.Request):
                    target = event.target.decode()
                    headers = {name.decode(): value.decode() for name, value in event.headers}
                elif isinstance(event, h11.Data):
                    body += event.data
                else:
                    break
            await self.silent.wait()
            status, content = self.answer(urlsplit(target).path, body, headers)
            head = [("Content-Type", "application/json"), ("Content-Length", str(len(content))), ("Connection", "close")]
            writer.write(peer.send(h11.Response(status_code=status, headers=head)) or b"")
            writer.write(peer.send(h11.Data(data=content)) or b"")
            await writer.drain()
        except (OSError, h11.RemoteProtocolError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def provider():
    idp = IdentityProvider()
    server = await asyncio.start_server(idp.serve, "127.0.0.1", 0)
    idp.issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield idp
    finally:
        idp.silent.set()
        server.close()
        await server.wait_closed()
