"""`gslb status`, `events`, `drain` and `enable`: talk to a running node."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Any

import typer

from gslb.cli.options import ADMIN, Admin, Json, SiteId
from gslb.cli.output import cleaned, escaped_json, show, show_json
from gslb.errors import UsageError


def status(admin: Admin = ADMIN, as_json: Json = False) -> None:
    """Tell how the node and its sites are, and what is the matter."""
    from gslb.cli import render
    from gslb.cli.node_api import NodeApi

    with NodeApi(admin) as node:
        told, sites = node.get("status"), node.get("sites")
        if as_json:
            show_json({**told, "sites": sites, "services": node.get("services")})
        else:
            show(*render.status(told, sites))


def events(
    admin: Admin = ADMIN,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what happens, until Ctrl-C.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many of the past.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document; with --follow one a line.")] = False,
) -> None:
    """Tell what happened, the oldest first."""
    from gslb.cli.node_api import NodeApi

    with NodeApi(admin) as node:
        past = list(reversed(node.get("events", limit=limit)))
        if as_json and not follow:
            show_json(past)
            return
        try:
            for event in chain(past, _following(node, past) if follow else ()):
                _tell(event, as_json=as_json)
        except KeyboardInterrupt:
            return


def _following(node: Any, past: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    last = past[-1]["number"] if past else 0
    for name, document in node.follow(last):
        if name == "event" and document["number"] > last:
            last = document["number"]
            yield document


def _tell(event: dict[str, Any], *, as_json: bool) -> None:
    from gslb.cli import render

    print(escaped_json(event), flush=True) if as_json else show(render.event_line(event))


def drain(
    site: SiteId,
    reason: Annotated[str, typer.Option(help="For those who look on.", show_default=False)],
    for_: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="As 30m or 2h. Default: until it is enabled.")
    ] = None,
    admin: Admin = ADMIN,
    as_json: Json = False,
) -> None:
    """Take a site out. Clients that were told of it before stay until their answer's TTL is over."""
    body = {"reason": reason} | ({} if for_ is None else {"for_s": _seconds(for_)})
    _act(admin, f"sites/{_segment(site)}/drain", body, as_json=as_json)


def enable(site: SiteId, admin: Admin = ADMIN, as_json: Json = False) -> None:
    """End a drain. The site comes back slowly; one that fails its checks stays down."""
    _act(admin, f"sites/{_segment(site)}/enable", {}, as_json=as_json)


def _act(admin: str, path: str, body: dict[str, Any], *, as_json: bool) -> None:
    from gslb.cli.node_api import NodeApi

    with NodeApi(admin) as node:
        site = node.post(path, body)
    if as_json:
        show_json(site)
    else:
        site = cleaned(site)
        print(f"{site['id']} is {_WORDS.get(site['condition'], site['condition'])}: {site['reason']}")


_WORDS = {"drained": "drained", "starting": "coming back slowly"}


def _segment(site: str) -> str:
    from urllib.parse import quote

    return quote(site, safe="")


def _seconds(text: str) -> float:
    from gslb.config.values import duration_s

    try:
        return duration_s(text)
    except ValueError as error:
        raise UsageError(f"--for: {error}") from None
