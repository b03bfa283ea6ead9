"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ADMIN = "http://127.0.0.1:8053"

File = Annotated[Path, typer.Argument(metavar="FILE", help="A configuration.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Admin = Annotated[str, typer.Option("--admin", metavar="URL", help="The node's admin side.", envvar="GSLB_ADMIN")]
SiteId = Annotated[str, typer.Argument(metavar="SITE", help="As in the configuration.", show_default=False)]
