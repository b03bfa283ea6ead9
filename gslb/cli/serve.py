"""`gslb serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def serve(
    context: typer.Context,
    config: Annotated[Path, typer.Option("--config", metavar="FILE", help="The configuration.", show_default=False)],
    workers: Annotated[
        int | None, typer.Option(min=0, max=1024, help="Data-plane processes; 0: none but this. Default: one a core.")
    ] = None,
) -> None:
    """Run a node until SIGTERM or Ctrl-C.

    It reads FILE again when it changes and on SIGHUP; a file with faults is refused, and the old one runs on.
    """
    from gslb.runtime import logs
    from gslb.runtime import serve as node

    logs.set_up(debug=bool(context.obj))
    node.serve(str(config), workers)
