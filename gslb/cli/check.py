"""`gslb check`: is this configuration right, and what would it move?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gslb.cli.options import Json
from gslb.errors import ConfigurationError, Fault, GeoError, UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from gslb.model import Configuration
    from gslb.steering.compare import Comparison

_MOST_MOVES = 10


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="A configuration.", show_default=False)],
    compare: Annotated[bool, typer.Option("--compare", help="Tell what FILE NEW would move: OLD, then NEW.")] = False,
    as_json: Json = False,
) -> None:
    """Validate a configuration: nothing is printed where all is well.

    Each fault is a line on standard error, `file:line: key: what is wrong`, and the exit code is 2. With --compare OLD NEW both
    are validated, and the share of the address space is told whose clients would get another site, every site taken as well.
    With --json the faults are a document on standard output too.
    """
    from gslb import config
    from gslb.cli.output import show, show_json
    from gslb.runtime.materials import load_materials

    if len(files) != (2 if compare else 1):
        raise UsageError("gslb: check takes one FILE, or --compare OLD NEW")
    try:
        old, new = (config.load(file) for file in (files[0], files[-1]))
        for each in (old, new):
            load_materials(each)
            _open_databases(each)
    except ConfigurationError as error:
        if as_json:
            show_json({"file": str(files[-1]), "digest": None, "faults": [asdict(fault) for fault in error.faults]})
        raise
    if compare:
        from gslb.cli.moves import compared

        found = compared(old, new, datetime.now(UTC).date())
        show_json(_document(found)) if as_json else show(*_tables(found))
    elif as_json:
        show_json({"file": str(files[0]), "digest": new.digest, "faults": []})


def _open_databases(configuration: Configuration) -> None:
    """Raises ConfigurationError with each that can't be used."""
    from gslb.config.places import line_of
    from gslb.geo import GeoIndex
    from gslb.model import GeoSettings

    faults = []
    for number, name in enumerate(configuration.geo.databases):
        try:
            GeoIndex.open(GeoSettings(databases=(name,)))
        except GeoError as error:
            key = f"geo.databases[{number}]"
            faults.append(Fault(configuration.file, line_of(configuration.file, key), key, str(error)))
    if faults:
        raise ConfigurationError(faults)


def _document(found: Comparison) -> dict[str, Any]:
    return {
        "services": [
            {"service": host, "family": family, "moved": moved, "moves": list(_moves(found.moves[host, family]))}
            for (host, family), moved in found.moved.items()
        ],
        "added": list(found.added),
        "removed": list(found.removed),
    }


def _moves(moves: Mapping[tuple[str | None, str | None], float]) -> Iterator[dict[str, Any]]:
    for (source, target), share in sorted(moves.items(), key=lambda item: -item[1]):
        yield {"from": source, "to": target, "share": share}


def _tables(found: Comparison) -> Iterator[str | Table]:
    for (host, family), moved in found.moved.items():
        yield f"{host} over IPv{family}: {moved:.2%} of the address space would move"
        moves = list(_moves(found.moves[host, family]))
        if moves:
            yield _table(moves)
    yield from (f"{host}: new" for host in found.added)
    yield from (f"{host}: gone" for host in found.removed)


def _table(moves: list[dict[str, Any]]) -> Table:
    from gslb.cli import render

    table = render.table("share", "from", "to", right=["share"])
    for move in moves[:_MOST_MOVES]:
        table.add_row(f"{move['share']:.2%}", move["from"] or "no site", move["to"] or "no site")
    rest = moves[_MOST_MOVES:]
    if rest:
        table.add_row(f"{sum(move['share'] for move in rest):.2%}", f"{len(rest)} more", "")
    return table
