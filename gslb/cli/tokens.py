"""`gslb token`: who has one, and giving and taking them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from gslb.cli.options import ADMIN, Admin, Json
from gslb.cli.output import cleaned, show, show_json
from gslb.cli.overrides import moment, seconds

app = typer.Typer(help="Give and take tokens, with which people and programs talk to the node.", rich_markup_mode=None)


class RoleName(StrEnum):
    VIEWER = "viewer"
    OWNER = "owner"
    OPERATOR = "operator"


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who; it stands in the audit log.", show_default=False)],
    role: Annotated[RoleName, typer.Option(help="What they may.", show_default=False)],
    site: Annotated[list[str] | None, typer.Option(metavar="SITE", help="Of an owner; may be given more than once.")] = None,
    for_: Annotated[str | None, typer.Option("--for", metavar="DURATION", help="As 12h or 90d. Default: until revoked.")] = None,
    admin: Admin = ADMIN,
    as_json: Json = False,
) -> None:
    """Make a token. It is printed once, on standard output alone: nobody can read it from the node again."""
    from gslb.client import Client

    with Client(admin) as node:
        made = node.create_token(name, role.value, site or (), seconds(for_))
    if as_json:
        show_json(made)
        return
    until = f"until {moment(made['expires'])}" if made["expires"] else "until it is revoked"
    typer.echo(
        f"gslb: token {cleaned(made['id'])} of {cleaned(made['name'])}, {made['role']}, {until}; it is not shown again", err=True
    )
    print(cleaned(made["token"]))


@app.command("list")
def list_tokens(admin: Admin = ADMIN, as_json: Json = False) -> None:
    """Tell who has a token, those of the configuration first."""
    from gslb.cli import render
    from gslb.client import Client

    with Client(admin) as node:
        found = node.tokens()
    if as_json:
        show_json(found)
        return
    made = render.table("id", "name", "role", "sites", "ends", "last used", "made by")
    for each in cleaned(found):
        ended = f"revoked {moment(each['revoked'])}" if each["revoked"] else moment(each["expires"]) or "never"
        by = "the configuration" if each["from"] == "configuration" else each["created_by"]
        made.add_row(each["id"], each["name"], each["role"], ", ".join(each["sites"]), ended, moment(each["last_used"]) or "", by)
    show(made)


@app.command()
def revoke(
    id: Annotated[str, typer.Argument(metavar="ID", help="As `gslb token list` tells it.", show_default=False)],
    admin: Admin = ADMIN,
) -> None:
    """End a token at once, with the sessions that it opened."""
    from gslb.client import Client

    with Client(admin) as node:
        node.revoke_token(id)
    print(f"token {cleaned(id)} is revoked")
