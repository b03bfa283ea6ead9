"""`gslb import`: configurations of other servers, written as ours."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gslb.config.importers import Imported

app = typer.Typer(
    help="Turn the configuration of another server into ours, as YAML.",
    epilog="What has no counterpart is a line on standard error, with its file and line. Exit codes: 0 all was taken, "
    "1 something was left out, 2 wrong usage, or a file that can't be read.",
    rich_markup_mode=None,
)
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where it goes. Default: standard output.")]


@app.command()
def bind(
    zone_file: Annotated[Path, typer.Argument(metavar="ZONEFILE", help="A zone file of BIND, NSD or Knot.", show_default=False)],
    origin: Annotated[
        str | None, typer.Option("--origin", metavar="NAME", help="Its zone. Default: as $ORIGIN, SOA or the file's name say.")
    ] = None,
    soa: Annotated[bool, typer.Option("--soa", help="Keep the SOA as it is, serial included.")] = False,
    output: Output = None,
) -> None:
    """Print a `zones` entry with the records of a zone file.

    SOA and the zone's own NS become keys, everything else `records`. $INCLUDE is followed from the directory of the file,
    $GENERATE is written out. Records that signing makes are left out, and so is DNAME.
    """
    from gslb.config.importers import import_bind

    _give(import_bind(str(zone_file), origin, keep_soa=soa), output)


@app.command()
def gdnsd(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="As /etc/gdnsd: config, zones/, geoip/.", show_default=False)],
    output: Output = None,
) -> None:
    """Print a configuration that steers as a gdnsd 3.8 does.

    Taken are geoip maps (datacenters, countries, nets, auto), metafo, simplefo, multifo, weighted and static; monitoring by
    http_status, tcp_connect, extmon, extfile, static and null; zones with DYNA and DYNC; where it listens.
    """
    from gslb.config.importers import import_gdnsd

    _give(import_gdnsd(str(folder)), output)


@app.command()
def mirrorbits(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="What `mirrorbits show NAME` prints of each mirror; or `mirrorbits list -http -rsync -location`; "
            "or `mirrorbits export mirmon`.",
            show_default=False,
        ),
    ],
    service: Annotated[
        str, typer.Option("--service", metavar="HOST", help="The name that is to be steered.")
    ] = "mirrors.example.net",
    output: Output = None,
) -> None:
    """Print a configuration with the mirrors of a Mirrorbits as sites.

    Their names are looked up, for sites have addresses. Of the three forms `show` alone tells places, bounds and scores; of the
    others a mirror stands in the middle of its country.
    """
    from gslb.config.importers import import_mirrorbits
    from gslb.geo.centroids import centroid

    def place(country: str) -> tuple[float, float] | None:
        found = centroid(country)
        return None if found is None else (found.latitude, found.longitude)

    _give(import_mirrorbits(str(file), service, _addresses, place), output)


def _addresses(host: str) -> list[str]:
    """By the resolver of this machine; none where it has none."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []


def _give(imported: Imported, output: Path | None) -> None:
    from gslb.errors import UsageError

    for note in imported.notes:
        print(note, file=sys.stderr)
    if output is None:
        print(imported.text, end="")
    else:
        try:
            output.write_text(imported.text)
        except OSError as error:
            raise UsageError(f"gslb: {output} can't be written: {error.strerror}") from None
    if not imported.whole:
        raise typer.Exit(1)
