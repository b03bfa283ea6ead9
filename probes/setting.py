"""What all probes of one vantage point share: time limits, who we are, what is ours, and the clocks."""

import ipaddress
import os
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import certifi

VERSION = "0.1"

Own = frozenset[tuple[str, int | None]]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Setting:
    """`timeout_s` bounds the whole exchange; connect, TLS and first byte get `phase_s` each within it.

    `own` holds the hosts, or host and port, that are this load balancer: a site that redirects there makes
    a loop. `contact` is told to the sites in the User-Agent. `tls` verifies; without it the system's
    authorities do.
    """

    timeout_s: float = 4.0
    phase_s: float = 2.0
    contact: str = ""
    own: Own = frozenset()
    tls: ssl.SSLContext | None = None
    clock: Callable[[], float] = time.monotonic
    utc_now: Callable[[], datetime] = _utc_now

    @property
    def agent(self) -> str:
        """The User-Agent."""
        return f"gslb-probe/{VERSION} (+{self.contact})" if self.contact else f"gslb-probe/{VERSION}"

    def tls_for(self, verify: bool) -> ssl.SSLContext:
        """The context for a check that verifies, or does not."""
        if not verify:
            return _trusting_anybody()
        return self.tls or trusting()


def is_own(own: Own, host: str, port: int) -> bool:
    """Whether host and port are ours; an address counts in each of its spellings."""
    name = plain_host(host)
    return any(plain_host(ours) == name and (at is None or at == port) for ours, at in own)


def plain_host(host: str) -> str:
    """A host for comparing: lower case, no final dot, an address in its shortest form."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


@cache
def trusting(ca_file: str | None = None) -> ssl.SSLContext:
    """A context that trusts the authorities of a file, else the system's, else certifi's.

    Raises OSError or ssl.SSLError for a file that cannot be used.
    """
    fallback = None if _system_has_authorities() else certifi.where()
    return ssl.create_default_context(cafile=ca_file or fallback)


def _system_has_authorities() -> bool:
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        return True
    return bool(paths.capath and any(os.scandir(paths.capath)))


@cache
def _trusting_anybody() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
