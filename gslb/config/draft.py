"""A configuration that has been read and not yet checked: its tables, and what of it the checks look up."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dns.rdatatype

from gslb.config import values
from gslb.config.faults import Faults
from gslb.config.schema import Key, Table, plain
from gslb.config.sections import root, service, site, zone
from gslb.config.tree import Scalar
from gslb.config.zonetext import Written, parse_records
from gslb.model import Address, Door, Record

ADDRESS_TYPES = (int(dns.rdatatype.A), int(dns.rdatatype.AAAA))


@dataclass(frozen=True, slots=True)
class ZoneDraft:
    table: Table
    name: str
    records: tuple[Written, ...]

    def fault(self, faults: Faults, written: Written, message: str) -> None:
        """A fault at the line of one record of the zone's text."""
        owner = f"{written.record.owner} {written.type}"
        self.fault_at(faults, written.line, f"{owner}: {message}")

    def fault_at(self, faults: Faults, line: int, message: str) -> None:
        node = self.table.at(zone.RECORDS_)
        literal = isinstance(node.tree, Scalar) and node.tree.literal
        faults.add(node.line + 1 + line if literal else node.line, node.path, message)

    def served(self) -> Iterator[Record]:
        """Its records, but for addresses of `nameservers`: those are answered from there."""
        servers = {server.name for server in self.table.value(zone.NAMESERVERS) or () if server.value}
        for written in self.records:
            record = written.record
            if not (record.owner in servers and record.type in ADDRESS_TYPES):
                yield record


def address_of(record: Record) -> Address:
    return ipaddress.ip_address(record.rdata)


@dataclass(frozen=True, slots=True)
class Draft:
    root: Table
    file: Path
    sites: tuple[Table, ...]
    services: tuple[Table, ...]
    zones: tuple[ZoneDraft, ...]
    zone_names: frozenset[str]

    @classmethod
    def of(cls, top: Table, faults: Faults, file: Path) -> Draft:
        zones = tuple(_zone(table, faults) for table in plain(top.value(root.ZONES)))
        names = frozenset(each.name for each in zones if each.name)
        return cls(top, file, plain(top.value(root.SITES)), plain(top.value(root.SERVICES)), zones, names)

    def absolute(self, path: str) -> str:
        return str(self.file.parent / path)

    def site_ids(self) -> set[str] | None:
        return self._names(site.ID)

    def region_names(self) -> set[str] | None:
        return self._names(site.REGION)

    def site_and_region_names(self) -> set[str] | None:
        ids, regions = self.site_ids(), self.region_names()
        return None if ids is None or regions is None else ids | regions

    def _names(self, key: Key[str]) -> set[str] | None:
        """None where a site leaves it out: then nobody can say that a name is unknown."""
        texts = [table.text(key) for table in self.sites]
        return {text for text in texts if text} if texts and all(texts) else None

    def steered(self) -> set[str]:
        """The names whose addresses come from steering."""
        names = {table.value(service.HOST_) for table in self.services if Door.DNS in service.doors(table)}
        return {name for name in names if name is not None}

    def own_names(self) -> dict[str, str]:
        """Every name under which this node answers over HTTP, with the path of the key that says so."""
        names: dict[str, str] = {}
        for table in self.services:
            host = table.value(service.HOST_)
            if host is not None:
                names.setdefault(host, table.at(service.HOST_).path)
            for item in table.value(service.HTTP_HOSTS) or ():
                names.setdefault(item.value, item.node.path)
        return names

    def zone_of(self, name: str) -> str | None:
        """The longest zone that holds `name`."""
        return values.closest(name, self.zone_names)


def _zone(table: Table, faults: Faults) -> ZoneDraft:
    name = table.value(zone.NAME)
    text = table.value(zone.RECORDS_)
    if name is None or text is None:
        return ZoneDraft(table, name or "", ())
    ttl_s = table.value(zone.TTL_)
    written, wrong = parse_records(text, name, 300 if ttl_s is None else ttl_s)
    draft = ZoneDraft(table, name, tuple(written))
    for misprint in wrong:
        draft.fault_at(faults, misprint.line, misprint.message)
    return draft
