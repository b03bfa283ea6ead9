"""Where and how commands print: tables for people, one JSON document for programs."""

from __future__ import annotations

import io
import json
import sys
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_PIPED_WIDTH = 200  # nothing is cut off for want of a terminal


def console(file: IO[str] | None = None) -> Console:
    """What is printed comes from outside too, so nothing in it is markup."""
    from rich.console import Console

    target = file or sys.stdout
    width = None if target.isatty() else _PIPED_WIDTH
    return Console(file=target, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)


def show(*parts: RenderableType) -> None:
    out = console()
    for part in parts:
        out.print(part)


def show_json(document: Any) -> None:
    print(json.dumps(document, indent=2, ensure_ascii=False))


def plain(*parts: RenderableType) -> str:
    """The same as text, for where it is printed by somebody else."""
    text = io.StringIO()
    out = console(text)
    for part in parts:
        out.print(part)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())
