"""What uvicorn has to say, in our log: a fault of ours as any other line, and nothing that a client can make it say at will."""

from __future__ import annotations

import logging

import anyio
import structlog
from starlette.requests import ClientDisconnect

_log = structlog.get_logger("gslb")
_LOGGER = "uvicorn.error"  # of everything, in spite of its name
_DEPARTURES = (anyio.BrokenResourceError, anyio.ClosedResourceError, ClientDisconnect)


class _Routed(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None and _is_departure(record.exc_info[1]):
            return
        _log.error(record.getMessage(), kind="admin-fault", exc_info=record.exc_info or None)


def _is_departure(error: BaseException) -> bool:
    """Whether nothing happened but that a client went before it had all of the answer."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_departure, error.exceptions))
    return isinstance(error, _DEPARTURES)


def route() -> None:
    """May be called again. Warnings are about what clients send ("Invalid HTTP request received."): they have their answer."""
    logger = logging.getLogger(_LOGGER)
    logger.setLevel(logging.ERROR)
    logger.propagate = False
    if not any(isinstance(handler, _Routed) for handler in logger.handlers):
        logger.addHandler(_Routed())
