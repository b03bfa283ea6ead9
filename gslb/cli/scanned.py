"""How scans come out, from here or by a node, in one form."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gslb import config
from gslb.client import Client
from gslb.config.values import duration_s
from gslb.errors import NodeError, UsageError
from gslb.runtime.looking import scan_site
from gslb.state.content import ContentKey
from probes.content.model import ContentResult

Document = dict[str, Any]
Ends = dict[tuple[str, ...], str | None]

_ASK_EVERY_S = 0.5


def from_here(file: Path, site: str) -> list[Document]:
    configuration = config.load(file)
    if all(site != each.id for each in configuration.sites):
        raise UsageError(f"{file} has no site {site!r}; it has {', '.join(each.id for each in configuration.sites)}")
    return [_of_result(result) for result in asyncio.run(scan_site(configuration, site))]


def _of_result(result: ContentResult) -> Document:
    key = ContentKey.parse(result.key)
    return {
        "service": key.service,
        "set": key.content,
        "door": key.door.value,
        "address": str(key.address),
        "look": result.look.value,
        "reason": result.reason,
        "generation": result.generation,
        "files": len(result.files) if result.files is not None else None,
        "seen": result.checked - result.lacking,
        "read_whole": result.hashed,
        "missing": result.lacking,
        "wrong": result.wrong,
        "faults": [{"path": fault.path, "look": fault.look.value, "reason": fault.reason} for fault in result.faults],
        "curl": result.exchange.command,
    }


def by_node(admin: str, site: str, within: str) -> list[Document]:
    """Have a node scan a site, and wait until each scan has come to its end. NodeError when it has not in time."""
    try:
        within_s = duration_s(within)
    except ValueError as error:
        raise UsageError(f"--within: {error}") from None
    with Client(admin) as node:
        before = _ended(node.site(site))
        begun = node.scan(site)
        if begun["held"]:
            raise NodeError(f"{site} has asked the node to wait (Retry-After); {begun['held']} of its sets are not scanned now")
        told = _awaited(node, site, before, time.monotonic() + within_s)
        if told is None:
            raise NodeError(f"the node has not come to the end of its scans within {within}; they go on")
        files = {generation["name"]: generation["files"] for each in node.content() for generation in each["generations"]}
        return [_of_place(place, files) for place in told["content"]]


def _awaited(node: Client, site: str, before: Ends, until_s: float) -> Mapping[str, Any] | None:
    """What the node tells once each place has been scanned again."""
    while True:
        told = node.site(site)
        if all(at is not None and at != before.get(place) for place, at in _ended(told).items()):
            return told
        if time.monotonic() > until_s:
            return None
        time.sleep(_ASK_EVERY_S)


def _ended(told: Mapping[str, Any]) -> Ends:
    """When the last scan of each place ended."""
    names = ("service", "content", "door", "address")
    return {tuple(place[name] for name in names): place["scan"] and place["scan"]["at"] for place in told.get("content", ())}


def _of_place(place: Mapping[str, Any], files: Mapping[str, int | None]) -> Document:
    scan = place["scan"]
    return {
        "service": place["service"],
        "set": place["content"],
        "door": place["door"],
        "address": place["address"],
        "look": scan["look"],
        "reason": scan["reason"],
        "generation": place["generation"],
        "files": files.get(place["generation"]),
        "seen": scan["checked"] - scan["lacking"],
        "read_whole": scan["hashed"],
        "missing": scan["lacking"],
        "wrong": scan["wrong"],
        "faults": scan["faults"],
        "curl": scan["curl"],
    }
