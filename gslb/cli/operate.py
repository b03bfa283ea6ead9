"""`gslb status`, `events`, `drain` and `enable`: talk to a running node."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated, cast

import typer

from gslb.cli.options import ADMIN, Admin, Json, SiteId
from gslb.cli.output import cleaned, escaped_json, show, show_json
from gslb.errors import UsageError

if TYPE_CHECKING:
    from gslb.client import Client
    from gslb.client.documents import EventView, SiteView


def status(admin: Admin = ADMIN, as_json: Json = False) -> None:
    """Tell how the node and its sites are, and what is the matter."""
    from gslb.cli import render
    from gslb.client import Client

    with Client(admin) as node:
        told, sites = node.status(), node.sites()
        if as_json:
            show_json({**told, "sites": sites, "services": node.services()})
        else:
            show(*render.status(told, sites))


def events(
    admin: Admin = ADMIN,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what happens, until Ctrl-C.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many of the past.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document; with --follow one a line.")] = False,
) -> None:
    """Tell what happened, the oldest first."""
    from gslb.client import Client

    with Client(admin) as node:
        past = list(reversed(list(islice(node.events(page=limit), limit))))
        if as_json and not follow:
            show_json(past)
            return
        try:
            for event in chain(past, _following(node, past) if follow else ()):
                _tell(event, as_json=as_json)
        except KeyboardInterrupt:
            return


def _following(node: Client, past: Sequence[EventView]) -> Iterator[EventView]:
    """Over restarts of the node, too."""
    for message in node.follow(past[-1]["number"] if past else 0):
        if message.number is not None:
            yield cast("EventView", message.data)


def _tell(event: EventView, *, as_json: bool) -> None:
    from gslb.cli import render

    print(escaped_json(event), flush=True) if as_json else show(render.event_line(event))


def drain(
    site: SiteId,
    reason: Annotated[str, typer.Option(help="For those who look on.", show_default=False)],
    for_: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="As 30m or 2h. Default: until it is enabled.")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Who does the work, if that is somebody else.")] = None,
    admin: Admin = ADMIN,
    as_json: Json = False,
) -> None:
    """Take a site out. Clients that were told of it before stay until their answer's TTL is over."""
    for_s = None if for_ is None else _seconds(for_)
    _act(admin, lambda node: node.drain(site, reason, for_s, owner), as_json=as_json)


def enable(site: SiteId, admin: Admin = ADMIN, as_json: Json = False) -> None:
    """End a drain. The site comes back slowly; one that fails its checks stays down."""
    _act(admin, lambda node: node.enable(site), as_json=as_json)


def _act(admin: str, change: Callable[[Client], SiteView], *, as_json: bool) -> None:
    from gslb.client import Client

    with Client(admin) as node:
        site = change(node)
    if as_json:
        show_json(site)
    else:
        shown = cleaned(site)
        print(f"{shown['id']} is {_WORDS.get(shown['condition'], shown['condition'])}: {shown['reason']}")


_WORDS = {"drained": "drained", "starting": "coming back slowly"}


def _seconds(text: str) -> float:
    from gslb.config.values import duration_s

    try:
        return duration_s(text)
    except ValueError as error:
        raise UsageError(f"--for: {error}") from None
