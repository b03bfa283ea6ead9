"""A configuration that has been read and not yet checked: its tables, and what of it the checks look up."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import dns.rdatatype

from gslb.config import values
from gslb.config.faults import Faults, quoted
from gslb.config.schema import Key, Table, plain
from gslb.config.sections import root, service, site, zone
from gslb.config.textfile import read_text
from gslb.config.tree import Scalar, Unreadable
from gslb.config.zonetext import Written, parse_records
from gslb.model import Address, Door, Record

LARGEST_ZONE_FILE = 4 * 1024 * 1024
ADDRESS_TYPES = (int(dns.rdatatype.A), int(dns.rdatatype.AAAA))


@dataclass(frozen=True, slots=True)
class ZoneDraft:
    """`records` are those of the block and of the file; `file` is the absolute path of that and the SHA-256 of its text."""

    table: Table
    name: str
    records: tuple[Written, ...]
    file: tuple[str, str] | None = None

    def fault(self, faults: Faults, written: Written, message: str) -> None:
        """A fault at the line of one record of the zone's text."""
        owner = f"{written.record.owner} {written.type}"
        self.fault_at(faults, written.line, f"{owner}: {message}", written.file)

    def fault_at(self, faults: Faults, line: int, message: str, file: str = "") -> None:
        """`line` is one of `file`, or without it of the block in the configuration, counted from 0."""
        node = self.table.at(zone.RECORDS_FILE if file else zone.RECORDS_)
        if file:
            faults.add(line + 1, node.path, message, file)
            return
        literal = isinstance(node.tree, Scalar) and node.tree.literal
        faults.add(node.line + 1 + line if literal else node.line, node.path, message)

    def nameservers(self) -> dict[str, tuple[Address, ...]]:
        """As written, else by the zone's own NS records, in their order."""
        if zone.NAMESERVERS in self.table:
            return {server.name: plain(server.value) for server in self.table.value(zone.NAMESERVERS) or ()}
        return {name: self.addresses_of(name) for name in self.apex_servers()}

    def apex_servers(self) -> dict[str, Written]:
        """The targets of the zone's own NS records."""
        found = (one for one in self.records if one.record.owner == self.name and one.record.type == dns.rdatatype.NS)
        return {name: one for one in found if (name := target_of(one)) is not None}

    def addresses_of(self, name: str) -> tuple[Address, ...]:
        found = (one.record for one in self.records if one.record.owner == name and one.record.type in ADDRESS_TYPES)
        return tuple(dict.fromkeys(address_of(record) for record in found))

    def served(self) -> Iterator[Record]:
        """Each record once, though it stand in both places."""
        return iter(dict.fromkeys(written.record for written in self.records))


# Types whose data names a host that is looked up in turn, with the attribute that holds it.
_TARGETS = {
    int(dns.rdatatype.NS): "target",
    int(dns.rdatatype.MX): "exchange",
    int(dns.rdatatype.SRV): "target",
}


def target_of(written: Written) -> str | None:
    attribute = _TARGETS.get(written.record.type)
    if attribute is None:
        return None
    # A type written as TYPE2 \# … has generic data; what it names is looked at all the same.
    name = getattr(written.rdata, attribute, None)
    return None if name is None else str(name.to_text(omit_final_dot=True)).lower()


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
        zones = tuple(_zone(table, faults, file.parent) for table in plain(top.value(root.ZONES)))
        names = frozenset(each.name for each in zones if each.name)
        return cls(top, file, plain(top.value(root.SITES)), plain(top.value(root.SERVICES)), zones, names)

    def absolute(self, path: str) -> str:
        return str(self.file.parent / path)

    def zone_files(self) -> tuple[tuple[str, str], ...]:
        """The zone files that were read: absolute path and SHA-256, each once."""
        return tuple(dict.fromkeys(each.file for each in self.zones if each.file is not None))

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


def _zone(table: Table, faults: Faults, folder: Path) -> ZoneDraft:
    name = table.value(zone.NAME) or ""
    block, path = table.value(zone.RECORDS_), table.value(zone.RECORDS_FILE)
    if not name:
        return ZoneDraft(table, name, ())
    default_s = table.value(zone.TTL_)
    ttl_s = 300 if default_s is None else default_s
    written, wrong = parse_records(block or "", name, ttl_s)
    file = None if path is None else _zone_file(table, path, folder, faults)
    further, misprints = parse_records(file.text, name, ttl_s, file.shown) if file else ([], [])
    draft = ZoneDraft(table, name, (*written, *further), (file.path, file.digest) if file else None)
    for misprint in wrong:
        draft.fault_at(faults, misprint.line, misprint.message)
    for misprint in misprints:
        draft.fault_at(faults, misprint.line, misprint.message, file.shown if file else "")
    return draft


class _ZoneFile(NamedTuple):
    """`shown` is its name in faults: from where the configuration's own name starts."""

    path: str
    shown: str
    text: str
    digest: str


def _zone_file(table: Table, path: str, folder: Path, faults: Faults) -> _ZoneFile | None:
    node = table.at(zone.RECORDS_FILE)
    absolute, shown = str(folder / path), os.path.join(os.path.dirname(faults.file), path)
    if os.path.exists(absolute) and not os.path.isfile(absolute):
        faults.add(node.line, node.path, f"{quoted(path)} is not a file; write the name of a zone file")
        return None
    try:
        text = read_text(absolute, LARGEST_ZONE_FILE, "delegate a part of the zone, or serve it elsewhere")
    except Unreadable as fault:
        if fault.line > 1:
            faults.add(fault.line, node.path, fault.message, shown)
        else:
            faults.add(node.line, node.path, f"{quoted(path)} {fault.message}")
        return None
    return _ZoneFile(absolute, shown, text.replace("\r\n", "\n"), sha256(text.encode()).hexdigest())
