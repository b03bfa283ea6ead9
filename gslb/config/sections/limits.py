"""`limits`: bounds of the data plane."""

from __future__ import annotations

from gslb.config.kinds import duration, integer
from gslb.config.schema import Table, defaulted, section
from gslb.model import Limits

_DEFAULTS = Limits()
_COUNT = integer(1, 10_000_000)
_TIME = duration(0.05, 3600.0)

TCP = defaulted("tcp_connections", _COUNT, _DEFAULTS.tcp_connections, "DNS over TCP: connections at a time.")
TCP_PER_CLIENT = defaulted("tcp_connections_per_client", _COUNT, _DEFAULTS.tcp_connections_per_client, "The same, of one client.")
TCP_IDLE = defaulted("tcp_idle", _TIME, _DEFAULTS.tcp_idle_s, "After which an idle one is closed.", "10s")
TRANSFERS = defaulted("transfers", _COUNT, _DEFAULTS.transfers, "Zone transfers at a time.")
HTTP = defaulted("http_connections", _COUNT, _DEFAULTS.http_connections, "HTTP: connections at a time.")
HTTP_PER_CLIENT = defaulted(
    "http_connections_per_client", _COUNT, _DEFAULTS.http_connections_per_client, "The same, of one client."
)
HTTP_HEADER = defaulted("http_header", _TIME, _DEFAULTS.http_header_s, "How long the header of a request may take.", "10s")
HTTP_IDLE = defaulted("http_idle", _TIME, _DEFAULTS.http_idle_s, "After which an idle one is closed.", "60s")
CACHED_NETWORKS = defaulted(
    "cached_networks", _COUNT, _DEFAULTS.cached_networks, "Client networks whose class a worker remembers."
)
CACHED_DECISIONS = defaulted(
    "cached_decisions",
    _COUNT,
    _DEFAULTS.cached_decisions,
    "Decisions that a worker remembers beside the table.",
)

RATE_LIMITED = defaulted(
    "rate_limited_networks",
    _COUNT,
    _DEFAULTS.rate_limited_networks,
    "Networks that response rate limiting counts at a time.",
)
WITHOUT_COOKIE = defaulted(
    "udp_without_cookie",
    integer(512, 1232),
    _DEFAULTS.udp_without_cookie,
    "Octets of an answer over UDP to who shows no good cookie; what is longer is cut to TC.",
)
OBSERVED = defaulted(
    "observed_queue", _COUNT, _DEFAULTS.observed_queue, "Messages that wait for dnstap or the query log; more are left out."
)

LIMITS = section(
    TCP,
    TCP_PER_CLIENT,
    TCP_IDLE,
    TRANSFERS,
    HTTP,
    HTTP_PER_CLIENT,
    HTTP_HEADER,
    HTTP_IDLE,
    CACHED_NETWORKS,
    CACHED_DECISIONS,
    RATE_LIMITED,
    WITHOUT_COOKIE,
    OBSERVED,
)


def build(table: Table) -> Limits:
    return Limits(
        tcp_connections=table[TCP],
        tcp_connections_per_client=table[TCP_PER_CLIENT],
        tcp_idle_s=table[TCP_IDLE],
        transfers=table[TRANSFERS],
        http_connections=table[HTTP],
        http_connections_per_client=table[HTTP_PER_CLIENT],
        http_header_s=table[HTTP_HEADER],
        http_idle_s=table[HTTP_IDLE],
        cached_networks=table[CACHED_NETWORKS],
        cached_decisions=table[CACHED_DECISIONS],
        rate_limited_networks=table[RATE_LIMITED],
        udp_without_cookie=table[WITHOUT_COOKIE],
        observed_queue=table[OBSERVED],
    )
