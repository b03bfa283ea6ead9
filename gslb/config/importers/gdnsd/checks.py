"""service_types: how gdnsd monitors (gdnsd.config(5), gdnsd-plugin-{http_status,tcp_connect,extmon,extfile,null,static}(8))."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gslb.config import values
from gslb.config.faults import quoted
from gslb.config.importers.document import flow
from gslb.config.importers.gdnsd.section import Section
from gslb.config.importers.gdnsd.vscf import Hash
from gslb.config.importers.notes import Notes, Place

EXTFILES = "/var/lib/gdnsd/extfile/"
_TRUE, _FALSE = ["/bin/true"], ["/bin/false"]
# What gdnsd calls it, what we do, and the highest that we take.
_COUNTS = (("up_thresh", "rise", 100), ("down_thresh", "fall", 100))
_MOST_S = 255
_ITEM, _ADDRESS = "%%ITEM%%", '"$GSLB_ADDRESS"'


@dataclass(frozen=True, slots=True)
class Monitor:
    """`check` is ours, `timing` what is written of interval, timeout, rise and fall."""

    name: str
    check: Mapping[str, Any]
    timing: Mapping[str, int]
    place: Place


class Monitors:
    """`timing` is that of all monitors that are used: with us it is the node's."""

    def __init__(self, source: Hash | None, notes: Notes) -> None:
        self._notes = notes
        self._sources = {entry.key: entry for entry in source.entries} if source else {}
        self._read: dict[str, Monitor] = {}
        self._used: set[str] = set()

    def check(self, names: tuple[str, ...], place: Place) -> Mapping[str, Any]:
        """The check of a service that is monitored by all of `names`."""
        wanted = [name for name in dict.fromkeys(names) if name not in ("up", "default")]
        self._used.update(wanted)
        known = [name for name in wanted if name == "down" or name in self._sources]
        for name in wanted:
            if name not in known:
                self._notes.lost(place, f"the service type {quoted(name)} is not defined; left out")
        if not known:
            return {"type": "exec", "command": flow(_TRUE)}
        for name in known[1:]:
            self._notes.lost(place, f"a service has one check: {known[0]} is taken, and {name} left out")
        return {"type": "exec", "command": flow(_FALSE)} if known[0] == "down" else self._monitor(known[0]).check

    def timing(self) -> dict[str, int]:
        """What the monitors that are used say; where they differ, the lowest."""
        found: dict[str, int] = {}
        for monitor in self._read.values():
            for key, value in monitor.timing.items():
                found[key] = min(value, found.get(key, value))
        for monitor in self._read.values():
            for key, value in monitor.timing.items():
                if value != found[key]:
                    message = f"{key} {value} of {monitor.name}: all checks of a node share it, and {found[key]} is taken"
                    self._notes.lost(monitor.place, message)
        return found

    def tell_unused(self) -> None:
        for name, entry in self._sources.items():
            if name not in self._used:
                self._notes.changed(entry.place, f"nothing is monitored by the service type {name}; left out")

    def _monitor(self, name: str) -> Monitor:
        if name not in self._read:
            entry = self._sources[name]
            source = entry.value if isinstance(entry.value, Hash) else Hash((), entry.place)
            section = Section(source, self._notes)
            timing = self._timing(section, name)
            check = self._of(section.text("plugin") or "", section, name)
            section.tell_rest(f"the service type {name}")
            self._read[name] = Monitor(name, check, timing, entry.place)
        return self._read[name]

    def _timing(self, section: Section, name: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for key in ("interval", "timeout"):
            seconds = section.number(key, 1, _MOST_S)
            if seconds is not None:
                found[key] = seconds
        for key, ours, most in _COUNTS:
            count = section.number(key, 1, 65535)
            if count is not None:
                found[ours] = min(count, most)
            if count is not None and count > most:
                self._notes.lost(section.at(key), f"{key} {count} of {name} is above {most}, which is taken")
        if section.text("ok_thresh") is not None:
            message = f"ok_thresh of {name} has no counterpart: failures in a row count, and 5 of the last 10"
            self._notes.lost(section.at("ok_thresh"), message)
        return found

    def _of(self, plugin: str, section: Section, name: str) -> Mapping[str, Any]:
        match plugin:
            case "http_status":
                return self._http(section)
            case "tcp_connect":
                port = section.number("port", 1, 65535)
                return {"type": "tcp"} if port is None else {"type": "tcp", "port": port}
            case "extmon":
                return self._command(section, name)
            case "extfile":
                return self._file(section, name)
            case "static":
                section.value("ttl")
                return _exec(_FALSE if (section.text("state") or "UP").upper() == "DOWN" else _TRUE)
            case "null":
                return _exec(_FALSE)
        self._notes.lost(section.at("plugin"), f"the plug-in {quoted(plugin)} of {name} has no counterpart; it counts as up")
        return _exec(_TRUE)

    def _http(self, section: Section) -> Mapping[str, Any]:
        check: dict[str, Any] = {"type": "http", "path": self._path(section)}
        port, vhost = section.number("port", 1, 65535), section.text("vhost")
        check["port"] = 80 if port is None else port
        if vhost is None:
            self._notes.changed(section.place, "without vhost gdnsd sends no Host; the name of the service is sent")
        else:
            try:
                check["host"] = values.host(vhost)
            except ValueError as error:
                self._notes.lost(section.at("vhost"), f"vhost: {error}; the name of the service is sent")
        codes = [int(code) for code in section.texts("ok_codes") if code.isascii() and code.isdigit()]
        check["status"] = flow(codes or [200])
        return check

    def _path(self, section: Section) -> str:
        written = section.text("url_path") or "/"
        path = quote(written if written.startswith("/") else f"/{written}", safe="/%:?&=+,;@!$'()*~[]")
        if path != written:
            self._notes.changed(section.at("url_path"), f"url_path is written as {path}")
        return path

    def _command(self, section: Section, name: str) -> Mapping[str, Any]:
        words = section.texts("cmd")
        section.value("max_proc")
        if section.truth("direct"):
            self._notes.lost(section.at("direct"), f"direct of {name} has no counterpart: rise and fall count for every check")
        if not words:
            self._notes.lost(section.place, f"{name} has no cmd; it counts as up")
            return _exec(_TRUE)
        if not any(_ITEM in word for word in words):
            return _exec(list(words))
        # The address is in the environment, so a shell puts it into the words.
        line = " ".join(_ADDRESS.join(shlex.quote(part) if part else "" for part in word.split(_ITEM)) or "''" for word in words)
        return _exec(["/bin/sh", "-c", f"exec {line}"])

    def _file(self, section: Section, name: str) -> Mapping[str, Any]:
        file = section.text("file")
        section.value("def_ttl")
        down = section.truth("def_down")
        if section.truth("direct"):
            self._notes.lost(section.at("direct"), f"direct of {name} has no counterpart: rise and fall count for every check")
        if file is None:
            self._notes.lost(section.place, f"{name} has no file; it counts as up")
            return _exec(_TRUE)
        path = shlex.quote(os.path.join(EXTFILES, file))
        address = r'$(printf %s "$GSLB_ADDRESS" | sed "s/[.]/[.]/g")'
        state, negated = ("UP", "") if down else ("DOWN", "! ")
        pattern = rf"^[[:space:]]*\"?{address}\"?[[:space:]]*=>?[[:space:]]*\"?{state}"
        return _exec(["/bin/sh", "-c", f'{negated}grep -Eqi "{pattern}" {path}'])


def _exec(command: list[str]) -> Mapping[str, Any]:
    return {"type": "exec", "command": flow(command)}
