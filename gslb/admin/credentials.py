"""What a request says about itself: where it came from, for which host, with which token. All of it is outside bytes."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple
from urllib.parse import parse_qsl

from gslb.model import User

LONGEST_TOKEN = 512
LONGEST_FORM = 2048

_HOST = re.compile(r"(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9][a-z0-9.-]{0,252}))(?::([0-9]{1,5}))?", re.ASCII | re.IGNORECASE)
_TOKEN = re.compile(r"[!-~]+", re.ASCII)

# Any of them says that the peer is a proxy, and that who really asks sits elsewhere.
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")


class Host(NamedTuple):
    name: str  # lower case; an IPv6 address without brackets
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Host | None:
        """`Host` as RFC 9110 section 7.2 has it; None for what is none."""
        found = _HOST.fullmatch(text)
        if found is None:
            return None
        literal, name, port = found.groups()
        if port is not None and int(port) > 65535:
            return None
        if literal is not None and address_of(literal) is None:
            return None
        return cls((literal or name.removesuffix(".")).lower(), None if port is None else int(port))


def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """An IPv4 address that IPv6 wraps is the IPv4 address."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def network_of(peer: str) -> str:
    """Whom a peer counts for: itself, or the /64 that an IPv6 peer has to itself."""
    address = address_of(peer)
    if address is None or address.version == 4:
        return str(address)
    return str(IPv6Network((int(address), 64), strict=False))


def is_local(headers: Mapping[str, str], peer: str, server: tuple[str, int]) -> bool:
    """Whether a request comes from this machine and was meant for it.

    The peer's address alone is not enough: a page of anybody's, whose name was made to resolve to 127.0.0.1, would make
    the operator's browser ask for it (DNS rebinding). It can't choose `Host`, which names the page's own site then.
    """
    address, host = address_of(peer), Host.parse(headers.get("host", ""))
    if address is None or not address.is_loopback or host is None:
        return False
    if any(name in headers for name in _FORWARDED) or host.port not in (None, server[1]):
        return False
    listener = address_of(server[0])
    return host.name == "localhost" or (listener is not None and address_of(host.name) == listener)


def is_same_host(origin: str, host: str) -> bool:
    """Whether `Origin` is a page of the `Host` that was asked; of either scheme, for TLS may end in a proxy."""
    scheme, _, authority = origin.partition("://")
    own = Host.parse(host)
    return scheme in ("http", "https") and own is not None and Host.parse(authority) == own


def bearer(header: str) -> str | None:
    """The token of `Authorization: Bearer` (RFC 6750 section 2.1); None where there is none that could be one."""
    scheme, _, token = header.partition(" ")
    token = token.strip(" ")
    if scheme.lower() != "bearer" or len(token) > LONGEST_TOKEN or not _TOKEN.fullmatch(token):
        return None
    return token


def form_token(body: bytes) -> str | None:
    """`token` of a form as browsers send it."""
    if len(body) > LONGEST_FORM:
        return None
    try:
        fields = dict(parse_qsl(body.decode("ascii"), max_num_fields=8, errors="strict"))
    except ValueError:
        return None
    token = fields.get("token", "").strip()
    return token if len(token) <= LONGEST_TOKEN and _TOKEN.fullmatch(token) else None


def event_number(text: str) -> int | None:
    """`Last-Event-ID`, if it is one of ours; anything else asks for no event of the past."""
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text, re.ASCII) else None


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def user_of(users: Iterable[User], token_sha256: str) -> User | None:
    """Looks at every user whatever it finds, so that time tells nothing."""
    found = None
    for user in users:
        if hmac.compare_digest(user.token_sha256.lower().encode(), token_sha256.encode()):
            found = user
    return found
