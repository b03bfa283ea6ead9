"""From the words of a command line to an exit code: 0 done, 1 it ran and failed, 2 wrong usage or configuration."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import typer

from gslb.cli.commands import app
from gslb.errors import GslbError
from gslb.model.text import printable

OK, FAILED, WRONG = 0, 1, 2
_DEBUG = "--debug"


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Runs the command that sys.argv names, and exits."""
    given = list(sys.argv[1:] if words is None else words)
    debug = _DEBUG in given  # anywhere: it is thought of last, after the command that failed
    sys.exit(run([word for word in given if word != _DEBUG], debug=debug))


def run(words: Sequence[str], *, debug: bool = False) -> int:
    try:
        code = app(words or ["--help"], prog_name="gslb", standalone_mode=False, obj=debug)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read us has gone; nothing may be written at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (GslbError, typer.TyperException, KeyboardInterrupt, Exception) as error:
        if debug:
            traceback.print_exc()
        return _fail(error)
    if not words:
        return WRONG
    return min(code, FAILED) if isinstance(code, int) and code > WRONG else code or OK


def _fail(error: BaseException) -> int:
    """Says in a line what is wrong; the faults of a configuration are a line each."""
    if isinstance(error, GslbError):
        return _say(error.exit_code, str(error))
    if isinstance(error, typer.Abort | KeyboardInterrupt):
        return _say(FAILED, "gslb: interrupted")
    if isinstance(error, typer.TyperException):
        return _say(WRONG, f"gslb: {_sentence(error)} (gslb --help)")
    kind = type(error).__name__
    return _say(
        FAILED, f"gslb: a fault of its own: {kind}: {_one_line(str(error))}; run it with --debug and report what it prints"
    )


def _sentence(error: typer.TyperException) -> str:
    told = getattr(error, "format_message", error.__str__)()
    return _one_line(told).rstrip(".")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _say(code: int, text: str) -> int:
    try:
        print("\n".join(printable(line) for line in text.split("\n")), file=sys.stderr, flush=True)
    except OSError:
        pass
    return code
