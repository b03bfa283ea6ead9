"""`gslb simulate`: what would happen to a population, before anybody does it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from gslb.cli.options import File, Json
from gslb.cli.output import show, show_json
from gslb.errors import NodeError, UsageError

_MATCH = "MATCH=TARGETS"


def simulate(
    file: File,
    off: Annotated[list[str], typer.Option(metavar="SITE", help="A site that answers nobody. May be repeated.")] = [],  # noqa: B006
    drain: Annotated[list[str], typer.Option(metavar="SITE", help="A site that is drained.")] = [],  # noqa: B006
    weight: Annotated[list[str], typer.Option(metavar="SITE=N", help="Another weight of a site.")] = [],  # noqa: B006
    prefer: Annotated[list[str], typer.Option(metavar=_MATCH, help="A rule: JP=us, AS2500=jp-tokyo-1, 192.0.2.0/24=eu,us.")] = [],  # noqa: B006
    only: Annotated[list[str], typer.Option(metavar=_MATCH, help="A rule: these clients to these sites or regions alone.")] = [],  # noqa: B006
    never: Annotated[list[str], typer.Option(metavar=_MATCH, help="A rule: these clients never to these.")] = [],  # noqa: B006
    other: Annotated[
        Path | None, typer.Option("--with", metavar="OTHER", help="Another configuration to try.", show_default=False)
    ] = None,
    population: Annotated[
        str, typer.Option(metavar="WHO", help="countries, recent (who asked the node lately), log:FILE, or networks:FILE.")
    ] = "countries",
    clients: Annotated[
        int | None,
        typer.Option(min=1000, max=2_000_000, help="How many networks to draw of all countries.", show_default="20000"),
    ] = None,
    load: Annotated[float | None, typer.Option(metavar="MBITS", help="Of all clients together; tells who is overloaded.")] = None,
    service: Annotated[str | None, typer.Option(metavar="HOST", help="May be left out where there is one.")] = None,
    via: Annotated[Literal["dns", "http"], typer.Option(help="Which door the clients come to.")] = "dns",
    family: Annotated[Literal["4", "6"], typer.Option(help="Of the address asked for, or connected from.")] = "4",
    picture: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Draw it.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Tell where a population lands, before a change and after it: shares, load, distances, latencies, and who moves.

    Nothing is changed. Without a change it tells how things are. It asks the node at `listen.admin` if that runs FILE; else it
    goes by the last state in `state_dir`; else every site is taken as unknown. The first line says which.
    """
    from gslb import config
    from gslb.cli.simulated import Asked, service_of, simulated
    from gslb.cli.simulation import tables
    from gslb.cli.trials import crowd_of, trials_of
    from gslb.model import Door, View

    if load is not None and not 0 < load <= 1e12:
        raise UsageError(f"{load:g} is no load; write the Mbit/s of all clients together")
    configuration = config.load(file)
    tried = None if other is None else config.load(other)
    asked_for = service_of(configuration, service, Door(via))
    if tried is not None:
        service_of(tried, asked_for.host, Door(via))
    trials = trials_of(
        tried or configuration, asked_for.host, off, drain, weight, [("prefer", prefer), ("only", only), ("never", never)]
    )
    view = View((View.DNS4 if via == "dns" else View.HTTP4) + (family == "6"))
    who = crowd_of(population, asked_for.host)
    source, told = simulated(configuration, Asked(asked_for, view, who, trials, load, clients, tried))
    if picture is not None:
        _draw(picture, told)
    if as_json:
        at = source.at.isoformat() if source.at else None
        show_json({"source": {"kind": source.kind, "text": source.text, "at": at}, **told})
    else:
        show(f"{source.text}\n", *tables(told))


def _draw(path: Path, told: dict[str, object]) -> None:
    from gslb.steering.simulation.picture import svg

    try:
        path.write_text(svg(told), encoding="utf-8")
    except OSError as error:
        raise NodeError(f"{path}: {error.strerror or error}") from None
