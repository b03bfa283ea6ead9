"""geoip maps: which datacenters are for whom, and in which order (gdnsd-plugin-geoip(8))."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import TypeVar

from gslb.config.faults import quoted
from gslb.config.importers.continents import CONTINENTS
from gslb.config.importers.gdnsd.section import Section, items
from gslb.config.importers.gdnsd.vscf import Array, Entry, Hash, Misread, Scalar, Value, Vscf
from gslb.config.importers.notes import Notes, Place
from gslb.config.values import steering_unit
from gslb.model import Network

Choice = tuple[str, ...] | None  # datacenters in their order; None: by distance
AUTO: Choice = None
DEFAULT_LIMIT = 3
_V4COMPAT = IPv6Network("::/96")
_SPECIAL = tuple(
    map(
        ipaddress.ip_network,
        (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "fc00::/7",
            "fe80::/10",
        ),
    )
)
N = TypeVar("N", IPv4Network, IPv6Network)


@dataclass(frozen=True, slots=True)
class Coordinates:
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class GeoMap:
    """`countries` are those that differ from `default`, `nets` disjoint blocks."""

    name: str
    datacenters: tuple[str, ...]
    default: Choice
    countries: Mapping[str, Choice]
    nets: tuple[tuple[Network, tuple[str, ...]], ...]
    coordinates: Mapping[str, Coordinates]
    limit: int  # of datacenters that follow by distance; 0: none
    database: str | None
    place: Place
    ignores_ecs: bool = False

    def by_distance(self) -> bool:
        return AUTO in (self.default, *self.countries.values())


class MapReader:
    """`folder` is where files of the plug-in lie."""

    def __init__(self, folder: str, notes: Notes) -> None:
        self._folder = folder
        self._notes = notes

    def read(self, name: str, source: Hash) -> GeoMap | None:
        section = Section(source, self._notes)
        datacenters = section.texts("datacenters")
        if not datacenters:
            self._notes.lost(source.place, f"the map {name} has no datacenters; left out")
            return None
        coordinates = self._coordinates(section)
        tree = section.hash("map")
        leaves = _Leaves(datacenters, bool(coordinates), self._notes)
        default: Choice = AUTO if coordinates else datacenters
        countries: dict[str, Choice] = {}
        if tree is not None:
            default = leaves.default(tree, default)
            countries = {code: found for code, found in leaves.countries(tree, default) if found != default}
        limit = section.number("auto_dc_limit", 0, 254)
        made = GeoMap(
            name,
            datacenters,
            default,
            countries,
            self._nets(section, datacenters),
            coordinates,
            DEFAULT_LIMIT if limit is None else limit,
            section.text("geoip2_db"),
            section.at("geoip2_db"),
            section.truth("ignore_ecs"),
        )
        section.tell_rest(f"the map {name}")
        return made

    def _coordinates(self, section: Section) -> dict[str, Coordinates]:
        source = section.hash("auto_dc_coords")
        found: dict[str, Coordinates] = {}
        for entry in source.entries if source else ():
            texts = [item.text for item in items(entry.value) if isinstance(item, Scalar)]
            try:
                latitude, longitude = map(float, texts)
                if not (abs(latitude) <= 90 and abs(longitude) <= 180):
                    raise ValueError
                found[entry.key] = Coordinates(latitude, longitude)
            except ValueError:
                self._notes.lost(entry.place, f"the coordinates of {entry.key} are not [latitude, longitude]; left out")
        return found

    def _nets(self, section: Section, datacenters: tuple[str, ...]) -> tuple[tuple[Network, tuple[str, ...]], ...]:
        value = section.value("nets")
        if isinstance(value, Scalar):
            try:
                value = Vscf().file(os.path.join(self._folder, value.text))
            except Misread as error:
                self._notes.lost(section.at("nets"), f"{error}; left out")
                return ()
        blocks = _Blocks(self._notes)
        for entry in value.entries if isinstance(value, Hash) else ():
            chosen = _listed(entry.value, datacenters, self._notes)
            if chosen is not None:
                blocks.add(entry, chosen)
        return blocks.disjoint()


def _listed(value: Value, datacenters: tuple[str, ...], notes: Notes) -> tuple[str, ...] | None:
    """Datacenters by name. None, and told, where something else stands there."""
    if isinstance(value, Hash):
        return None
    names = [item for item in items(value) if isinstance(item, Scalar)]
    for item in names:
        if item.text not in datacenters:
            notes.lost(item.place, f"{quoted(item.text)} is not a datacenter of the map; left out")
    return tuple(item.text for item in names if item.text in datacenters)


class _Leaves:
    """Goes down a map as far as countries: below them nothing of ours tells places apart."""

    def __init__(self, datacenters: tuple[str, ...], auto: bool, notes: Notes) -> None:
        self._datacenters, self._auto, self._notes = datacenters, auto, notes

    def default(self, source: Hash, inherited: Choice) -> Choice:
        entry = next((entry for entry in source.entries if entry.key == "default"), None)
        return inherited if entry is None else self._choice(entry.value, inherited)

    def countries(self, source: Hash, default: Choice) -> Iterator[tuple[str, Choice]]:
        for entry in source.entries:
            if entry.key == "default":
                continue
            codes = CONTINENTS.get(entry.key)
            if codes is None:
                self._notes.lost(entry.place, f"{quoted(entry.key)} is not a continent; left out")
            else:
                yield from self._continent(entry, codes, default)

    def _continent(self, entry: Entry, codes: tuple[str, ...], inherited: Choice) -> Iterator[tuple[str, Choice]]:
        if not isinstance(entry.value, Hash):
            whole = self._choice(entry.value, inherited)
            yield from ((code, whole) for code in codes)
            return
        base = self.default(entry.value, inherited)
        own = {inner.key: inner for inner in entry.value.entries if inner.key != "default"}
        for key, inner in own.items():
            if key not in codes:
                self._notes.lost(inner.place, f"{quoted(key)} is not a country of {entry.key}; left out")
        for code in codes:
            yield code, self._country(own[code], base) if code in own else base

    def _country(self, entry: Entry, inherited: Choice) -> Choice:
        if not isinstance(entry.value, Hash):
            return self._choice(entry.value, inherited)
        found = self.default(entry.value, inherited)
        for inner in entry.value.entries:
            if inner.key != "default":
                message = (
                    f"{quoted(inner.key)} is a part of {entry.key}; countries are not divided here, it gets what {entry.key} gets"
                )
                self._notes.lost(inner.place, message)
        return found

    def _choice(self, value: Value, inherited: Choice) -> Choice:
        if isinstance(value, Scalar) and value.text == "auto":
            if not self._auto:
                self._notes.lost(value.place, "auto needs auto_dc_coords; left out")
                return inherited
            return AUTO
        found = _listed(value, self._datacenters, self._notes)
        empty = found == () and not (isinstance(value, Array) and not value.items)
        return inherited if found is None or empty else found


class _Blocks:
    """Networks, in which a finer one takes its place out of the wider one around it."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._chosen: dict[Network, tuple[tuple[str, ...], Place]] = {}

    def add(self, entry: Entry, chosen: tuple[str, ...]) -> None:
        try:
            network = _network(entry.key)
        except ValueError:
            self._notes.lost(entry.place, f"{quoted(entry.key)} is not a network; left out")
            return
        unit = steering_unit(network)
        if any(special.version == unit.version and special.supernet_of(unit) for special in _SPECIAL):  # type: ignore[arg-type]
            message = f"{network} is private: clients in it that a resolver tells of are placed by that resolver"
            self._notes.changed(entry.place, message)
        before = self._chosen.get(unit)
        if before is not None and before[0] != chosen:
            self._notes.lost(
                entry.place, f"{network} lies in {unit}, which is steered as one, and has other datacenters already; left out"
            )
            return
        if unit != network:
            self._notes.changed(entry.place, f"{network} stands for {unit}, the finest that is steered")
        self._chosen[unit] = chosen, entry.place

    def disjoint(self) -> tuple[tuple[Network, tuple[str, ...]], ...]:
        four = {one: chosen for one, (chosen, _) in self._chosen.items() if isinstance(one, IPv4Network)}
        six = {one: chosen for one, (chosen, _) in self._chosen.items() if isinstance(one, IPv6Network)}
        return (*_carved(four), *_carved(six))


def _network(text: str) -> Network:
    found = ipaddress.ip_network(text, strict=False)
    if isinstance(found, IPv6Network) and found.subnet_of(_V4COMPAT) and found.prefixlen >= 96:
        return IPv4Network((int(found.network_address) & 0xFFFFFFFF, found.prefixlen - 96))
    return found


def _carved(chosen: Mapping[N, tuple[str, ...]]) -> Iterator[tuple[N, tuple[str, ...]]]:
    """What is left of each network without the finer ones in it."""
    ordered = sorted(chosen, key=lambda one: (int(one.network_address), one.prefixlen))
    for index, network in enumerate(ordered):
        left = int(network.network_address)
        end = int(network.broadcast_address)
        for inner in ordered[index + 1 :]:
            start = int(inner.network_address)
            if start > end:
                break
            if start < left:
                continue  # within one that was taken out already
            yield from ((block, chosen[network]) for block in _blocks(network, left, start - 1))
            left = int(inner.broadcast_address) + 1
        yield from ((block, chosen[network]) for block in _blocks(network, left, end))


def _blocks(like: N, first: int, last: int) -> Iterator[N]:
    if first > last:
        return
    address = type(like.network_address)
    yield from ipaddress.summarize_address_range(address(first), address(last))
