"""`gslb scan SITE`: what a site has of each release set, file by file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gslb.cli.options import Json, SiteId
from gslb.cli.output import cleaned, show, show_json
from gslb.errors import UsageError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gslb.model import Configuration
    from probes.content.model import ContentResult

Document = Mapping[str, Any]

_STYLES = {"good": "green", "absent": "yellow", "unknown": "yellow", "wrong": "bold red"}


def scan(
    site: SiteId,
    config: Annotated[
        Path, typer.Option("--config", "-c", metavar="FILE", help="The configuration that names SITE.", show_default=False)
    ],
    as_json: Json = False,
) -> None:
    """Look at every file of the release sets of a site, now, from here: no node is needed, and none is told.

    Each set is scanned at each address, as the clients of each door ask for it. Exit code 1 if one is not as it should be.
    """
    import asyncio

    from gslb import config as configuration
    from gslb.runtime.looking import scan_site

    loaded = configuration.load(config)
    _known(loaded, site)
    places = [_place(result) for result in asyncio.run(scan_site(loaded, site))]
    if as_json:
        show_json({"site": site, "places": places})
    else:
        show(*_told(site, cleaned(places)))
    if any(place["look"] != "good" for place in places):
        raise typer.Exit(1)


def _known(configuration: Configuration, site: str) -> None:
    if all(site != each.id for each in configuration.sites):
        raise UsageError(
            f"{configuration.file} has no site {site!r}; it has {', '.join(each.id for each in configuration.sites)}"
        )


def _place(result: ContentResult) -> dict[str, Any]:
    from gslb.state.content import ContentKey

    key = ContentKey.parse(result.key)
    return {
        "service": key.service,
        "set": key.content,
        "door": key.door.value,
        "address": str(key.address),
        "look": result.look.value,
        "reason": result.reason,
        "generation": result.generation,
        "modified": result.modified_utc.isoformat() if result.modified_utc is not None else None,
        "files": len(result.files) if result.files is not None else None,
        "seen": result.checked - result.lacking,
        "read_whole": result.hashed,
        "missing": result.lacking,
        "wrong": result.wrong,
        "faults": [{"path": fault.path, "look": fault.look.value, "reason": fault.reason} for fault in result.faults],
        "octets": result.octets,
        "curl": result.exchange.command,
    }


def _told(site: str, places: Sequence[Document]) -> Iterator[RenderableType]:
    from rich.text import Text

    from gslb.cli.render import table

    if not places:
        yield f"no release set that {site} carries has a manifest or sentinels: there is nothing to scan"
        return
    numbers = ("files", "seen", "missing", "wrong")
    made = table("set", "door", "address", "state", "generation", *numbers, "reason", right=numbers)
    for place in places:
        state = Text(place["look"], _STYLES[place["look"]])
        counts = ("–" if place[name] is None else str(place[name]) for name in numbers)
        generation = place["generation"][:12] or "–"
        made.add_row(place["set"], place["door"], place["address"], state, generation, *counts, place["reason"])
    yield made
    yield from (Text(line) for line in _faults(places))


def _faults(places: Sequence[Document]) -> Iterator[str]:
    """Each once, though doors and addresses share it; and how to see the first again."""
    lines = dict.fromkeys(f"  {place['set']}: {fault['reason']}" for place in places for fault in place["faults"])
    yield from lines
    again = dict.fromkeys(place["curl"] for place in places if place["look"] != "good" and place["curl"])
    yield from (f"  {line}" for line in list(again)[:3])
