"""`dnstap` and `query_log`: who may look on."""

from __future__ import annotations

from collections.abc import Callable

from gslb.config.kinds import BOOLEAN, FILE, integer
from gslb.config.schema import Table, defaulted, optional, required, section
from gslb.model import Dnstap, QueryLog

_LOG = QueryLog("")
_CLIENTS = defaulted(
    "client_addresses", BOOLEAN, _LOG.client_addresses, "Whole addresses of clients, not cut to the sticky network.", "false"
)

SOCKET = optional("socket", FILE, "A Unix socket on which a dnstap reader listens.", "none")
TAP_FILE = optional(
    "file",
    FILE,
    "A file of Frame Streams, one for each worker; begun anew at a start and on SIGHUP, what was there stays as `.old`.",
    "none",
)
DNSTAP = section(SOCKET, TAP_FILE, _CLIENTS)

LOG_FILE = required("file", FILE, "One JSON document a line; opened again when it is renamed.")
ONE_IN = defaulted("one_in", integer(1, 1_000_000_000), _LOG.one_in, "One query in so many is written.")
QUERY_LOG = section(LOG_FILE, ONE_IN, _CLIENTS)


def build_dnstap(table: Table, absolute: Callable[[str], str]) -> Dnstap:
    socket, file = table[SOCKET], table[TAP_FILE]
    return Dnstap(
        None if socket is None else absolute(socket),
        None if file is None else absolute(file),
        table[_CLIENTS],
    )


def build_query_log(table: Table, absolute: Callable[[str], str]) -> QueryLog:
    return QueryLog(absolute(table[LOG_FILE]), table[ONE_IN], table[_CLIENTS])
