"""`zones`: what this node is authoritative for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gslb.config import values
from gslb.config.faults import quoted
from gslb.config.kinds import ADDRESSES, FILE, HOST, TTL
from gslb.config.schema import (
    Kind,
    Table,
    defaulted,
    map_of,
    optional,
    required,
    scalar,
    section,
)
from gslb.config.sections import dnssec, transfer
from gslb.model import Address, Record, Zone

_DEFAULTS = Zone(name="", nameservers={}, contact="")


def _contact(text: str) -> str:
    local, at, domain = text.rpartition("@")
    sound = local.isascii() and local.isprintable() and " " not in local and 0 < len(local) <= 63
    if not at or not sound:
        raise ValueError(f"{quoted(text)} is not an e-mail address; write it as hostmaster@example.net")
    values.host(domain)
    return text


def _records(text: str) -> str:
    return text


NAME = required("name", HOST, "The name of the zone.")
NAMESERVERS = optional(
    "nameservers",
    map_of(values.host, ADDRESSES, "name: [addresses]"),
    "The servers of this zone. Names inside it need addresses, which are answered for them; others take []. "
    "May be left out where the records have the zone's own NS, and the addresses of those inside.",
    "the zone's own NS records",
)
CONTACT = optional(
    "contact",
    scalar("e-mail address", _contact),
    "Who answers for the zone; in its SOA.",
    "hostmaster@ the zone",
)
TTL_ = defaulted("ttl", TTL, _DEFAULTS.ttl_s, "TTL of records that give none, of NS and of the SOA.", "300s")
NEGATIVE_TTL = defaulted(
    "negative_ttl", TTL, _DEFAULTS.negative_ttl_s, "How long the absence of a name or type is cached.", "30s"
)
RECORDS: Kind[str] = scalar("block of zone-file text", _records)
RECORDS_ = optional(
    "records",
    RECORDS,
    "Zone-file text for what is not steered: relative names, `@`, TTL and IN optional, `$TTL` and `$ORIGIN`; "
    "no `$INCLUDE`. SOA and the zone's own NS are made from the keys above; an SOA that is written here, with a serial of your "
    "own, takes the place of `contact` and `negative_ttl`.",
    "none",
)
RECORDS_FILE = optional(
    "records_file",
    FILE,
    "A zone file with more of the same, at most 4 MB, read again when it changes. A record may stand in both.",
    "none",
)

DNSSEC_ = optional("dnssec", dnssec.DNSSEC, "Signing.", "unsigned")
TRANSFER_ = optional("transfer", transfer.TRANSFER, "Zone transfer to secondaries.", "refused")

ZONE = section(NAME, NAMESERVERS, CONTACT, TTL_, NEGATIVE_TTL, RECORDS_, RECORDS_FILE, DNSSEC_, TRANSFER_)


def build(
    table: Table, nameservers: Mapping[str, tuple[Address, ...]], records: Iterable[Record], absolute: Callable[[str], str]
) -> Zone:
    name, file = table[NAME], table[RECORDS_FILE]
    signing, leaving = table[DNSSEC_], table[TRANSFER_]
    return Zone(
        name=name,
        nameservers=nameservers,
        contact=table[CONTACT] or f"hostmaster@{name}",
        ttl_s=table[TTL_],
        negative_ttl_s=table[NEGATIVE_TTL],
        records=tuple(records),
        records_file=None if file is None else absolute(file),
        dnssec=None if signing is None else dnssec.build(signing, absolute),
        transfer=None if leaving is None else transfer.build(leaving),
    )
