"""The vocabulary of probing: what to ask, whom, and what came of it. All of it frozen."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

import dns.exception
import dns.name
import dns.rdatatype

from probes.verdict import Verdict

CheckType = Literal["http", "https", "tcp", "dns", "exec"]
CHECK_TYPES: tuple[str, ...] = get_args(CheckType)

OBJECT_LIMIT = 16 * 2**20
"""The largest object, in bytes, whose `sha256` is verified."""
LOOK_LIMIT = 4096
"""Bytes of an answer in which `contains` is looked for."""
GLANCE_BYTES = 512
"""Bytes asked of an object when only its being there matters."""

DEFAULT_PORTS = {"http": 80, "https": 443, "dns": 53}

HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252}))(:[0-9]{1,5})?")
_PATH = re.compile(r"/[\x21-\x7e]*")
_METHODS = ("GET", "HEAD")


class CheckError(ValueError):
    """A check that cannot be made; `faults` are pairs of key and what is wrong with it."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{key}: {what}" for key, what in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Check:
    """How to tell that a site is well. Raises CheckError with every fault of it.

    `status` 200 also admits the 206 with which a server answers our own Range. `contains` is looked for in
    the first 4096 bytes. `size` and `sha256` are of the whole object; with `sha256` the whole object is
    fetched, up to 16 MB.
    """

    type: CheckType
    port: int | None = None
    path: str = "/"
    host: str | None = None
    method: str = "GET"
    status: tuple[int, ...] = (200,)
    contains: str | None = None
    size: int | None = None
    sha256: str | None = None
    verify: bool = True
    command: tuple[str, ...] = ()
    query_name: str | None = None
    query_type: str = "A"

    def __post_init__(self) -> None:
        found = list(faults(self))
        if found:
            raise CheckError(found)


def faults(check: Check) -> Iterator[tuple[str, str]]:
    """The key and the fault of everything that is wrong with a check."""
    if check.type not in CHECK_TYPES:
        yield "type", f"one of {', '.join(CHECK_TYPES)}"
    if check.port is not None and not 1 <= check.port <= 65535:
        yield "port", "1 to 65535"
    if check.host is not None and not HOST.fullmatch(check.host):
        yield "host", "a host name, with a port if need be"
    yield from _http_faults(check)
    if check.type == "exec" and not check.command:
        yield "command", "an exec check needs one: a list of program and arguments"
    if any("\0" in word for word in check.command):
        yield "command", "no NUL in an argument"
    yield from _dns_faults(check)


def _dns_faults(check: Check) -> Iterator[tuple[str, str]]:
    if check.type == "dns" and not check.query_name:
        yield "query_name", "a dns check needs the name to ask for"
    try:
        dns.name.from_text(check.query_name or ".")
    except dns.exception.DNSException as error:
        yield "query_name", f"no name: {error}"
    try:
        dns.rdatatype.from_text(check.query_type)
    except (dns.exception.DNSException, ValueError):
        yield "query_type", "no record type"


def _http_faults(check: Check) -> Iterator[tuple[str, str]]:
    if not _PATH.fullmatch(check.path):
        yield "path", "begins with / and is plain ASCII without spaces; encode the rest with %"
    if check.method not in _METHODS:
        yield "method", "GET or HEAD"
    if not check.status or any(not 200 <= status <= 599 for status in check.status):
        yield "status", "one or more of 200 to 599"
    if check.method == "HEAD" and (check.contains is not None or check.sha256 is not None):
        yield "method", "HEAD brings no body in which to look for contains or sha256"
    if check.size is not None and check.size < 0:
        yield "size", "bytes, 0 or more"
    if check.sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", check.sha256):
        yield "sha256", "64 lower-case hexadecimal digits"
    if check.sha256 is not None and check.size is not None and check.size > OBJECT_LIMIT:
        yield "size", "at most 16 MB when sha256 is verified"


ExchangeKey = tuple[str, int, Check, str, int, str]


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to probe: a check of one address of one site.

    `key` is the caller's own and means nothing here. `host` is what `Host` and SNI say, with a port where
    clients would send one; a `host` of the check outranks it. Raises ValueError for what could not be
    probed.
    """

    key: str
    site: str
    address: str
    port: int
    check: Check
    host: str
    range_bytes: int | None = None

    def __post_init__(self) -> None:
        if "%" in self.address:
            raise ValueError(f"address: {self.address} has a zone index, which no client could use")
        try:
            ipaddress.ip_address(self.address)
        except ValueError as error:
            raise ValueError(f"address: {self.address!r} is not an IP address") from error
        if not 1 <= self.port <= 65535 and self.check.type != "exec":
            raise ValueError("port: 1 to 65535")
        if not HOST.fullmatch(self.sent_host):
            raise ValueError(f"host: {self.sent_host!r} is not a host name")

    @property
    def sent_host(self) -> str:
        """The `Host` header, byte for byte."""
        return self.check.host or self.host

    @property
    def server_name(self) -> str:
        """The name that TLS asks for: `sent_host` without port and brackets."""
        return re.sub(r"(?<!:):[0-9]{1,5}$", "", self.sent_host).strip("[]").rstrip(".")

    @property
    def read_limit(self) -> int:
        """Bytes of the object asked for, and the most that are read of an answer."""
        if self.check.sha256 is not None:
            return OBJECT_LIMIT
        if self.range_bytes is not None:
            return self.range_bytes
        return LOOK_LIMIT if self.check.contains is not None else GLANCE_BYTES

    @property
    def ranged(self) -> bool:
        """Whether a Range goes with the request."""
        return self.check.method == "GET" and self.check.sha256 is None and self.read_limit > 0

    @property
    def exchange(self) -> ExchangeKey:
        """What makes two targets the same on the wire; a command is told its site, so there it counts."""
        told = self.site if self.check.type == "exec" else ""
        return (self.address, self.port, self.check, self.sent_host, self.read_limit, told)


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds; None for what was not reached.

    `first_byte_ms` runs from sending the request to having the head of the answer, `total_ms` over
    everything.
    """

    connect_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    total_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was said on the wire, for a person to read, and the `command` that repeats it."""

    request: str = ""
    response: str = ""
    bytes_read: int = 0
    error: str = ""
    at_utc: str = ""
    command: str = ""
    certificate_days: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one probe of one target.

    `at_monotonic` is the end of the probe on the clock of whoever probed: it means nothing on another
    machine.
    """

    key: str
    site: str
    address: str
    verdict: Verdict
    reason: str
    timings: Timings
    exchange: Exchange
    at_monotonic: float
    at_utc: datetime
    retry_after_s: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the site passed."""
        return self.verdict.ok
