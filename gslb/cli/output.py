"""Where and how commands print: tables for people, one JSON document for programs."""

from __future__ import annotations

import io
import json
import sys
from typing import IO, Any

from rich.console import Console, RenderableType

_PIPED_WIDTH = 200  # nothing is cut off for want of a terminal


def console(file: IO[str] | None = None) -> Console:
    """What is printed comes from outside too, so nothing in it is markup."""
    target = file or sys.stdout
    width = None if target.isatty() else _PIPED_WIDTH
    return Console(file=target, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)


def show(*parts: RenderableType) -> None:
    out = console()
    for part in parts:
        out.print(part)


def show_json(document: Any) -> None:
    print(json.dumps(document, indent=2, ensure_ascii=False))


def plain(*parts: RenderableType, width: int = _PIPED_WIDTH) -> str:
    """The same as text, for where it is printed by somebody else."""
    out = Console(file=io.StringIO(), width=width, markup=False, highlight=False, emoji=False)
    for part in parts:
        out.print(part)
    text = out.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    return "\n".join(line.rstrip() for line in text.splitlines())
