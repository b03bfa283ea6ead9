"""`gslb demo` and `gslb demo tell`."""

from __future__ import annotations

from typing import Annotated

import typer

from gslb.errors import UsageError
from gslb.model import Endpoint

app = typer.Typer(rich_markup_mode=None)

_WORKERS = "Data-plane processes. Default: one a core, two at most."
Admin = Annotated[str, typer.Option("--admin", metavar="ADDRESS:PORT", help="Dashboard, API and metrics.")]
ADMIN = "127.0.0.1:8053"


@app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    dns: Annotated[str, typer.Option(metavar="ADDRESS:PORT", help="The DNS responder.")] = "127.0.0.1:5300",
    http: Annotated[str, typer.Option(metavar="ADDRESS:PORT", help="The redirector.")] = "127.0.0.1:8080",
    admin: Admin = ADMIN,
    workers: Annotated[int | None, typer.Option(min=0, max=64, help=_WORKERS)] = None,
) -> None:
    """Run a whole GSLB on this machine, to look at and to break.

    Thirteen real HTTP mirrors on loopback addresses, as slow as they are far from Tokyo, and a node that steers to them. Orders
    such as `kill jp-tokyo-1` are typed at it, or told with `gslb demo tell`. Ctrl-C stops everything, and leaves nothing.
    """
    if context.invoked_subcommand is not None:
        return
    from gslb.cli.demo.run import run

    run(_endpoint(dns, "--dns"), _endpoint(http, "--http"), _endpoint(admin, "--admin"), workers, debug=bool(context.obj))


@app.command()
def tell(
    order: Annotated[list[str], typer.Argument(metavar="ORDER...", help="As `help` lists them.", show_default=False)],
    admin: Admin = ADMIN,
) -> None:
    """Give an order to the demo that runs: kill SITE, restart SITE, freeze SITE, thaw SITE, fault SITE FAULT, status, help …"""
    import shlex

    from gslb.cli.demo import wire

    said = wire.tell(_endpoint(admin, "--admin"), shlex.join(order))
    if said:
        print(said)


def _endpoint(text: str, option: str) -> Endpoint:
    from gslb.config.values import endpoint

    try:
        return endpoint(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
