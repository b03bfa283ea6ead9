"""`content` of services: release sets that can be told apart, and that a mirror can be found to hold."""

from __future__ import annotations

from urllib.parse import unquote

from gslb.config.draft import Draft
from gslb.config.faults import Faults, quoted
from gslb.config.schema import Table, plain
from gslb.config.sections import content, service


def check(draft: Draft, faults: Faults) -> None:
    for table in draft.services:
        sets = plain(table.value(service.CONTENT))
        _names(sets, faults)
        _prefixes(sets, faults)
        for item in sets:
            _lock(item, faults)


def _names(sets: tuple[Table, ...], faults: Faults) -> None:
    names: dict[str, str] = {}
    for item in sets:
        name, node = item.value(content.NAME), item.at(content.NAME)
        if name is not None and names.setdefault(name, item.node.path) != item.node.path:
            faults.add(node.line, node.path, f"{quoted(name)} is already the name of {names[name]}")


def _prefixes(sets: tuple[Table, ...], faults: Faults) -> None:
    """One may lie in another, however it is encoded; the same twice would leave it open whose a file is."""
    prefixes: dict[str, str] = {}
    for item in sets:
        prefix, node = item.value(content.PREFIX), item.at(content.PREFIX)
        if prefix is None:
            continue
        decoded = unquote(prefix, errors="replace")
        if not prefix.endswith("/"):
            faults.add(node.line, node.path, f"{quoted(prefix)} does not end with a slash; write {quoted(prefix + '/')}")
        if not {".", ".."}.isdisjoint(decoded.split("/")):
            faults.add(node.line, node.path, f'{quoted(prefix)} has "." or "..", which programs take out; write where it leads')
        if prefixes.setdefault(decoded, item.node.path) != item.node.path:
            faults.add(node.line, node.path, f"{quoted(prefix)} is already the prefix of {prefixes[decoded]}")


def _lock(item: Table, faults: Faults) -> None:
    lock, node = item.value(content.LOCK), item.at(content.LOCK)
    if lock is None:
        return
    listed = [one.value for one in item.value(content.SENTINELS) or ()]
    if lock == item.value(content.MANIFEST) or lock in listed:
        message = f"{quoted(lock)} is there on every good mirror, so the set would be taken from none; name another file"
        faults.add(node.line, node.path, message)
