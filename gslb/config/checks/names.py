"""Names of zones and services: each one once, and each steered name in a zone."""

from __future__ import annotations

from gslb.config.draft import Draft
from gslb.config.faults import Faults, quoted
from gslb.config.schema import Node, Table
from gslb.config.sections import service, zone
from gslb.model import Door


def check(draft: Draft, faults: Faults) -> None:
    zones = [(each.name, each.table.at(zone.NAME)) for each in draft.zones if each.name]
    _once(zones, "zone", faults)
    _once(_http_names(draft), "name of a service", faults)
    for table in draft.services:
        _in_a_zone(draft, table, faults)


def _http_names(draft: Draft) -> list[tuple[str, Node]]:
    found = []
    for table in draft.services:
        host = table.value(service.HOST_)
        if host is not None:
            found.append((host, table.at(service.HOST_)))
        found += [(item.value, item.node) for item in table.value(service.HTTP_HOSTS) or ()]
    return found


def _once(names: list[tuple[str, Node]], what: str, faults: Faults) -> None:
    first: dict[str, str] = {}
    for name, node in names:
        if first.setdefault(name, node.path) != node.path:
            faults.add(node.line, node.path, f"{quoted(name)} is already a {what}, as {first[name]}; write it once")


def _in_a_zone(draft: Draft, table: Table, faults: Faults) -> None:
    host, node = table.value(service.HOST_), table.at(service.HOST_)
    if host is None or Door.DNS not in service.doors(table) or draft.zone_of(host) is not None:
        return
    if any(not each.name for each in draft.zones):
        return  # the name of a zone is faulty, and may be the one
    hint = "add the zone, or write via: [http]"
    faults.add(node.line, node.path, f"{quoted(host)} is steered in DNS and lies in none of `zones`; {hint}")
