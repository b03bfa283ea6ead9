"""`gslb incidents` and `gslb alerts`: what is wrong, and who is told of it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gslb.cli.options import ADMIN, Admin, Json
from gslb.cli.output import cleaned, show, show_json

if TYPE_CHECKING:
    from rich.console import RenderableType

alerts = typer.Typer(help="See the channels by which people are told of incidents, and try them.", rich_markup_mode=None)

_TEST_WITHIN_S = 60.0


def incidents(
    number: Annotated[int | None, typer.Argument(metavar="[NUMBER]", min=1, help="One of them, as Markdown.")] = None,
    over: Annotated[bool, typer.Option("--all", help="Those that are over too, the newest first.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many.")] = 20,
    admin: Admin = ADMIN,
    as_json: Json = False,
) -> None:
    """Tell what is wrong, for whom, since when, and what to do; the worst for clients first."""
    from gslb.client import Client

    with Client(admin) as node:
        if number is not None and not as_json:
            show(*node.incident_markdown(number).splitlines())
            return
        found = node.incident(number) if number is not None else list(islice(node.incidents("all" if over else "open"), limit))
    if as_json:
        show_json(found)
    elif found:
        show(*_told(cleaned(found)))
    else:
        print("nothing is wrong")


def _told(found: list[dict[str, Any]]) -> list[RenderableType]:
    from gslb.cli import render

    made = render.table("number", "severity", "since", "over", "clients", "what", right=("number", "clients"))
    for each in found:
        share = f"{each['impact']['share_degraded'] * 100:.0f} %"
        made.add_row(
            str(each["number"]), each["severity"], _minute(each["opened"]), _minute(each["closed"]), share, each["title"]
        )
    return [made, *(f"\n{each['number']}: {each['cause']} {each['what_now']}" for each in found if each["closed"] is None)]


@alerts.command("list")
def channels(admin: Admin = ADMIN, as_json: Json = False) -> None:
    """Tell who is told, and whether the messages arrive."""
    from gslb.cli import render
    from gslb.client import Client

    with Client(admin) as node:
        found = node.alerts()
    if as_json:
        show_json(found)
        return
    if not found:
        print("nobody is told: the configuration has no alerts.channels")
        return
    made = render.table("name", "kind", "last sent", "waiting", "failures", "what", right=("waiting", "failures"))
    for each in cleaned(found):
        numbers = str(each["waiting"]), str(each["failures"])
        made.add_row(each["name"], each["kind"], _minute(each["last_sent"]) or "never", *numbers, each["last_error"] or "")
    show(made)


@alerts.command("test")
def try_channel(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the channel.", show_default=False)],
    admin: Admin = ADMIN,
    as_json: Json = False,
) -> None:
    """Send one message by a channel now. Exit code 1 if it was not taken."""
    from gslb.client import Client

    with Client(admin, timeout_s=_TEST_WITHIN_S) as node:
        done = node.test_alert(name)
    if as_json:
        show_json(done)
    elif done["delivered"]:
        show(f"{name} took the message" + (f": {cleaned(done['error'])}" if done["error"] else ""))
    else:
        show(f"{name} did not take the message: {cleaned(done['error'])}")
    if not done["delivered"]:
        raise typer.Exit(1)


def _minute(text: str | None) -> str:
    return "" if text is None else text[:16].replace("T", " ")
