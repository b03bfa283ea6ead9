"""One query as one line of JSON, for those who read logs with jq.

Names are of anybody's octets: they are written as in a zone file (RFC 1035 section 5.1), so a line is ASCII, whatever is asked.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from struct import Struct
from typing import Any, Final, NamedTuple

from gslb.dns.codes import AA, ECS_OPTION, RCODE_NAMES, RD, TC, TYPE_NAMES
from gslb.dns.cursor import Malformed
from gslb.dns.discretion import Discretion, Shown, cut_address, cut_subnet, packed, question_name
from gslb.dns.edns import DO, read_subnet
from gslb.dns.observer import Exchange, Sampled
from gslb.dns.walk import options, walk
from gslb.dns.wire import HEADER_OCTETS
from gslb.model import Family

_FIXED: Final = Struct("!HBxH2x")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FLAGS: Final = {"AA": AA, "TC": TC, "RD": RD, "RA": 0x80, "AD": 0x20, "CD": 0x10}
_CLASSES: Final = {1: "IN", 3: "CH", 4: "HS", 254: "NONE", 255: "ANY"}


class LineWriter:
    """`discretion` None: addresses and subnets as they came."""

    def __init__(self, node: str, discretion: Discretion | None) -> None:
        self._node, self._discretion = node, discretion

    def line(self, sampled: Sampled) -> bytes:
        return json.dumps(self.document(sampled), separators=(",", ":")).encode() + b"\n"

    def document(self, sampled: Sampled) -> dict[str, Any]:
        exchange = sampled.exchange
        name = question_name(exchange.query)
        shown = None if self._discretion is None else self._discretion.shown(name)
        return {
            "time": _time(exchange.asked_ns),
            "node": self._node,
            "client": _client(exchange.link.peer[0], shown),
            "transport": exchange.link.transport,
            **_question(exchange.query, name),
            **_asked(exchange.query, shown),
            **_told(exchange),
            **_steered(sampled),
            "world": sampled.world,
            "query_size": len(exchange.query),
            "duration_us": max(0, exchange.told_ns - exchange.asked_ns) // 1000,
        }


def _time(unix_ns: int) -> str:
    moment = _EPOCH + timedelta(microseconds=unix_ns // 1000)
    return moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _client(host: str, shown: Shown | None) -> str | None:
    octets = packed(host)
    if not octets:
        return None
    if shown is None:
        return str(ip_address(octets))
    family: Family = 4 if len(octets) == 4 else 6
    return str(ip_network((cut_address(octets, shown), shown.of(family, int.from_bytes(octets, "big")))))


def _question(query: bytes, name: bytes | None) -> dict[str, Any]:
    """As far as it can be read."""
    found: dict[str, Any] = {"name": None, "type": None, "class": None}
    if name is None:
        return found
    asked = query[HEADER_OCTETS : HEADER_OCTETS + len(name)]
    found["name"] = presentation(asked)
    behind = query[HEADER_OCTETS + len(name) :][:4]
    if len(behind) == 4:
        kind, klass = int.from_bytes(behind[:2], "big"), int.from_bytes(behind[2:], "big")
        found["type"] = TYPE_NAMES.get(kind, f"TYPE{kind}")  # RFC 3597 section 5
        found["class"] = _CLASSES.get(klass, f"CLASS{klass}")
    return found


def presentation(name: bytes) -> str:
    """An uncompressed name with its final dot, ASCII alone."""
    labels = []
    at = 0
    while name[at]:
        labels.append("".join(map(_character, name[at + 1 : at + 1 + name[at]])))
        at += 1 + name[at]
    return ".".join(labels) + "."


def _character(octet: int) -> str:
    if octet in b'.\\"();@$':
        return "\\" + chr(octet)
    return chr(octet) if 0x20 < octet < 0x7F else f"\\{octet:03}"


def _asked(query: bytes, shown: Shown | None) -> dict[str, Any]:
    """What the OPT of the query says; what can't be read is not there."""
    opt = _opt(query)
    if opt is None:
        return {"edns_size": None, "do": False, "subnet": None}
    return {"edns_size": opt.size, "do": bool(opt.flags & DO), "subnet": _subnet(opt.rdata, shown)}


class _Opt(NamedTuple):
    """RFC 6891 section 6.1.3."""

    size: int
    upper_rcode: int
    flags: int
    rdata: bytes


def _opt(wire: bytes) -> _Opt | None:
    opts = walk(wire).opts if len(wire) >= HEADER_OCTETS else ()
    if not opts:
        return None
    rdata, end = opts[0]
    size, upper_rcode, flags = _FIXED.unpack_from(wire, rdata - 8)
    return _Opt(size, upper_rcode, flags, wire[rdata:end])


def _subnet(rdata: bytes, shown: Shown | None) -> str | None:
    try:
        found = next((data for code, data in options(rdata) if code == ECS_OPTION), None)
        if found is None:
            return None
        subnet = read_subnet(found if shown is None else cut_subnet(found, shown))
    except Malformed:
        return None
    network = IPv4Network if subnet.family == 4 else IPv6Network
    return str(network((subnet.network, subnet.length)))


def _told(exchange: Exchange) -> dict[str, Any]:
    reply = exchange.reply
    if reply is None:
        return {"rcode": None, "flags": [], "answers": 0, "size": 0}
    flags = int.from_bytes(reply[2:4], "big")
    opt = _opt(reply)
    rcode = flags & 0xF | (0 if opt is None else opt.upper_rcode << 4)  # RFC 6891 section 6.1.3
    return {
        "rcode": RCODE_NAMES.get(rcode, f"RCODE{rcode}"),
        "flags": [name for name, bit in _FLAGS.items() if flags & bit],
        "answers": int.from_bytes(reply[6:8], "big"),
        "size": len(reply),
    }


def _steered(sampled: Sampled) -> dict[str, Any]:
    served = sampled.served
    if served is None:
        return {"service": None, "sites": [], "why": None, "scope": None, "ttl": None}
    steered = served.steered
    return {
        "service": steered.service,
        "sites": list(steered.sites),
        "why": steered.why.value,
        "scope": served.located.scope,
        "ttl": steered.ttl_s,
    }
