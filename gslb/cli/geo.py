"""`gslb geo`: build the bundled database, list the blocks of another, and look addresses up."""

from __future__ import annotations

import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

import typer

from gslb.cli.explain import client_address
from gslb.cli.options import Json
from gslb.cli.output import show_json

app = typer.Typer(help="Where addresses are: look them up, or build the bundled database.", rich_markup_mode=None)


@app.command()
def build(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A City .mmdb, or a directory of them.", show_default=False)],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Where the small database goes.", show_default=False)],
) -> None:
    """Reduce a City database to countries and coordinates: /20 for IPv4, /32 for IPv6, a grid of one degree."""
    from gslb.geo.build import build as build_database

    build_database(source, out, lambda message: print(message, file=sys.stderr, flush=True))


@app.command()
def blocks(
    database: Annotated[Path, typer.Argument(metavar="DATABASE", help="A .mmdb file.", show_default=False)],
) -> None:
    """List where places begin in a database, in DATABASE.blocks: what a node would make by itself when it first sees the file."""
    from gslb.geo.blocks import SUFFIX
    from gslb.geo.shelf import write_list

    print(f"{database}{SUFFIX}: {len(write_list(str(database)))} blocks", file=sys.stderr)


@app.command()
def lookup(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Or a network.", show_default=False)],
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Its databases and overrides. Default: bundled.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell where an address is, and of how wide a block around it that is true."""
    from gslb import config as configuration
    from gslb.geo import GeoIndex
    from gslb.model import GeoSettings

    client = client_address(address)
    settings = GeoSettings() if config is None else configuration.load(config).geo
    place, prefix = GeoIndex.open(settings).lookup(client.version, int(client))
    network = str(ip_network((client, prefix), strict=False))
    location = None if place.location is None else list(place.location)
    found = {"address": str(client), "network": network, "country": place.country, "location": location, "asn": place.asn}
    if as_json:
        show_json(found)
    elif not place.known:
        print(f"{network}: not known")
    else:
        where = "" if place.location is None else f"{place.location.latitude:g} {place.location.longitude:g}"
        parts = (place.country, where, "" if place.asn is None else f"AS{place.asn}")
        print(f"{network}: {', '.join(part for part in parts if part)}")
