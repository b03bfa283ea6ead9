"""`limits`: bounds of the data plane."""

from __future__ import annotations

from gslb.config.kinds import duration, integer
from gslb.config.schema import Table, defaulted, section
from gslb.model import Limits

_DEFAULTS = Limits()
_COUNT = integer(1, 10_000_000)
_RATE = integer(1024, 1 << 40)
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
THROUGH_STREAMS = defaulted(
    "through_streams", _COUNT, _DEFAULTS.through_streams, "Served through, instead of redirected: streams at a time."
)
THROUGH_PER_CLIENT = defaulted(
    "through_streams_per_client", _COUNT, _DEFAULTS.through_streams_per_client, "The same, to one client."
)
THROUGH_RATE = defaulted("through_rate", _RATE, _DEFAULTS.through_rate, "Octets a second of all such streams together.")
THROUGH_BUFFER = defaulted(
    "through_buffer", integer(4096, 1 << 28), _DEFAULTS.through_buffer, "Octets of one such stream that wait for a slow client."
)
LINKS = defaulted(
    "links", integer(0, 100), _DEFAULTS.links, "Sites that a redirect names in `Link`, the chosen one first. 0: no such field."
)
LINK_OCTETS = defaulted("link_octets", integer(0, 1 << 16), _DEFAULTS.link_octets, "Octets of these fields of one redirect.")
METALINK_SITES = defaulted("metalink_sites", integer(1, 1000), _DEFAULTS.metalink_sites, "Sites that a Metalink names.")
LISTED_SITES = defaulted("listed_sites", integer(1, 100_000), _DEFAULTS.listed_sites, "Sites that `?mirrorlist` names.")
MANIFEST_FILES = defaulted(
    "manifest_files",
    _COUNT,
    _DEFAULTS.manifest_files,
    "Files of one generation of a release set, and of all generations together that answers may go by.",
)
MANIFEST_OCTETS = defaulted("manifest_octets", integer(1024, 1 << 30), _DEFAULTS.manifest_octets, "Octets of one manifest.")
CONTENT_ROUND = defaulted(
    "content_round_octets",
    integer(65_536, 1 << 34),
    _DEFAULTS.content_round_octets,
    "Octets of whole files that one look at a release set on a site reads.",
)
CONTENT_SCAN = defaulted(
    "content_scan_octets",
    integer(65_536, 1 << 40),
    _DEFAULTS.content_scan_octets,
    "The same of a scan; the next one goes on from there.",
)
CONTENT_FILE = defaulted(
    "content_file_octets",
    integer(65_536, 1 << 40),
    _DEFAULTS.content_file_octets,
    "A larger file is never read whole: its size, beginning and end are looked at.",
)
CONTENT_ROUND_TIME = defaulted(
    "content_round", duration(0.1, 3600.0), _DEFAULTS.content_round_s, "How long one look at a release set may take.", "60s"
)
CONTENT_SCAN_TIME = defaulted(
    "content_scan",
    duration(1.0, 86400.0),
    _DEFAULTS.content_scan_s,
    "The same of a scan; the next one goes on from there.",
    "30m",
)
CONTENT_ROUNDS = defaulted(
    "content_rounds",
    _COUNT,
    _DEFAULTS.content_rounds,
    "Looks a second, of all sites and sets together; with more than that in an interval, they are further apart.",
)
CONTENT_REQUESTS = defaulted("content_requests", _COUNT, _DEFAULTS.content_requests, "Requests a second of all scans together.")
PLEDGED = defaulted(
    "pledged_clients",
    _COUNT,
    _DEFAULTS.pledged_clients,
    "Client networks that stay at the generation of a release set that they began with. Counts from the next start.",
)
PLEDGE = defaulted(
    "pledge",
    duration(1.0, 86400.0),
    _DEFAULTS.pledge_s,
    "For how long after their last request; at one that is no longer served, for 6 times as long in all.",
    "10m",
)
MEASUREMENTS = defaulted("measurements", _COUNT, _DEFAULTS.measurements, "Latencies told by clients that are kept.")
MEASUREMENT = defaulted(
    "measurement", duration(60.0, 366 * 86400.0), _DEFAULTS.measurement_s, "After which such a latency is forgotten.", "14d"
)
INCIDENTS = defaulted("incidents_kept", _COUNT, _DEFAULTS.incidents_kept, "Incidents that are kept, beside those that are open.")
ALERTS = defaulted(
    "alerts_waiting", integer(1, 100_000), _DEFAULTS.alerts_waiting, "Messages of one channel that wait; beyond it the oldest go."
)
CANDIDATES = defaulted("boot_candidates", integer(1, 16), _DEFAULTS.boot_candidates, "Sites in one boot script.")
ACTS = defaulted("acts_kept", _COUNT, _DEFAULTS.acts_kept, "Lines of the audit log that are kept.")
TOKENS = defaulted(
    "tokens_kept",
    _COUNT,
    _DEFAULTS.tokens_kept,
    "Tokens made through the API. Those that ended are kept too, as long as there is room.",
)
KEYS = defaulted(
    "admin_idempotency_keys",
    _COUNT,
    _DEFAULTS.admin_idempotency_keys,
    "Requests that are remembered by their `Idempotency-Key`, for a day; the oldest is forgotten first.",
)
SESSIONS = defaulted(
    "admin_sessions", _COUNT, _DEFAULTS.admin_sessions, "Browsers that are logged in; the oldest log-in ends first."
)
GUESSERS = defaulted("admin_guessers", _COUNT, _DEFAULTS.admin_guessers, "Networks whose wrong tokens are counted.")
STREAM_RATE = defaulted(
    "admin_stream_rate",
    _RATE,
    _DEFAULTS.admin_stream_rate,
    "Octets a second, on the whole, of what changes, to one who watches `/api/v1/stream`. What is whole and events come at once.",
)
OVERRIDES = defaulted(
    "overrides", integer(1, 10_000), _DEFAULTS.overrides, "Overrides of weights and rules that operators may have at a time."
)
MAINTENANCE = defaulted(
    "maintenance",
    integer(1, 10_000),
    _DEFAULTS.maintenance,
    "Maintenance that may be planned at a time; and as much that is over is remembered.",
)
FLOWS = defaulted(
    "flows",
    integer(64, 20_000),
    _DEFAULTS.flows,
    "Flows that are counted apart: clients of a home region and country, sent to a site by a door for a service.",
)
FLOW_NETWORKS = defaulted(
    "flow_networks",
    integer(60, 1_000_000),
    _DEFAULTS.flow_networks,
    "Client networks in the sample of who asked in the last five minutes.",
)
SIMULATED_CLIENTS = defaulted(
    "simulated_clients",
    integer(1000, 1_000_000),
    _DEFAULTS.simulated_clients,
    "Networks that a simulation by the API draws of all countries.",
)
SIMULATED_NETWORKS = defaulted(
    "simulated_networks", _COUNT, _DEFAULTS.simulated_networks, "Networks that somebody may send for a simulation by the API."
)
SIMULATION = defaulted("simulation", _TIME, _DEFAULTS.simulation_s, "How long a simulation by the API may take.", "60s")

