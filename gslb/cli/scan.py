"""`gslb scan SITE`: what a site has of each release set, file by file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gslb.cli.options import ADMIN, Admin, Json, SiteId
from gslb.cli.output import cleaned, show, show_json

if TYPE_CHECKING:
    from rich.console import RenderableType

Document = Mapping[str, Any]

_STYLES = {"good": "green", "absent": "yellow", "unknown": "yellow", "wrong": "bold red"}


def scan(
    site: SiteId,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", metavar="FILE", help="Scan from here; no node is asked.", show_default=False)
    ] = None,
    admin: Admin = ADMIN,
    within: Annotated[str, typer.Option(metavar="DURATION", help="How long to wait for the node.")] = "10m",
    as_json: Json = False,
) -> None:
    """Look at every file of the release sets of a site, now.

    A running node does it, and goes by what it finds. With --config FILE it is done from here, and no node is needed or told.
    Each set is scanned at each address, as the clients of each door ask for it. Exit code 1 if one is not as it should be.
    """
    from gslb.cli.scanned import by_node, from_here

    places = by_node(admin, site, within) if config is None else from_here(config, site)
    if as_json:
        show_json({"site": site, "places": places})
    else:
        show(*_told(site, cleaned(places)))
    if any(place["look"] != "good" for place in places):
        raise typer.Exit(1)


def _told(site: str, places: Sequence[Document]) -> Iterator[RenderableType]:
    from rich.text import Text

    from gslb.cli.render import table

    if not places:
        yield f"no release set that {site} carries has a manifest or sentinels: there is nothing to scan"
        return
    numbers = ("files", "seen", "missing", "wrong")
    made = table("set", "door", "address", "state", "generation", *numbers, "reason", right=numbers)
    names = _naming(places)
    for place in places:
        state = Text(place["look"], _STYLES[place["look"]])
        counts = ("–" if place[name] is None else str(place[name]) for name in numbers)
        generation = place["generation"][:12] or "–"
        made.add_row(names(place), place["door"], place["address"], state, generation, *counts, place["reason"])
    yield made
    yield from (Text(line) for line in _faults(places))


def _naming(places: Sequence[Document]) -> Callable[[Document], str]:
    """Two services may have sets of one name, or the very same."""
    several = len({place["service"] for place in places}) > 1
    return lambda place: f"{place['set']} of {place['service']}" if several else str(place["set"])


def _faults(places: Sequence[Document]) -> Iterator[str]:
    """Each once, though doors and addresses share it; and how to see the first again."""
    names = _naming(places)
    lines = dict.fromkeys(f"  {names(place)}: {fault['reason']}" for place in places for fault in place["faults"])
    yield from lines
    again = dict.fromkeys(place["curl"] for place in places if place["look"] != "good" and place["curl"])
    yield from (f"  {line}" for line in list(again)[:3])
