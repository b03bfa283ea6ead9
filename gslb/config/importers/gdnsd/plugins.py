"""What dynamic names refer to: `plugin!resource`, and `plugin!resource/datacenter`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gslb.config import values
from gslb.config.faults import quoted
from gslb.config.importers.gdnsd import addresses
from gslb.config.importers.gdnsd.maps import GeoMap, MapReader
from gslb.config.importers.gdnsd.pools import Fixed, Outcome, Plan, Pool
from gslb.config.importers.gdnsd.section import Section
from gslb.config.importers.gdnsd.vscf import Entry, Hash, Scalar, Value
from gslb.config.importers.notes import Notes, Place

DEEPEST_REFERENCE = 8
_POOLED: Final[Mapping[str, Callable[[str, Value, Notes, Mapping[str, Entry]], Plan | None]]] = {
    "multifo": addresses.multifo,
    "simplefo": addresses.simplefo,
    "weighted": addresses.weighted,
}
_INHERITED = ("service_types", "up_thresh", "ignore_health", "multi")
_META = ("metafo", "geoip")
_META_KEYS = ("resources", "maps", "undefined_datacenters_ok", "plugin", "skip_first")


class Plugins:
    """`find` gives what a name refers to; None, and told, where nothing of ours can be made of it."""

    def __init__(self, source: Hash | None, folder: str, notes: Notes) -> None:
        self._notes = notes
        self._plugins = {entry.key: entry for entry in source.entries} if source else {}
        self._known: dict[tuple[str, str], Outcome | None] = {}
        self._used: set[tuple[str, str]] = set()
        self.maps: dict[str, GeoMap] = {}
        geoip = self._section("geoip")
        maps = geoip.hash("maps") if geoip else None
        reader = MapReader(folder, notes)
        for entry in maps.entries if maps else ():
            if isinstance(entry.value, Hash):
                made = reader.read(entry.key, entry.value)
                if made is not None:
                    self.maps[entry.key] = made

    def find(self, reference: str, place: Place, depth: int = 0) -> Outcome | None:
        plugin, _, resource = reference.partition("!")
        name, _, datacenter = resource.partition("/") if plugin in _META else (resource, "", "")
        self._used.add((plugin, name))
        if (plugin, name) not in self._known:
            self._known[plugin, name] = None  # what leads back here finds nothing
            self._known[plugin, name] = self._read(plugin, name, place, depth)
        found = self._known[plugin, name]
        if datacenter and isinstance(found, Plan):
            if datacenter in found.groups:
                return found.only(datacenter)
            self._notes.lost(place, f"{name} has no datacenter {datacenter} that can be answered from; left out")
            return None
        return found

    def tell_unused(self) -> None:
        """Resources that no name refers to, and plug-ins that are not known."""
        for plugin, entry in self._plugins.items():
            resources = self._resources(plugin)
            if resources is None and plugin not in ("null", "reflect", "extmon", "extfile"):
                self._notes.lost(entry.place, f"the plug-in {plugin} has no counterpart; left out")
            for inner in resources or ():
                if (plugin, inner.key) not in self._used:
                    self._notes.changed(inner.place, f"no name refers to {plugin}!{inner.key}; left out")

    def _section(self, plugin: str) -> Section | None:
        entry = self._plugins.get(plugin)
        return Section(entry.value, self._notes) if entry is not None and isinstance(entry.value, Hash) else None

    def _resources(self, plugin: str) -> tuple[Entry, ...] | None:
        section = self._section(plugin)
        if section is None:
            return None
        if plugin in _META:
            resources = section.hash("resources")
            return resources.entries if resources else ()
        if plugin in _POOLED or plugin == "static":
            section.heritage(*_INHERITED)
            return tuple(section.rest())
        return None

    def _read(self, plugin: str, name: str, place: Place, depth: int) -> Outcome | None:
        if plugin == "null":
            return Fixed(("0.0.0.0", "::"))
        if depth > DEEPEST_REFERENCE:
            self._notes.lost(place, f"{plugin}!{name} is referred to through {depth} others; left out")
            return None
        entry = next((one for one in self._resources(plugin) or () if one.key == name), None)
        if entry is None:
            said = "has no counterpart" if plugin == "reflect" else "is not defined"
            self._notes.lost(place, f"{plugin}!{name} {said}; left out" if name else f"{plugin} {said}; left out")
            return None
        section = self._section(plugin)
        if plugin == "static":
            return self._fixed(entry)
        if plugin in _POOLED:
            return _POOLED[plugin](name, entry.value, self._notes, section.heritage(*_INHERITED) if section else {})
        if not isinstance(entry.value, Hash) or section is None:
            self._notes.lost(entry.place, f"{name} is not a hash; left out")
            return None
        section.heritage(*_META_KEYS)
        above = {one.key: one for one in section.rest()} | section.heritage("plugin", "undefined_datacenters_ok")
        return self._meta(plugin, name, Section(entry.value, self._notes, above), depth)

    def _fixed(self, entry: Entry) -> Outcome | None:
        text = entry.value.text if isinstance(entry.value, Scalar) else ""
        try:
            return Fixed((str(values.ip_address(text)),))
        except ValueError:
            if text.endswith("."):
                return Fixed(alias=text)
        self._notes.lost(entry.place, f"{entry.key} is neither an address nor a name with its final dot; left out")
        return None

    def _meta(self, plugin: str, name: str, section: Section, depth: int) -> Plan | None:
        """metafo: datacenters in their order. geoip: in the order that the map has for the client."""
        chart = self._map(section, name) if plugin == "geoip" else None
        order = chart.datacenters if chart else section.texts("datacenters")
        dcmap = section.hash("dcmap")
        skip_first = section.truth("skip_first")
        section.value("undefined_datacenters_ok")
        if (plugin == "geoip" and chart is None) or dcmap is None:
            self._notes.lost(section.place, f"{plugin}!{name} has no {'map' if dcmap else 'dcmap'} that can be used; left out")
            return None
        given = {entry.key: entry for entry in dcmap.entries}
        for key in given.keys() - set(order):
            self._notes.lost(given[key].place, f"{key} is not among the datacenters of {name}; left out")
        heritage = section.heritage(*_INHERITED, "plugin")
        found = [(key, self._datacenter(f"{name}/{key}", given[key], heritage, depth)) for key in order if key in given]
        section.tell_rest(f"{plugin}!{name}")
        plans = [(key, plan) for key, plan in found if plan is not None]
        if not plans:
            self._notes.lost(section.place, f"{plugin}!{name} has no datacenter with addresses; left out")
            return None
        if plugin == "metafo" and plans[0][1].map is not None:
            return plans[0][1].followed_by(tuple(pool for _, plan in plans[1:] for pool in self._in_order(plan)))
        groups = {key: self._in_order(plan) for key, plan in plans}
        return Plan(groups, tuple(groups), chart, skip_first)

    def _map(self, section: Section, name: str) -> GeoMap | None:
        wanted = section.text("map") or ""
        if wanted not in self.maps:
            self._notes.lost(section.at("map"), f"{name} uses the map {quoted(wanted)}, which is not there; left out")
            return None
        return self.maps[wanted]

    def _in_order(self, plan: Plan) -> tuple[Pool, ...]:
        if plan.map is not None:
            place = plan.pools()[0].place
            self._notes.lost(
                place, "a map within another, or behind another datacenter, loses its order; that of its datacenters is taken"
            )
        pools = [plan.groups[key] for key in plan.order]
        kept = pools[1:] if plan.skip_first and len(pools) > 1 else pools
        return (*(pool for group in kept for pool in group), *plan.after)

    def _datacenter(self, name: str, entry: Entry, above: Mapping[str, Entry], depth: int) -> Plan | None:
        """An address, several, a hash for another plug-in, or a reference to a resource of one."""
        value = entry.value
        default = above["plugin"].value if "plugin" in above else None
        plugin = default.text if isinstance(default, Scalar) else "multifo"
        if isinstance(value, Scalar) and "!" in value.text:
            own, _, resource = value.text.removeprefix("%").partition("!")
            found = self.find(f"{own or plugin}!{resource}", entry.place, depth + 1)
            if isinstance(found, Fixed):
                return self._of_fixed(name, found, entry)
            return found
        inherited = {key: one for key, one in above.items() if key != "plugin"}
        if addresses.is_address(value):
            return addresses.multifo(name, value, self._notes, inherited)
        if not isinstance(value, Hash):
            self._notes.lost(entry.place, f"{name} answers an alias, and steered names answer addresses; left out")
            return None
        named = next((one.value for one in value.entries if one.key == "plugin"), None)
        plugin = named.text if isinstance(named, Scalar) else plugin
        rest = Hash(tuple(one for one in value.entries if one.key != "plugin"), value.place)
        if plugin in _POOLED:
            return _POOLED[plugin](name, rest, self._notes, inherited)
        if plugin in _META:
            return (
                self._meta(plugin, name, Section(rest, self._notes, inherited), depth + 1) if depth < DEEPEST_REFERENCE else None
            )
        self._notes.lost(entry.place, f"{name} is answered by the plug-in {plugin}, which has no counterpart; left out")
        return None

    def _of_fixed(self, name: str, found: Fixed, entry: Entry) -> Plan | None:
        if not found.addresses:
            self._notes.lost(entry.place, f"{name} answers an alias, and steered names answer addresses; left out")
            return None
        scalars = tuple(Entry(str(n), Scalar(one, entry.place), entry.place) for n, one in enumerate(found.addresses, 1))
        return addresses.multifo(name, Hash(scalars, entry.place), self._notes, {})