HISTORY_SERIES = defaulted(
    "history_series",
    integer(10, 50_000),
    _DEFAULTS.history_series,
    "Series of numbers that the history has: each takes up to 63 kB of the disk. Counts from the next start.",
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
    THROUGH_STREAMS,
    THROUGH_PER_CLIENT,
    THROUGH_RATE,
    THROUGH_BUFFER,
    LINKS,
    LINK_OCTETS,
    METALINK_SITES,
    LISTED_SITES,
    MANIFEST_FILES,
    MANIFEST_OCTETS,
    CONTENT_ROUND,
    CONTENT_SCAN,
    CONTENT_FILE,
    CONTENT_ROUND_TIME,
    CONTENT_SCAN_TIME,
    CONTENT_ROUNDS,
    CONTENT_REQUESTS,
    PLEDGED,
    PLEDGE,
    MEASUREMENTS,
    MEASUREMENT,
    INCIDENTS,
    ALERTS,
    CANDIDATES,
    FLOWS,
    FLOW_NETWORKS,
    HISTORY_SERIES,
    OVERRIDES,
    MAINTENANCE,
    ACTS,
    TOKENS,
    SESSIONS,
    KEYS,
    GUESSERS,
    STREAM_RATE,
    SIMULATED_CLIENTS,
    SIMULATED_NETWORKS,
    SIMULATION,
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
        through_streams=table[THROUGH_STREAMS],
        through_streams_per_client=table[THROUGH_PER_CLIENT],
        through_rate=table[THROUGH_RATE],
        through_buffer=table[THROUGH_BUFFER],
        links=table[LINKS],
        link_octets=table[LINK_OCTETS],
        metalink_sites=table[METALINK_SITES],
        listed_sites=table[LISTED_SITES],
        manifest_files=table[MANIFEST_FILES],
        manifest_octets=table[MANIFEST_OCTETS],
        content_round_octets=table[CONTENT_ROUND],
        content_scan_octets=table[CONTENT_SCAN],
        content_file_octets=table[CONTENT_FILE],
        content_round_s=table[CONTENT_ROUND_TIME],
        content_scan_s=table[CONTENT_SCAN_TIME],
        content_rounds=table[CONTENT_ROUNDS],
        content_requests=table[CONTENT_REQUESTS],
        pledged_clients=table[PLEDGED],
        pledge_s=table[PLEDGE],
        measurements=table[MEASUREMENTS],
        measurement_s=table[MEASUREMENT],
        incidents_kept=table[INCIDENTS],
        alerts_waiting=table[ALERTS],
        boot_candidates=table[CANDIDATES],
        flows=table[FLOWS],
        flow_networks=table[FLOW_NETWORKS],
        history_series=table[HISTORY_SERIES],
        overrides=table[OVERRIDES],
        maintenance=table[MAINTENANCE],
        acts_kept=table[ACTS],
        tokens_kept=table[TOKENS],
        admin_sessions=table[SESSIONS],
        admin_idempotency_keys=table[KEYS],
        admin_guessers=table[GUESSERS],
        admin_stream_rate=table[STREAM_RATE],
        simulated_clients=table[SIMULATED_CLIENTS],
        simulated_networks=table[SIMULATED_NETWORKS],
        simulation_s=table[SIMULATION],
    )
