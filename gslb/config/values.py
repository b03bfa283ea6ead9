"""What is written, to what is meant.

Every function raises ValueError with a sentence: what is wrong, and what to do.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Container
from datetime import UTC, date, datetime, timedelta

from gslb.config.countries import COMMON_MISTAKES, COUNTRIES
from gslb.config.faults import quoted
from gslb.model import FINEST_PREFIX, Address, Endpoint, Network

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)")
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_INTEGER = re.compile(r"-?[0-9]{1,15}")
_NUMBER = re.compile(r"[-+]?[0-9]{1,15}(?:\.[0-9]{1,20})?")
_WORD = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?")
_NODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62})?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

HIGHEST_TTL_S = 2**31 - 1  # RFC 2181 section 8


def duration_s(text: str) -> float:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{quoted(text)} is not a duration; write a number and a unit: 500ms, 10s, 5m, 2h or 14d")
    return round(float(match[1]) * _UNITS_S[match[2]], 6)


def duration_between(low_s: float, high_s: float) -> Callable[[str], float]:
    def convert(text: str) -> float:
        seconds = duration_s(text)
        if not low_s <= seconds <= high_s:
            raise ValueError(f"{quoted(text)} is out of range; write {written(low_s)} to {written(high_s)}")
        return seconds

    return convert


def ttl_s(text: str) -> int:
    seconds = duration_s(text)
    if seconds != int(seconds):
        raise ValueError(f"{quoted(text)} is a part of a second; a TTL is in whole seconds")
    if seconds > HIGHEST_TTL_S:
        raise ValueError(f"{quoted(text)} is above {HIGHEST_TTL_S} seconds, the highest TTL there is")
    return int(seconds)


def written(seconds: float) -> str:
    """A duration as one would write it: 90 -> 90s, 600 -> 10m."""
    if 0 < seconds < 1:
        return f"{round(seconds * 1000)}ms"
    for unit, length_s, fewest in (("d", 86400, 1), ("h", 3600, 1), ("m", 60, 2)):
        if seconds >= fewest * length_s and seconds % length_s == 0:
            return f"{int(seconds // length_s)}{unit}"
    return f"{seconds:g}s"


def integer_between(low: int, high: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not _INTEGER.fullmatch(text):
            raise ValueError(f"{quoted(text)} is not a whole number; write {low} to {high}")
        if not low <= int(text) <= high:
            raise ValueError(f"{text} is out of range; write {low} to {high}")
        return int(text)

    return convert


def number(text: str) -> float:
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise ValueError(f"{quoted(text)} is not a number; write degrees, as 35.68 or -157.9")
    return float(text)


def boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{quoted(text)} is neither true nor false")
    return text == "true"


def word(text: str) -> str:
    """The id of a site, a region, a release set or a vantage."""
    if not _WORD.fullmatch(text):
        raise ValueError(f"{quoted(text)} is not a name; write up to 63 of a-z, 0-9, -, _ and ., no sign at its ends")
    return text


def node_name(text: str) -> str:
    if not _NODE.fullmatch(text):
        raise ValueError(f"{quoted(text)} is not a name; write up to 63 letters, digits, -, _ and .")
    return text


def line_of_text(text: str) -> str:
    if not text.isprintable() or len(text) > 1000:
        raise ValueError("is not one line of text; write at most 1000 printable characters")
    return text


def country(text: str) -> str:
    if text in COUNTRIES:
        return text
    upper = text.upper()
    near = COMMON_MISTAKES.get(upper, upper)
    hint = f"; did you mean {near}?" if near in COUNTRIES else "; write its code, as JP"
    raise ValueError(f"{quoted(text)} is not a country of ISO 3166-1 alpha-2{hint}")


def asn(text: str) -> int:
    digits = text[2:] if text[:2].upper() == "AS" else text
    if not _INTEGER.fullmatch(digits) or not 0 < int(digits) < 2**32:
        raise ValueError(f"{quoted(text)} is not the number of an autonomous system; write 1 to 4294967295, as 2500")
    return int(digits)


def day(text: str) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"{quoted(text)} is not a date; write year-month-day, as 2027-03-31")


def end(text: str) -> datetime:
    """A time with its offset, or a day, which is good until it is over in UTC."""
    try:
        if _DATE.fullmatch(text):
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), datetime.min.time(), UTC)
        found = datetime.fromisoformat(text)
        if len(text) <= 40 and found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{quoted(text)} is neither a date nor a time with its offset; write 2027-03-31, or 2027-03-31T18:00:00Z")


def hexadecimal_sha256(text: str) -> str:
    if not _HEX64.fullmatch(text.lower()):
        raise ValueError("is not a SHA-256; write its 64 hexadecimal digits")
    return text.lower()


def address(text: str) -> Address:
    """The address of a site or nameserver: one that a client can be sent to."""
    found = ip_address(text)
    if found.is_unspecified or found.is_multicast or found == ipaddress.IPv4Address("255.255.255.255"):
        raise ValueError(f"{quoted(text)} is not the address of one host; write one that clients can reach")
    if isinstance(found, ipaddress.IPv6Address):
        if found.scope_id is not None:
            raise ValueError(f"{quoted(text)} names an interface of this machine; clients elsewhere can't use it")
        if found.ipv4_mapped is not None:
            raise ValueError(f"{quoted(text)} is IPv4 within IPv6; write {found.ipv4_mapped}")
    return found


def ip_address(text: str) -> Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"{quoted(text)} is not an IPv4 or IPv6 address") from None


def network(text: str) -> Network:
    """A network in CIDR; a bare address is the network of itself."""
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{quoted(text)} is not a network; write CIDR, as 203.0.113.0/24 or 2001:db8::/32") from None
    written_address, _, length = text.partition("/")
    if not length.isdigit() and length:
        raise ValueError(f"{quoted(text)} is not CIDR; write {found}")
    if ipaddress.ip_address(written_address) != found.network_address:
        raise ValueError(f"{quoted(text)} has bits set past its length; write {found}")
    return found


def steering_unit(found: Network) -> Network:
    """The network itself, or the whole /24 or /56 around a finer one: no door tells clients in it apart."""
    finest = FINEST_PREFIX[found.version]
    return found.supernet(new_prefix=finest) if found.prefixlen > finest else found


def endpoint(text: str) -> Endpoint:
    """`address:port`. Port 0 is one that the system chooses."""
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    bare = host[1:-1] if bracketed else host
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        colon = ""
    if not colon or bracketed != (":" in host) or not re.fullmatch(r"[0-9]{1,5}", port):
        raise ValueError(f"{quoted(text)} is not address:port; write it as 127.0.0.1:5300 or [::1]:5300")
    if int(port) > 65535:
        raise ValueError(f"{quoted(text)} has a port above 65535")
    return Endpoint(str(found), int(port))


def host(text: str) -> str:
    """A DNS name without wildcard, in the form of the model: lower case, no final dot."""
    name = text.lower().removesuffix(".")
    if not name.isascii():
        raise ValueError(f"{quoted(text)} is not ASCII; write the name in its xn-- form")
    if not 0 < len(name) <= 253:
        raise ValueError(f"{quoted(text)} is not a name of 1 to 253 characters")
    for label in name.split("."):
        if not _LABEL.fullmatch(label):
            raise ValueError(f"{quoted(text)} is not a host name; a label is 1 to 63 of a-z, 0-9 and -")
    if name.rpartition(".")[2].isdigit():
        raise ValueError(f"{quoted(text)} is an address or ends like one; write a host name")
    return name


def within(name: str, zone: str) -> bool:
    return name == zone or name.endswith("." + zone)


def closest(name: str, names: Container[str]) -> str | None:
    """The longest of `names` that is `name` or above it."""
    while name not in names:
        _, dot, name = name.partition(".")
        if not dot:
            return None
    return name
