"""`gslb acts` and `gslb undo`: who changed what, and taking it back."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

import typer

from gslb.cli.options import ADMIN, Admin, Json
from gslb.cli.output import cleaned, show, show_json
from gslb.cli.overrides import moment

Number = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="As `gslb acts` tells it.", show_default=False)]


def acts(
    who: Annotated[str | None, typer.Option(metavar="NAME", help="By this one alone.")] = None,
    subject: Annotated[str | None, typer.Option(metavar="SITE", help="A site, token, override: of this one alone.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many.")] = 20,
    admin: Admin = ADMIN,
    as_json: Json = False,
) -> None:
    """Tell what people changed, and why; the newest first."""
    from gslb.cli import render
    from gslb.client import Client

    with Client(admin) as node:
        found = list(islice(node.acts(who=who, subject=subject), limit))
    if as_json:
        show_json(found)
        return
    if not found:
        print("nobody has changed anything" if who is None and subject is None else "there is no such act")
        return
    made = render.table("no.", "when", "who", "what", "of", "why")
    for each in cleaned(found):
        made.add_row(str(each["number"]), moment(each["at"]), each["who"], _what(each), each["subject"], each["why"])
    show(made)


def undo(
    number: Number,
    why: Annotated[str, typer.Option(help="For those who look on.")] = "",
    admin: Admin = ADMIN,
    as_json: Json = False,
) -> None:
    """Take an act back, while nothing else has changed what it is about."""
    from gslb.client import Client

    with Client(admin) as node:
        done = node.undo(number, why)
    if as_json:
        show_json(done)
    else:
        print(f"act {number} of {cleaned(done['subject'])} is undone, by act {done['number']}")


def _what(act: dict[str, Any]) -> str:
    if act["undoes"]:
        return f"{act['action']} of {act['undoes']}"
    return f"{act['action']} (undone by {act['undone_by']})" if act["undone_by"] else str(act["action"])
