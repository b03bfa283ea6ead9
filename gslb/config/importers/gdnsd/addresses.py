"""Resources of the plug-ins that choose among addresses: simplefo, multifo and weighted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from gslb.config import values
from gslb.config.importers.gdnsd.pools import Member, Plan, Pool, single
from gslb.config.importers.gdnsd.section import Section, items
from gslb.config.importers.gdnsd.vscf import Array, Entry, Hash, Scalar, Value
from gslb.config.importers.notes import Notes
from gslb.model import Address

FAMILIES = ("addrs_v4", "addrs_v6")
HEALTH = ("service_types", "up_thresh", "ignore_health", "multi")
HEAVIEST = 10_000
_FAMILY = re.compile(r"(?<=.)[._-]v[46]$", re.IGNORECASE)


def multifo(name: str, value: Value, notes: Notes, inherited: Mapping[str, Entry]) -> Plan | None:
    """All addresses at once, less those that are down."""
    section = Section(_labelled(value), notes, inherited)
    services = section.texts("service_types")
    _health(section, notes, name)
    found: dict[str, list[Address]] = {}
    for family, labelled in _families(section, notes):
        for label, address in _addresses(labelled, notes):
            found.setdefault(_server(label, address, found), []).append(address)
        if family:
            services = services or _services(labelled)
    members = tuple(Member(label, tuple(map(str, addresses))) for label, addresses in found.items())
    return single(Pool(members, len(members), services, section.place)) if members else None


def _server(label: str, address: Address, found: Mapping[str, list[Address]]) -> str:
    """Addresses of both families with one label, but for `.v4` or `.v6` at its end, are of one server."""
    server = _FAMILY.sub("", label)
    return server if all(one.version != address.version for one in found.get(server, ())) else label


def simplefo(name: str, value: Value, notes: Notes, inherited: Mapping[str, Entry]) -> Plan | None:
    """The primary, and while it is down the secondary."""
    section = Section(_labelled(value), notes, inherited)
    services = section.texts("service_types")
    found: dict[str, list[str]] = {}
    for family, labelled in _families(section, notes):
        for label, address in _addresses(labelled, notes):
            if label in ("primary", "secondary"):
                found.setdefault(label, []).append(str(address))
            else:
                notes.lost(labelled.place, f"{label} of {name} is neither primary nor secondary; left out")
        if family:
            services = services or _services(labelled)
    pools: dict[str, tuple[Pool, ...]] = {
        label: (Pool((Member("1", tuple(found[label])),), 1, services, section.place),)
        for label in ("primary", "secondary")
        if label in found
    }
    return Plan(pools, tuple(pools)) if pools else None


def weighted(name: str, value: Value, notes: Notes, inherited: Mapping[str, Entry]) -> Plan | None:
    """One address, or some, with odds by weight."""
    section = Section(_labelled(value), notes, inherited)
    services = section.texts("service_types")
    several = section.truth("multi")
    _health(section, notes, name)
    found: dict[str, tuple[list[str], int]] = {}
    for family, labelled in _families(section, notes):
        for label, item in _weights(labelled, notes, name):
            known = found.setdefault(label, ([], item[1]))
            known[0].append(item[0])
            if known[1] != item[1]:
                notes.lost(labelled.place, f"{label} of {name} has two weights; {known[1]} is taken for both families")
        if family:
            services = services or _services(labelled)
    heaviest = max((weight for _, weight in found.values()), default=1)
    members = tuple(Member(label, tuple(addresses), _scaled(weight, heaviest)) for label, (addresses, weight) in found.items())
    if several and len(members) > 1:
        notes.changed(section.place, f"{name} answers several addresses by their weights; one of them is answered here")
    return single(Pool(members, 1, services, section.place)) if members else None


def _scaled(weight: int, heaviest: int) -> int:
    return weight if heaviest <= HEAVIEST else max(1, weight * HEAVIEST // heaviest)


def _labelled(value: Value) -> Hash:
    """An address, or an array of them, has the labels 1, 2 and so on."""
    if isinstance(value, Hash):
        return value
    return Hash(tuple(Entry(str(number), item, item.place) for number, item in enumerate(items(value), 1)), value.place)


def _families(section: Section, notes: Notes) -> Iterator[tuple[str, Hash]]:
    """`addrs_v4` and `addrs_v6`, else the section's own entries, under no name."""
    found = [(family, value) for family in FAMILIES if (value := section.value(family)) is not None]
    for family, value in found:
        yield family, _labelled(value)
    rest = tuple(section.rest())
    if not found:
        yield "", Hash(rest, section.place)
    else:
        for entry in rest:
            notes.lost(entry.place, f"{entry.key} stands beside addrs_v4 and addrs_v6, and is neither; left out")


def _services(labelled: Hash) -> tuple[str, ...]:
    """The service_types that one family has for itself."""
    own = next((entry.value for entry in labelled.entries if entry.key == "service_types"), None)
    return tuple(item.text for item in items(own) if isinstance(item, Scalar)) if own is not None else ()


def _addresses(labelled: Hash, notes: Notes) -> Iterator[tuple[str, Address]]:
    for entry in labelled.entries:
        if entry.key in HEALTH:
            continue
        if not isinstance(entry.value, Scalar):
            notes.lost(entry.place, f"{entry.key} is not an address; left out")
            continue
        try:
            yield entry.key, values.address(entry.value.text)
        except ValueError as error:
            notes.lost(entry.place, f"{entry.key}: {error}; left out")


def _weights(labelled: Hash, notes: Notes, name: str) -> Iterator[tuple[str, tuple[str, int]]]:
    for entry in labelled.entries:
        if entry.key in HEALTH:
            continue
        if isinstance(entry.value, Hash):
            notes.changed(entry.place, f"the group {entry.key} of {name} is taken apart: one of all its addresses is answered")
            inner = _weights(entry.value, notes, name)
            yield from ((f"{entry.key}-{label}", item) for label, item in inner)
            continue
        texts = [item.text for item in items(entry.value) if isinstance(item, Scalar)]
        try:
            address, weight = texts
            if not (weight.isascii() and weight.isdigit() and 0 < int(weight) < 2**20):
                raise ValueError(f"{weight} is not a weight")
            yield entry.key, (str(values.address(address)), int(weight))
        except ValueError as error:
            said = "is an alias; steered names answer addresses" if _is_alias(texts) else str(error)
            notes.lost(entry.place, f"{entry.key} of {name} {said}; left out")


def _is_alias(texts: Iterable[str]) -> bool:
    return next(iter(texts), "").endswith(".")


def _health(section: Section, notes: Notes, name: str) -> None:
    """What decides how many of a pool may be down: here a region that is short of capacity spills over to the next."""
    section.value("multi")
    for key in ("up_thresh", "ignore_health"):
        if key in section and section.value(key) is not None:
            notes.lost(
                section.at(key), f"{key} of {name} has no counterpart: a region keeps clients by the share of it that is up"
            )


def is_address(value: Value) -> bool:
    """One address, or an array of them."""
    texts = [item.text for item in items(value) if isinstance(item, Scalar)]
    if not texts or (isinstance(value, Array) and len(texts) != len(value.items)):
        return False
    try:
        return bool([values.ip_address(text) for text in texts])
    except ValueError:
        return False
