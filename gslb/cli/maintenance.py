"""`gslb maintenance`: the calendar of planned drains."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from gslb.cli.options import ADMIN, Admin, Json, SiteId
from gslb.cli.output import cleaned, show, show_json
from gslb.cli.overrides import moment, seconds

app = typer.Typer(help="Plan drains that begin and end by themselves.", rich_markup_mode=None)


@app.command("list")
def list_maintenance(
    everything: Annotated[bool, typer.Option("--all", help="What is over, too.")] = False,
    admin: Admin = ADMIN,
    as_json: Json = False,
) -> None:
    """Tell what is planned, and what runs."""
    from gslb.cli import render
    from gslb.client import Client

    with Client(admin) as node:
        found = [each for each in node.maintenance() if everything or each["state"] in ("planned", "running")]
    if as_json:
        show_json(found)
        return
    if not found:
        print("nothing is planned")
        return
    made = render.table("id", "site", "from", "to", "state", "owner", "reason")
    for each in cleaned(found):
        times = moment(each["start"]), moment(each["end"])
        made.add_row(each["id"], each["site"], *times, each["state"], each["owner"] or "–", each["reason"])
    show(made)


@app.command()
def plan(
    site: SiteId,
    start: Annotated[
        str, typer.Option("--from", metavar="TIME", help="As 2027-03-31T02:00; UTC, or with its offset.", show_default=False)
    ],
    reason: Annotated[str, typer.Option(help="For those who look on.", show_default=False)],
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="When it ends.")] = None,
    for_: Annotated[str | None, typer.Option("--for", metavar="DURATION", help="Instead: how long it takes, as 2h.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who does the work, if that is somebody else.")] = None,
    admin: Admin = ADMIN,
    as_json: Json = False,
) -> None:
    """Plan a drain of a site. It comes back by itself, slowly."""
    from gslb.client import Client
    from gslb.errors import UsageError

    for_s = seconds(for_)
    if (end is None) == (for_s is None):
        raise UsageError("write one of --to and --for")
    begins = _time("--from", start)
    ends = _time("--to", end) if for_s is None else begins + timedelta(seconds=for_s)
    with Client(admin) as node:
        made = node.plan_maintenance(site, begins, ends, reason, owner)
    if as_json:
        show_json(made)
        return
    each = cleaned(made)
    print(f"{each['id']}: {each['site']} from {moment(each['start'])} to {moment(each['end'])}, {each['state']}")
    for warning in each["warnings"]:
        print(f"  mind: {warning}")


@app.command()
def cancel(
    id: Annotated[str, typer.Argument(metavar="ID", help="As `gslb maintenance list` tells it.", show_default=False)],
    admin: Admin = ADMIN,
) -> None:
    """Cancel what is planned, or end what runs: the site comes back slowly."""
    from gslb.client import Client

    with Client(admin) as node:
        node.cancel_maintenance(id)
    print(f"{cleaned(id)} is cancelled")


def _time(option: str, text: str | None) -> datetime:
    from gslb.errors import UsageError

    try:
        found = datetime.fromisoformat(text or "")
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{option}: {cleaned(text)!r} is no time; write it as 2027-03-31T02:00, in UTC") from None
