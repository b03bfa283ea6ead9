"""`gslb override`: weights and rules beside the configuration, with an end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gslb.cli.options import ADMIN, Admin, Json, SiteId
from gslb.cli.output import cleaned, show, show_json

if TYPE_CHECKING:
    from gslb.client import Client

app = typer.Typer(help="Override a weight or a rule of the configuration, for a time.", rich_markup_mode=None)

Reason = Annotated[str, typer.Option(help="For those who look on.", show_default=False)]
For = Annotated[str | None, typer.Option("--for", metavar="DURATION", help="As 30m or 2h. Default: until it is removed.")]
Targets = Annotated[list[str] | None, typer.Option(metavar="SITE", help="Sites or regions; may be given more than once.")]
Service = Annotated[str | None, typer.Option(metavar="HOST", help="May be left out where there is one.")]


@app.command("list")
def list_overrides(admin: Admin = ADMIN, as_json: Json = False) -> None:
    """Tell what is overridden, by whom, and until when."""
    from gslb.cli import render
    from gslb.client import Client

    with Client(admin) as node:
        found = node.overrides()
    if as_json:
        show_json(found)
        return
    if not found:
        print("nothing is overridden: all is as configured")
        return
    made = render.table("id", "what", "until", "who", "reason")
    for each in cleaned(found):
        made.add_row(each["id"], what(each), moment(each["until"]) or "removed", each["who"], each["reason"])
    show(made)


@app.command()
def weight(
    site: SiteId,
    number: Annotated[int, typer.Argument(metavar="N", min=0, max=10_000, help="0: last resort.", show_default=False)],
    reason: Reason,
    for_: For = None,
    admin: Admin = ADMIN,
    as_json: Json = False,
) -> None:
    """Give a site another weight."""
    from gslb.client import Client

    with Client(admin) as node:
        tell(node.override_weight(site, number, reason, seconds(for_)), as_json=as_json)


@app.command()
def rule(
    match: Annotated[str, typer.Argument(metavar="MATCH", help="A network, AS2500 or JP.", show_default=False)],
    reason: Reason,
    prefer: Targets = None,
    only: Targets = None,
    never: Targets = None,
    service: Service = None,
    for_: For = None,
    admin: Admin = ADMIN,
    as_json: Json = False,
) -> None:
    """Have some clients prefer, use only, or never use some sites or regions."""
    from gslb.client import Client
    from gslb.errors import UsageError

    said = {name: sites for name, sites in (("prefer", prefer), ("only", only), ("never", never)) if sites}
    if len(said) != 1:
        raise UsageError("write one of --prefer, --only and --never")
    with Client(admin) as node:
        host = service or _only_service(node)
        tell(node.override_rule(host, _matched(match), reason, seconds(for_), **said), as_json=as_json)


@app.command()
def remove(
    id: Annotated[str, typer.Argument(metavar="ID", help="As `gslb override list` tells it.", show_default=False)],
    admin: Admin = ADMIN,
) -> None:
    """Take an override back: it is as configured again."""
    from gslb.client import Client

    with Client(admin) as node:
        node.end_override(id)
    print(f"{cleaned(id)} is removed: it is as configured again")


def tell(override: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(override)
        return
    each = cleaned(override)
    until = f"until {moment(each['until'])}" if each["until"] else "until it is removed"
    print(f"{each['id']}: {what(each)} {until}")


def what(each: dict[str, Any]) -> str:
    """In a few words."""
    if each["kind"] == "weight":
        return f"{each['site']} has weight {each['weight']} instead of {each['configured_weight']}"
    rule = each["rule"]
    who = ", ".join(f"AS{value}" if name == "asn" else str(value) for name, values in rule["match"].items() for value in values)
    action = next(name for name in ("prefer", "only", "never") if name in rule)
    return f"{who} {action} {', '.join(rule[action])} for {each['service']}"


def moment(at: str | None) -> str:
    from datetime import datetime

    return "" if at is None else f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M} UTC"


def seconds(text: str | None) -> float | None:
    from gslb.config.values import duration_s
    from gslb.errors import UsageError

    try:
        return None if text is None else duration_s(text)
    except ValueError as error:
        raise UsageError(f"--for: {error}") from None


def _only_service(node: Client) -> str:
    from gslb.errors import UsageError

    hosts = [each["host"] for each in node.services()]
    if len(hosts) != 1:
        raise UsageError(f"which service? --service {' or '.join(map(cleaned, hosts))}")
    return hosts[0]


def _matched(word: str) -> dict[str, Any]:
    from gslb.cli.trials import match_of

    found = match_of(word)
    told = {"network": [str(each) for each in found.networks], "asn": list(found.asns), "country": list(found.countries)}
    return {name: values for name, values in told.items() if values}
