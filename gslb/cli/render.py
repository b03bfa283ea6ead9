"""What the API tells, as tables and lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from gslb.cli.output import cleaned

Document = Mapping[str, Any]

_STYLES = {
    "up": "green",
    "starting": "cyan",
    "partial": "yellow",
    "unknown": "yellow",
    "down": "red",
    "wrong": "bold red",
    "drained": "blue",
    "info": "",
    "warning": "yellow",
    "error": "red",
}


def table(*columns: str, right: Iterable[str] = ()) -> Table:
    """No lines, and long text folds rather than being cut."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold", no_wrap=name not in _FOLDING)
    return made


_FOLDING = ("reason", "what", "message")


def explanation(told: Document) -> Iterator[RenderableType]:
    from gslb.model import Why
    from gslb.steering import WHY

    told = cleaned(told)
    client = told["client"]
    answers = ", ".join(told["answers"]) or "nothing"
    yield f"{client['network']}  {_where(client)}"
    yield f"{told['service']} over {told['via'].upper()}, IPv{told['family']}: {answers}"
    yield f"because: {WHY[Why(told['why'])]} ({told['why']})"
    narrow = ", as narrow as the database has it" if told.get("scope_by") == "database" else ""
    yield f"for {told['ttl_s']} s and every client of its /{told['scope']}{narrow}; world {told['world']}, slot {told['slot']}\n"
    yield _sites_of(told["sites"])


def _where(client: Document) -> str:
    location = client["location"]
    parts = [
        client["country"],
        None if location is None else f"{location[0]:g} {location[1]:g}",
        None if client["asn"] is None else f"AS{client['asn']}",
        None if client["home"] is None else f"home region {client['home']}",
    ]
    return ", ".join(part for part in parts if part) or "nobody knows where it is"


def _sites_of(sites: Sequence[Document]) -> Table:
    made = table("#", "site", "region", "km", "by", "reason", right=("#", "km"))
    for site in sites:
        kept = site["rank"] is not None
        far = "" if site["distance_km"] is None else f"{site['distance_km']:,.0f}"
        rank = Text(str(site["rank"]) if kept else "–", "green" if kept else "red")
        made.add_row(rank, site["site"], site["region"], far, site["filter"], site["reason"])
    return made


def status(told: Document, sites: Sequence[Document], now: datetime | None = None) -> Iterator[RenderableType]:
    told, sites = cleaned(told), cleaned(sites)
    incident = told["incident"]
    yield Text(incident["headline"], _STYLES.get(incident["level"], ""))
    yield from (Text(f"  {detail}", "dim") for detail in incident["details"])
    workers = f"{told['workers']} of {told['workers_wanted']} workers" if told["workers_wanted"] else "one process"
    ready = "ready" if told["ready"] else "starting"
    yield f"\n{told['node']}, gslb {told['version']}: {ready}, world {told['world']}, {workers}\n"
    yield site_table(sites, now or datetime.now(UTC))


def site_table(sites: Sequence[Document], now: datetime) -> Table:
    made = table("site", "region", "state", "for", "ms", "reason", right=("for", "ms"))
    for site in sites:
        word = site["condition"] + (f" {site['ramp']}/10" if site["condition"] == "starting" else "")
        measured = " ".join(f"{each['used_ms']:.0f}" for each in site["latency"])
        since = ago(site["since"], now)
        made.add_row(site["id"], site["region"], Text(word, _STYLES[site["condition"]]), since, measured, _reason(site))
    return made


def _reason(site: Document) -> str:
    notes = [site["reason"]]
    if site["drain"]:
        until = site["drain"]["until"]
        notes = [f"by {site['drain']['who']}{f', until {until[:16]} UTC' if until else ''}: {site['drain']['reason']}"]
    notes += [word for word in ("slow", "flapping") if site[word]]
    return "; ".join(notes)


def ago(at: str, now: datetime) -> str:
    """How long ago, in the two largest units: 3h05m."""
    seconds = max(0, int((now - datetime.fromisoformat(at)).total_seconds()))
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days}d{hours:02}h"
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{seconds % 60:02}s" if minutes else f"{seconds}s"


def event_line(event: Document) -> Text:
    event = cleaned(event)
    when = datetime.fromisoformat(event["at"]).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    who = f" [{event['who']}]" if event["who"] else ""
    kind = f"{event['kind']:<16} "
    return Text.assemble((when, "dim"), "  ", (kind, _STYLES[event["severity"]]), f"{event['message']}{who}")
