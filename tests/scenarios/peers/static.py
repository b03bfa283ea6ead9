"""One static zone for all: as ours reads it, and as each peer wants it written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dns.name
import dns.rdatatype
import dns.zone

NAME = "static.example"
NAMESERVERS = {f"ns1.{NAME}": ["192.0.2.53", "2001:db8::53"], f"ns2.{NAME}": ["198.51.100.53"], "ns.elsewhere.example": []}
TTL_S, NEGATIVE_TTL_S = 300, 30
RECORDS = (Path(__file__).parent / "static.zone").read_text()
# gdnsd reads these by name, all others as RFC 3597 has them.
_GDNSD_NAMES = {"A", "AAAA", "NS", "PTR", "CNAME", "MX", "SRV", "TXT", "NAPTR", "CAA", "SOA"}


def own_section() -> dict[str, object]:
    """The zone in our configuration."""
    return {
        "name": NAME,
        "nameservers": NAMESERVERS,
        "contact": f"hostmaster@{NAME}",
        "ttl": f"{TTL_S}s",
        "negative_ttl": f"{NEGATIVE_TTL_S}s",
        "records": RECORDS,
    }


def zone_text(soa: str) -> str:
    """The whole zone. `soa` is our SOA record's data: its serial is ours to choose."""
    lines = [f"$ORIGIN {NAME}.", f"$TTL {TTL_S}", f"@ {TTL_S} IN SOA {soa}"]
    for host, addresses in NAMESERVERS.items():
        lines.append(f"@ {TTL_S} IN NS {host}.")
        lines += [f"{host}. {TTL_S} IN {'AAAA' if ':' in address else 'A'} {address}" for address in addresses]
    return "\n".join((*lines, RECORDS))


def for_gdnsd(text: str) -> str:
    """With the types that gdnsd doesn't know by number, and without DS, which it refuses at a delegation."""
    return "".join(f"{line}\n" for line in _gdnsd_lines(text))


def _gdnsd_lines(text: str) -> Iterator[str]:
    zone = dns.zone.from_text(text, relativize=False)
    for name, ttl_s, rdata in zone.iterate_rdatas():
        kind = dns.rdatatype.to_text(rdata.rdtype)
        if kind == "DS":
            continue
        if kind not in _GDNSD_NAMES:
            kind, data = f"TYPE{int(rdata.rdtype)}", rdata.to_generic().to_text()
        else:
            data = rdata.to_text()
        yield f"{name} {ttl_s} IN {kind} {data}"


def names() -> list[tuple[bytes, ...]]:
    """Labels of every name that exists, empty non-terminals too, without the root's, always in one order."""
    zone = dns.zone.from_text(zone_text(". . 1 1 1 1 1"), relativize=False)
    depth = len(origin())
    owners = [tuple(name.labels[:-1]) for name in zone]
    return sorted({labels[start:] for labels in owners for start in range(max(1, len(labels) - depth + 1))})


def origin() -> tuple[bytes, ...]:
    return dns.name.from_text(NAME).labels[:-1]
