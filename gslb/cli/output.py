"""Where and how commands print: tables for people, one JSON document for programs."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any

from gslb.model.text import escaped, printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_PIPED_WIDTH = 200  # nothing is cut off for want of a terminal


def console(file: IO[str] | None = None) -> Console:
    """What is printed comes from outside too, so nothing in it is markup."""
    from rich.console import Console

    target = file or sys.stdout
    width = None if target.isatty() else _PIPED_WIDTH
    return Console(file=target, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)


def _print(out: Console, parts: Iterable[RenderableType]) -> None:
    """What goes into a pipe is not wrapped: `gslb events | grep` must find a line whole."""
    from rich.table import Table

    for part in parts:
        out.print(part, soft_wrap=not out.is_terminal and not isinstance(part, Table))


def show(*parts: RenderableType) -> None:
    _print(console(), parts)


def show_json(document: Any) -> None:
    print(escaped_json(document, indent=2))


def escaped_json(document: Any, indent: int | None = None) -> str:
    """JSON that people can read in their own script, and that drives no terminal."""
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    return "\n".join(escaped(line) for line in text.split("\n"))


def cleaned(document: Any) -> Any:
    """What a node told, to be shown: much of it is the words of mirrors and of other people."""
    if isinstance(document, str):
        return printable(document)
    if isinstance(document, Mapping):
        return {key: cleaned(value) for key, value in document.items()}
    return [cleaned(each) for each in document] if isinstance(document, list | tuple) else document


def plain(*parts: RenderableType) -> str:
    """The same as text, for where it is printed by somebody else."""
    text = io.StringIO()
    _print(console(text), parts)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())
