"""The whole: from a directory to one configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from gslb.config import values
from gslb.config.importers.document import accepted, dumped, flow, zones_document, zones_of
from gslb.config.importers.gdnsd.checks import Monitors
from gslb.config.importers.gdnsd.fleet import Fleet
from gslb.config.importers.gdnsd.options import Options
from gslb.config.importers.gdnsd.plugins import Plugins
from gslb.config.importers.gdnsd.pools import Fixed, Plan
from gslb.config.importers.gdnsd.steering import Steered, service, steered
from gslb.config.importers.gdnsd.vscf import Hash, Misread, Vscf
from gslb.config.importers.gdnsd.zones import Dynamic, Limits, ZoneFile, zone_files
from gslb.config.importers.masterfile import Found
from gslb.config.importers.notes import Imported, Notes, Place
from gslb.config.importers.zonepiece import ZonePiece, piece_of
from gslb.config.tree import Unreadable
from gslb.errors import UsageError

_HEADING = """\
Imported from {folder} by `gslb import gdnsd`. Look at what it told, then at:
- node: its name, and state_dir;
- sites: a pool of gdnsd is a region, each of its addresses a site. Where gdnsd had no coordinates, set location;
  url counts once a service is steered over HTTP as well (via)."""
_PIECE = "Imported from {folder} by `gslb import gdnsd`. No name in its zones is steered: put this in the place of `zones`."


def import_gdnsd(folder: str) -> Imported:
    """Raises UsageError where `folder` has no configuration that can be read."""
    notes = Notes()
    path = os.path.join(folder, "config")
    try:
        source = Vscf().file(path) if os.path.exists(path) or not os.path.isdir(folder) else Hash((), Place(path, 1))
    except Misread as error:
        raise UsageError(str(error)) from None
    if not isinstance(source, Hash):
        raise UsageError(f"{path}:1: is an array, and no configuration")
    return _Importer(folder, path, source, notes).imported()


class _Importer:
    def __init__(self, folder: str, path: str, source: Hash, notes: Notes) -> None:
        self._folder, self._notes = folder, notes
        top: dict[str, Hash] = {}
        for entry in source.entries:
            if entry.key not in ("options", "service_types", "plugins"):
                notes.lost(entry.place, f"{entry.key} is not a key of a configuration; left out")
            elif isinstance(entry.value, Hash):
                top[entry.key] = entry.value
        self._options = Options(top.get("options"), notes, Place(path, 1))
        self._limits: Limits = self._options.limits()
        self._monitors = Monitors(top.get("service_types"), notes)
        self._geoip = os.path.join(folder, "geoip")
        self._plugins = Plugins(top.get("plugins"), self._geoip, notes)
        self._fleet = Fleet()
        self._steered: list[Steered] = []

    def imported(self) -> Imported:
        challenge_ttl_s = self._options.challenge_ttl_s()
        zones = zone_files(os.path.join(self._folder, "zones"), self._notes)
        pieces = [self._zone(zone, path, challenge_ttl_s) for zone, path in zones]
        services = [service(one, self._fleet, self._monitors, self._notes) for one in self._steered]
        whole = self._document(services)
        self._plugins.tell_unused()
        self._monitors.tell_unused()
        self._options.tell_rest()
        folder = os.path.basename(os.path.normpath(self._folder))
        if not services:
            text = accepted(pieces, lambda: zones_document(pieces, _PIECE.format(folder=folder)), self._notes, alone=True)
            return Imported(text, tuple(self._notes))

        def write() -> str:
            return dumped({**whole, "zones": zones_of(pieces), **self._last(services)}, _HEADING.format(folder=folder))

        return Imported(accepted(pieces, write, self._notes, alone=False), tuple(self._notes))

    def _zone(self, zone: dns.name.Name, path: str, challenge_ttl_s: int) -> ZonePiece:
        reader = ZoneFile(zone, self._notes, self._limits, challenge_ttl_s)
        try:
            reader.read(path)
        except Unreadable as fault:
            self._notes.lost(Place(path, fault.line), f"{fault.message}; the zone is left out")
        for dynamic in reader.dynamic:
            self._dynamic(dynamic, reader.found)
        default_s = self._limits.default_s
        piece = piece_of(zone, reader.found, self._notes, Place(path, 1), keep_soa=False, default_ttl_s=default_s)
        if piece.negative_ttl_s is not None:
            piece.negative_ttl_s = max(min(piece.negative_ttl_s, self._limits.negative_s), self._limits.lowest_s)
        return piece

    def _dynamic(self, dynamic: Dynamic, found: list[Found]) -> None:
        outcome = self._plugins.find(dynamic.reference, dynamic.place)
        if isinstance(outcome, Fixed):
            found += _records(dynamic, outcome)
        elif isinstance(outcome, Plan):
            self._steer(dynamic, outcome)

    def _steer(self, dynamic: Dynamic, plan: Plan) -> None:
        try:
            host = values.host(dynamic.owner.to_text(omit_final_dot=True))
        except ValueError as error:
            self._notes.lost(dynamic.place, f"{error}; the name is left out")
            return
        if host in {one.host for one in self._steered}:
            self._notes.lost(dynamic.place, f"{host} is steered already; left out")
            return
        if plan.map is not None and plan.map.ignores_ecs:
            message = f"ignore_ecs of the map {plan.map.name} has no counterpart: client subnets are used for {host}"
            self._notes.lost(dynamic.place, message)
        self._steered.append(steered(host, dynamic, plan, self._fleet))

    def _document(self, services: list[CommentedMap]) -> Mapping[str, Any]:
        made: dict[str, Any] = {"node": self._options.node(), "listen": CommentedMap(self._options.listen())}
        databases = self._databases()
        if databases:
            made["geo"] = CommentedMap({"databases": flow(databases)})
        bounds = self._options.bounds()
        return made | ({"limits": CommentedMap(bounds)} if bounds else {}) if services else {}

    def _last(self, services: list[CommentedMap]) -> Mapping[str, Any]:
        timing = self._timing()
        made: dict[str, Any] = {"sites": CommentedSeq(self._fleet.sites()), "services": CommentedSeq(services)}
        return made | ({"probes": CommentedMap(timing)} if timing else {})

    def _timing(self) -> dict[str, Any]:
        timing = self._monitors.timing()
        interval_s = timing.get("interval", 10)
        timeout_s = timing.get("timeout", interval_s / 2 if "interval" in timing else None)
        if timeout_s is not None and timeout_s >= interval_s:
            timeout_s = interval_s / 2
        made: dict[str, Any] = {}
        if "interval" in timing:
            made["interval"] = f"{interval_s}s"
        if timeout_s is not None:
            made["timeout"] = values.written(float(timeout_s))
        return made | {key: timing[key] for key in ("rise", "fall") if key in timing}

    def _databases(self) -> list[str]:
        """Those of the maps that are there; none: the bundled one."""
        found = []
        for chart in self._plugins.maps.values():
            if chart.database is None:
                continue
            path = os.path.abspath(os.path.join(self._geoip, chart.database))
            if os.path.isfile(path):
                found.append(path)
            else:
                message = f"{chart.database} of the map {chart.name} is not in geoip/; the bundled database is used"
                self._notes.changed(chart.place, message)
        return list(dict.fromkeys(found))


def _records(dynamic: Dynamic, fixed: Fixed) -> list[Found]:
    """What never changes is static data."""
    if fixed.alias is not None:
        kinds = [("CNAME", fixed.alias)]
    else:
        kinds = [("AAAA" if ":" in address else "A", address) for address in fixed.addresses]
    return [
        Found(dynamic.owner, dynamic.ttl_max_s, dns.rdata.from_text(dns.rdataclass.IN, kind, text), dynamic.place)
        for kind, text in kinds
    ]
