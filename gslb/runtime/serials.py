"""SOA serials: the second of a zone's last change, kept over restarts, never falling (RFC 1982, RFC 1912 section 2.2).

A zone whose operator wrote the SOA has the serial that is in it, whatever it was before: whoever writes one, keeps it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

from gslb.dns.codes import SOA
from gslb.model import Zone


def next_serials(
    zones: tuple[Zone, ...], kept: str | None, utc_s: int, contents: Mapping[str, str] | None = None
) -> tuple[dict[str, int], str]:
    """The serial of each zone by its name, and what to keep. `kept` is what an earlier call gave, or None.

    `contents` is by zone another text when it has something else that is not in its configuration: what its steered names go
    out with, or its signatures.
    """
    known = _known(kept)
    serials: dict[str, int] = {}
    for zone in zones:
        digest = _digest(zone, (contents or {}).get(zone.name, ""))
        had = known.get(zone.name)
        written = written_serial(zone)
        serials[zone.name] = _serial(had, digest, utc_s) if written is None else written
        known[zone.name] = (digest, serials[zone.name])
    return serials, json.dumps(known, sort_keys=True)


def written_serial(zone: Zone) -> int | None:
    """Of the SOA among its records: the first of the five numbers that end its data (RFC 1035 section 3.3.13)."""
    soa = next((record.rdata for record in zone.records if record.type == SOA), None)
    return None if soa is None else int.from_bytes(soa[-20:-16], "big")


def _serial(had: tuple[str, int] | None, digest: str, utc_s: int) -> int:
    if had is None:
        return utc_s & 0xFFFFFFFF
    return had[1] if had[0] == digest else max(utc_s, had[1] + 1) & 0xFFFFFFFF


def _digest(zone: Zone, more: str) -> str:
    content = replace(zone, nameservers=dict(sorted(zone.nameservers.items())), records=tuple(sorted(zone.records, key=repr)))
    return hashlib.sha256((repr(content) + more).encode()).hexdigest()


def _known(kept: str | None) -> dict[str, tuple[str, int]]:
    try:
        document = json.loads(kept or "{}")
    except (ValueError, RecursionError):
        return {}
    pairs: Mapping[str, object] = document if isinstance(document, dict) else {}
    return {name: found for name, pair in pairs.items() if (found := _pair(pair)) is not None}


def _pair(pair: object) -> tuple[str, int] | None:
    if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) and type(pair[1]) is int and 0 <= pair[1] < 1 << 32:
        return pair[0], pair[1]
    return None
