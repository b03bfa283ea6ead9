"""SOA serials: the second of a zone's last change, kept over restarts, never falling (RFC 1982, RFC 1912 section 2.2).

A zone whose operator wrote the SOA has the serial that is in it, whatever it was before: whoever writes one, keeps it. A
signed one goes on from it, as signatures are renewed and secondaries must take them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from gslb.dns.codes import SOA
from gslb.model import Zone


class Signed(NamedTuple):
    """How a zone is signed, and since which second: the same on every node that shares the keys."""

    generation: str
    since: int


class _Had(NamedTuple):
    """The content that a serial was given for, and how it was signed."""

    digest: str
    serial: int
    generation: str = ""


def next_serials(
    zones: tuple[Zone, ...],
    kept: str | None,
    utc_s: int,
    contents: Mapping[str, str] | None = None,
    signed: Mapping[str, Signed] | None = None,
) -> tuple[dict[str, int], str]:
    """The serial of each zone by its name, and what to keep. `kept` is what an earlier call gave, or None.

    `contents` is by zone another text when its steered names go out with something else. Where nothing but the signatures is
    new, the serial is the second since which they are, so that nodes with the same keys agree.
    """
    known = _known(kept)
    serials: dict[str, int] = {}
    for zone in zones:
        digest = _digest(zone, (contents or {}).get(zone.name, ""))
        had, now = known.get(zone.name), (signed or {}).get(zone.name)
        written = written_serial(zone)
        if written is None or now is not None:
            serials[zone.name] = _serial(had, digest, now, utc_s if written is None else written)
        else:
            serials[zone.name] = written
        known[zone.name] = _Had(digest, serials[zone.name], "" if now is None else now.generation)
    return serials, json.dumps(known, sort_keys=True)


def written_serial(zone: Zone) -> int | None:
    """Of the SOA among its records: the first of the five numbers that end its data (RFC 1035 section 3.3.13)."""
    soa = next((record.rdata for record in zone.records if record.type == SOA), None)
    return None if soa is None else int.from_bytes(soa[-20:-16], "big")


def _serial(had: _Had | None, digest: str, signed: Signed | None, new: int) -> int:
    """`new` is that of another content."""
    if had is None:
        return new & 0xFFFFFFFF
    if had.digest != digest:
        return max(new, had.serial + 1) & 0xFFFFFFFF
    if signed is None or had.generation == signed.generation:
        return had.serial
    return max(signed.since, had.serial + 1) & 0xFFFFFFFF


def _digest(zone: Zone, more: str) -> str:
    content = replace(zone, nameservers=dict(sorted(zone.nameservers.items())), records=tuple(sorted(zone.records, key=repr)))
    return hashlib.sha256((repr(content) + more).encode()).hexdigest()


def _known(kept: str | None) -> dict[str, _Had]:
    try:
        document = json.loads(kept or "{}")
    except (ValueError, RecursionError):
        return {}
    rows: Mapping[str, object] = document if isinstance(document, dict) else {}
    return {name: found for name, row in rows.items() if (found := _had(row)) is not None}


def _had(row: object) -> _Had | None:
    if not isinstance(row, list) or not 2 <= len(row) <= 3:
        return None
    digest, serial, *rest = row
    if not isinstance(digest, str) or not all(isinstance(each, str) for each in rest):
        return None
    return _Had(digest, serial, *rest) if type(serial) is int and 0 <= serial < 1 << 32 else None
