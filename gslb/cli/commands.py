"""What commands there are. Each one imports what it needs when it runs: `gslb --help` should not wait for a web framework."""

from __future__ import annotations

from typing import Annotated

import typer

import gslb
from gslb.cli import (
    audit,
    check,
    dnssec,
    explain,
    geo,
    imports,
    incidents,
    maintenance,
    operate,
    overrides,
    scan,
    serve,
    simulate,
    tokens,
)
from gslb.cli.demo import command as demo

EPILOG = "Exit codes: 0 done, 1 it ran and failed, 2 wrong usage or configuration."

app = typer.Typer(
    help="Steers clients to a healthy site near them: an authoritative DNS responder and an HTTP redirector, one decision.",
    epilog=EPILOG,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"gslb {gslb.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it and exit.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks, and log more. Anywhere on the line.")] = False,
) -> None:
    """`--debug` is taken out of the line before it is read: it is here to be listed."""


app.command("serve")(serve.serve)
app.add_typer(demo.app, name="demo")
app.command("check")(check.check)
app.command("explain")(explain.explain)
app.command("simulate")(simulate.simulate)
app.command("status")(operate.status)
app.command("events")(operate.events)
app.command("incidents")(incidents.incidents)
app.command("drain")(operate.drain)
app.command("enable")(operate.enable)
app.command("scan")(scan.scan)
app.add_typer(overrides.app, name="override")
app.add_typer(maintenance.app, name="maintenance")
app.add_typer(incidents.alerts, name="alerts")
app.command("acts")(audit.acts)
app.command("undo")(audit.undo)
app.add_typer(tokens.app, name="token")
app.add_typer(geo.app, name="geo")
app.add_typer(dnssec.app, name="dnssec")
app.add_typer(imports.app, name="import")
