"""EDNS (RFC 6891): the OPT record of a query, and the options that go back."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

from gslb.dns.codes import (
    COOKIE_OPTION,
    ECS_OPTION,
    EDE_OPTION,
    KEEPALIVE_OPTION,
    NSID_OPTION,
    PADDING_OPTION,
    TCP_MAX,
    UDP_MAX,
)
from gslb.dns.cookies import FULL_HEAD, LENGTHS
from gslb.dns.cursor import Cursor, Malformed
from gslb.model import Family

_OPTION = Struct("!HH")
_OPT = Struct("!BHHBBHH")
ECS_BITS: Final = {1: 32, 2: 128}
DO: Final = 0x8000
PADDING_BLOCK: Final = 468
OPTIONS_MAX: Final = 64  # nobody sends more than a few; 64 KB of empty ones would take 60 ms to read


class Subnet(NamedTuple):
    """A client subnet as it came. `octets`: family, source length, scope, address (RFC 7871 section 6)."""

    octets: bytes
    family: Family
    length: int
    network: int  # left-aligned in an address of `family`

    def option(self, scope: int) -> bytes:
        octets = self.octets
        return b"".join((_OPTION.pack(ECS_OPTION, len(octets)), octets[:3], bytes((scope,)), octets[4:]))


# RFC 7871 section 7.1.2: family 0 (or any family with source length 0) asks us not to look at the client.
OPT_OUT_FAMILY: Final[Family] = 4


class Edns(NamedTuple):
    """What a query's OPT said. `cookie_last`: the message ends with it. `other` tells of options that we don't know."""

    size: int
    version: int
    do: bool
    subnet: Subnet | None = None
    nsid: bool = False
    keepalive: bool = False
    other: bool = False
    cookie: bytes | None = None
    cookie_last: bool = False
    padded: bool = False


class BadOption(Malformed):
    """An OPT whose fixed part is sound, in a message that is not, or with such options: FORMERR, with an OPT that says why."""

    def __init__(self, why: str, do: bool, cookie: bool = False) -> None:
        super().__init__(why)
        self.do = do
        self.cookie = cookie


class _BadCookie(Malformed):
    pass


def read_opt(size: int, ttl: bytes, rdata: bytes, last: bool = False) -> Edns:
    """Reads an OPT. Options of a version that we don't speak are not looked at (RFC 6891 section 6.1.3).

    `last`: the message ends with it.
    """
    version, do = ttl[1], bool(ttl[2] & 0x80)
    if version or not rdata:
        return Edns(size, version, do)
    try:
        return _read_options(size, do, Cursor(rdata), last)
    except Malformed as error:
        raise BadOption(str(error), do, isinstance(error, _BadCookie)) from None


def options(cursor: Cursor) -> Iterator[tuple[int, bytes]]:
    """Of an OPT record, up to where the cursor ends (RFC 6891 section 6.1.2). Malformed, also for more than OPTIONS_MAX."""
    left = OPTIONS_MAX
    while cursor.at < cursor.end:
        left -= 1
        if left < 0:
            raise Malformed("more options than anybody has use for")
        code = cursor.u16()
        yield code, cursor.take(cursor.u16())


def _read_options(size: int, do: bool, cursor: Cursor, last: bool) -> Edns:
    subnet: Subnet | None = None
    cookie: bytes | None = None
    nsid = keepalive = other = cookie_last = padded = False
    for code, option in options(cursor):
        if code == ECS_OPTION:
            subnet = read_subnet(option) if subnet is None else _twice()
        elif code == NSID_OPTION:
            nsid = True
        elif code == KEEPALIVE_OPTION:
            keepalive = True
        elif code == COOKIE_OPTION:
            if cookie is None:  # RFC 7873 section 5.2: all but the first are ignored
                cookie, cookie_last = read_cookie(option), last and cursor.at == cursor.end
        else:
            other = True
            padded = padded or code == PADDING_OPTION
    return Edns(size, 0, do, subnet, nsid, keepalive, other, cookie, cookie_last, padded)


def read_cookie(option: bytes) -> bytes:
    """RFC 7873 section 5.2.2: a client cookie alone, or with a server cookie of 8 to 32 octets."""
    if len(option) not in LENGTHS:
        raise _BadCookie(f"cookie of {len(option)} octets")
    return option


def _twice() -> Subnet:
    raise Malformed("two client subnets")


def read_subnet(option: bytes) -> Subnet:
    """Reads a client subnet and refuses all that RFC 7871 sections 6 and 7.1.2 do not allow."""
    if len(option) < 4:
        raise Malformed("client subnet shorter than 4 octets")
    family, length, scope = option[0] << 8 | option[1], option[2], option[3]
    if scope:
        raise Malformed("client subnet with a scope in a query")
    if family == 0:
        if length or len(option) > 4:
            raise Malformed("client subnet of family 0 with an address")
        return Subnet(option, OPT_OUT_FAMILY, 0, 0)
    bits = ECS_BITS.get(family)
    if bits is None:
        raise Malformed("client subnet of an unknown family")
    if length > bits:
        raise Malformed("client subnet longer than an address")
    size = (length + 7) >> 3
    if len(option) != 4 + size:
        raise Malformed("client subnet with too few or too many octets of address")
    network = int.from_bytes(option[4:], "big")
    if length & 7 and network & (0xFF >> (length & 7)):
        raise Malformed("client subnet with bits set past its length")
    return Subnet(option, 4 if family == 1 else 6, length, network << (bits - 8 * size))


def opt_record(do: bool, options: bytes = b"", extended_rcode: int = 0, cookie: bytes = b"") -> bytes:
    """An OPT for an answer: our size, version 0, the upper 8 bits of the RCODE, DO as it came. A whole `cookie` comes last."""
    if cookie:
        options += FULL_HEAD + cookie
    return _OPT.pack(0, 41, UDP_MAX, extended_rcode, 0, DO if do else 0, len(options)) + options


def padded(reply: bytes, opt: bytes) -> bytes:
    """A reply (behind its ID) that ends with `opt`, in a multiple of PADDING_BLOCK octets (RFC 8467 section 4.1)."""
    size = int.from_bytes(opt[9:11], "big")
    room = -(len(reply) + 2 + _OPTION.size) % PADDING_BLOCK
    if len(reply) + 2 + _OPTION.size + room > TCP_MAX:
        return reply
    at = len(reply) - len(opt) + 9
    longer = (size + _OPTION.size + room).to_bytes(2, "big")
    return b"".join((reply[:at], longer, reply[at + 2 :], option(PADDING_OPTION, bytes(room))))


def option(code: int, data: bytes) -> bytes:
    return _OPTION.pack(code, len(data)) + data


def nsid_option(node: str) -> bytes:
    return option(NSID_OPTION, node.encode())


def keepalive_option(timeout_s: float) -> bytes:
    """RFC 7828 section 3.1: in units of 100 ms."""
    return option(KEEPALIVE_OPTION, min(int(timeout_s * 10), 65535).to_bytes(2, "big"))


def error_option(code: int, text: str = "") -> bytes:
    """An extended DNS error. RFC 8914 section 2: the text is UTF-8 and has no closing NUL."""
    return option(EDE_OPTION, code.to_bytes(2, "big") + text.encode())
