"""Where log lines go: standard error, as JSON for machines or as text where a person looks on."""

from __future__ import annotations

import logging
import sys

import structlog

_chosen: dict[str, bool] = {}


def set_up(*, debug: bool = False, json: bool | None = None) -> None:
    """`json` None: text if standard error is a terminal."""
    as_json = not sys.stderr.isatty() if json is None else json
    _chosen.update(debug=debug, json=as_json)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    processors: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if as_json:  # for people the renderer does it, and warns if it is done before
        processors.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if debug else logging.INFO),
        logger_factory=lambda *names: structlog.WriteLogger(sys.stderr),  # what it is when a line is written
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


def as_set_up() -> dict[str, bool]:
    """The arguments for `set_up` in a process that we start."""
    return dict(_chosen)
