"""A simulation as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from gslb.cli.output import cleaned
from gslb.cli.render import table

MOST_MOVES = 10
Document = Mapping[str, Any]


def tables(told: Document) -> Iterator[RenderableType]:
    told = cleaned(told)
    yield f"{told['service']} over {told['via'].upper()}, IPv{told['family']}: {told['population']['source']}"
    yield f"{told['sentence']}\n"
    yield _sites(told)
    if told["moves"]:
        yield ""
        yield _moves(told["moves"])
    yield "\n" + "\n".join(_whole(told))


def _sites(told: Document) -> Table:
    loaded = any(site["after"]["load"] is not None for site in told["sites"])
    columns = ["site", "region", "before", "after", "change", *(["load"] if loaded else []), "km", "ms"]
    made = table(*columns, right=columns[2:])
    for site in told["sites"]:
        before, after = site["before"], site["after"]
        change = after["share"] - before["share"]
        cells = [f"{before['share']:.1%}", f"{after['share']:.1%}", f"{change:+.1%}" if abs(change) >= 0.0005 else ""]
        load = [_load(before, after)] if loaded else []
        made.add_row(site["site"], site["region"], *cells, *load, _change(site, "distance_km"), _change(site, "latency_ms"))
    for name in ("before", "after"):
        if told["none"][name]:
            none = told["none"]
            made.add_row("no site", "", f"{none['before']:.1%}", f"{none['after']:.1%}", f"{none['after'] - none['before']:+.1%}")
            break
    return made


def _load(before: Document, after: Document) -> Text:
    if after["load"] is None:
        return Text("")
    return Text(f"{before['load'] or 0.0:.0%} → {after['load']:.0%}", "bold red" if after["overloaded"] else "")


def _change(site: Document, what: str) -> str:
    """Of half of the clients."""
    before, after = (site[side][what] for side in ("before", "after"))
    words = ["–" if spread is None else f"{spread['p50']:,.0f}" for spread in (before, after)]
    return words[0] if words[0] == words[1] else f"{words[0]} → {words[1]}"


def _moves(moves: Sequence[Document]) -> Table:
    made = table("moves", "from", "to", right=["moves"])
    for move in moves[:MOST_MOVES]:
        made.add_row(f"{move['share']:.2%}", move["from"] or "no site", move["to"] or "no site")
    rest = moves[MOST_MOVES:]
    if rest:
        made.add_row(f"{sum(move['share'] for move in rest):.2%}", f"{len(rest)} more", "")
    return made


def _whole(told: Document) -> Iterator[str]:
    before, after = told["total"]["before"], told["total"]["after"]
    for what, unit in (("distance_km", "km"), ("latency_ms", "ms, near a vantage")):
        if before[what] and after[what]:
            cells = [f"{part} {before[what][part]:,.0f} → {after[what][part]:,.0f}" for part in ("p50", "p95", "p99")]
            yield f"all clients: {', '.join(cells)} {unit}"
    fits = [side["fits_mbit_s"] for side in (before, after)]
    if all(fits):
        yield f"no site is overloaded up to {fits[0]:,.0f} → {fits[1]:,.0f} Mbit/s in all"
    yield f"{told['decisions']:,} decisions in {told['seconds']:.1f} s"
