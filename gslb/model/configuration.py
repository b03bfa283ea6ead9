"""What an operator has configured, after every check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from gslb.model.alerting import Alerts
from gslb.model.dnsfeatures import Cookies, Dnssec, Dnstap, QueryLog, RateLimit, Transfer, TsigKey
from gslb.model.oidc import OidcSettings
from gslb.model.otlp import Otlp
from gslb.model.place import Address, Endpoint, Family, Location, Network, Place


class Door(StrEnum):
    DNS = "dns"
    HTTP = "http"


@dataclass(frozen=True, slots=True)
class Match:
    """Which clients: those that any of the three names. Empty matches nobody."""

    networks: tuple[Network, ...] = ()
    asns: tuple[int, ...] = ()
    countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """Of the clients in `match`: `prefer`, serve `only`, or `never` serve by `targets` (ids of sites or regions)."""

    match: Match
    action: Literal["prefer", "only", "never"]
    targets: tuple[str, ...]
    until: date | None = None  # the last day on which it holds, UTC


@dataclass(frozen=True, slots=True)
class Site:
    id: str
    region: str
    country: str | None
    location: Location
    addresses: tuple[Address, ...]
    url: str  # ends with one slash
    url_https: str | None = None
    weight: int = 100  # 0: last resort
    capacity: int | None = None  # Mbit/s
    content: tuple[str, ...] | None = None  # None: every release set
    only: Match | None = None
    rsync: str | None = None  # rsync://host/module/…/, the same tree as `url`, for listings

    def addresses_of(self, family: Family) -> tuple[Address, ...]:
        return tuple(address for address in self.addresses if address.version == family)


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """`check` of a service, as configured; None where the default depends on the site."""

    type: Literal["http", "https", "tcp", "dns", "exec"] = "http"
    path: str = "/"
    status: tuple[int, ...] = (200, 206)
    method: str = "GET"
    port: int | None = None
    host: str | None = None
    contains: str | None = None
    size: int | None = None
    sha256: str | None = None
    verify: bool = True
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContentSet:
    """A release set: every path under `prefix`, decoded, which ends with a slash. The names of files are relative to it.

    Without manifest and sentinels nothing is looked at, and `content` of the sites says who carries it.
    """

    name: str
    prefix: str
    manifest: str | None = None  # SHA256SUMS or the like
    sentinels: tuple[str, ...] = ()  # files that are looked at in every round
    lock: str | None = None  # a file that is there while a site changes
    every_s: float = 3600.0  # between two scans of all files
    sample: int = 4  # files that are looked at in each round beside the sentinels, in turn

    @property
    def scanned(self) -> bool:
        return self.manifest is not None or bool(self.sentinels)


@dataclass(frozen=True, slots=True)
class BootImage:
    """What `/~boot/NAME.sh` and `/~boot/NAME.ipxe` boot. Paths as in a URL, absolute; `httpfuse` ends with a slash."""

    name: str
    kernel: str
    initrd: tuple[str, ...] = ()
    httpfuse: str | None = None
    append: str = ""
    content: str | None = None  # the release set all of it is of; None: by the path of the kernel


@dataclass(frozen=True, slots=True)
class ServeThrough:
    """Clients whose User-Agent begins with one of `agents` get the bytes instead of a redirect. Empty: nobody."""

    agents: tuple[str, ...] = ("GRUB", "UefiHttpBoot", "rpiboot")


@dataclass(frozen=True, slots=True)
class Service:
    host: str
    check: CheckSettings
    http_hosts: tuple[str, ...] = ()
    via: frozenset[Door] = frozenset({Door.DNS, Door.HTTP})
    ttl_min_s: int = 15
    ttl_max_s: int = 60
    answers: int = 1
    when_all_down: Literal["open", "closed"] | tuple[Address, ...] = "open"
    policy: tuple[str, ...] = ("up", "content", "nearest", "fastest", "spill", "sticky", "first")
    regions: Mapping[str, tuple[str, ...]] | None = None  # home region -> order; "default" for the unknown
    sticky_v4: int = 16
    sticky_v6: int = 40
    rules: tuple[Rule, ...] = ()
    content: tuple[ContentSet, ...] = ()
    boot: tuple[BootImage, ...] = ()
    serve_through: ServeThrough = ServeThrough()
    public_url: str | None = None  # ends with one slash; None: by the names and listeners of the redirector
    public_url_https: str | None = None

    def sticky(self, family: Family) -> int:
        return self.sticky_v4 if family == 4 else self.sticky_v6


@dataclass(frozen=True, slots=True)
class Record:
    """One static record. `owner` is absolute, lower case, no final dot; `rdata` is uncompressed wire format."""

    owner: str
    ttl_s: int
    type: int
    rdata: bytes


@dataclass(frozen=True, slots=True)
class Zone:
    name: str
    nameservers: Mapping[str, tuple[Address, ...]]
    contact: str  # as written: hostmaster@example.net
    ttl_s: int = 300
    negative_ttl_s: int = 30
    records: tuple[Record, ...] = ()
    records_file: str | None = None  # absolute; its records are among `records`
    dnssec: Dnssec | None = None  # None: unsigned
    transfer: Transfer | None = None  # None: refused


@dataclass(frozen=True, slots=True)
class GeoOverride:
    network: Network
    place: Place


@dataclass(frozen=True, slots=True)
class GeoSettings:
    databases: tuple[str, ...] = ("bundled",)  # "bundled", or absolute paths; later ones fill what earlier lack
    overrides: tuple[GeoOverride, ...] = ()


@dataclass(frozen=True, slots=True)
class ProbeSettings:
    interval_s: float = 10.0
    timeout_s: float = 4.0
    rise: int = 5
    fall: int = 3
    slow_start_s: float = 60.0
    flap_changes: int = 4
    flap_within_s: float = 600.0
    flap_quiet_s: float = 300.0
    vantage: str = "local"
    location: Location | None = None  # None: measured latency ranks nobody
    latency: Literal["connect", "first_byte"] = "connect"
    concurrency: int = 256
    contact: str | None = None  # told in the User-Agent


@dataclass(frozen=True, slots=True)
class Listen:
    dns: tuple[Endpoint, ...] = ()
    dot: tuple[Endpoint, ...] = ()  # DNS over TLS
    http: tuple[Endpoint, ...] = ()
    https: tuple[Endpoint, ...] = ()
    admin: Endpoint | None = None
    trusted_proxies: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the data plane. Each is a key of `limits` in the configuration, and a gauge in the metrics."""

    tcp_connections: int = 4096
    tcp_connections_per_client: int = 256
    tcp_idle_s: float = 10.0
    transfers: int = 10  # of zones, at a time
    http_connections: int = 4096
    http_connections_per_client: int = 256
    http_header_s: float = 10.0
    http_idle_s: float = 60.0
    cached_networks: int = 65536
    cached_decisions: int = 65536
    rate_limited_networks: int = 65536
    udp_without_cookie: int = 1232  # octets of an answer
    observed_queue: int = 10_000  # messages that wait for dnstap or the query log
    through_streams: int = 256  # that are served through at a time
    through_streams_per_client: int = 64  # a classroom may be one address
    through_rate: int = 125_000_000  # octets a second of all streams together
    through_buffer: int = 262_144  # octets of one stream that wait for a slow client
    links: int = 4  # sites that a redirect tells in Link fields, the chosen one first; 0: none
    link_octets: int = 4096  # of these fields
    metalink_sites: int = 32
    listed_sites: int = 100  # of `?mirrorlist`
    manifest_files: int = 100_000  # of one generation of a release set, and of all that are kept
    manifest_octets: int = 16_777_216
    content_round_octets: int = 1_048_576  # of whole files in one look at a set on a site
    content_scan_octets: int = 268_435_456  # the same in a scan
    content_file_octets: int = 16_777_216  # of a file that is read whole at all
    content_round_s: float = 60.0  # how long one look may take
    content_scan_s: float = 1800.0
    content_rounds: int = 20  # looks a second, of all sites and sets
    content_requests: int = 200  # requests a second of all scans
    pledged_clients: int = 65_536  # client networks that stay at the generation of a set that they began with
    pledge_s: float = 600.0  # after the last request of such a network
    measurements: int = 65_536  # latencies told by clients that are kept
    measurement_s: float = 14 * 86400.0  # after which one is forgotten
    incidents_kept: int = 1000  # the newest, and all that are open
    alerts_waiting: int = 1000  # messages of one channel that are still to be delivered
    boot_candidates: int = 5  # sites in one boot script
    simulated_clients: int = 20_000  # networks that a simulation draws of all countries
    simulated_networks: int = 10_000  # networks that somebody may send for one
    simulation_s: float = 60.0  # how long one may take
    flows: int = 4096  # of clients of a home region and country to a site, that are counted apart
    flow_networks: int = 20_000  # client networks in the sample of who asks
    history_series: int = 2000  # of numbers that are kept for a year: 63 kB each
    overrides: int = 200  # of weights and rules, by operators
    maintenance: int = 500  # that is planned or runs; and as much that is over is kept
    acts_kept: int = 10_000  # lines of the audit log
    tokens_kept: int = 1000  # made through the API, ended ones included
    admin_sessions: int = 1024  # of browsers that are logged in
    admin_idempotency_keys: int = 1024  # of requests that are answered as before when they come again
    admin_guessers: int = 16_384  # networks that wrong tokens came from
    admin_stream_rate: int = 48_000  # octets a second of what changes, to one who watches


@dataclass(frozen=True, slots=True)
class User:
    name: str
    role: Literal["viewer", "owner", "operator"]
    token_sha256: str
    sites: tuple[str, ...] = ()  # of an owner
    expires: datetime | None = None  # None: never


@dataclass(frozen=True, slots=True)
class Tls:
    certificate: str
    key: str


@dataclass(frozen=True, slots=True)
class Configuration:
    node: str
    state_dir: str
    sites: tuple[Site, ...]
    services: tuple[Service, ...]
    listen: Listen = Listen()
    zones: tuple[Zone, ...] = ()
    geo: GeoSettings = GeoSettings()
    probes: ProbeSettings = ProbeSettings()
    limits: Limits = Limits()
    users: tuple[User, ...] = ()
    alerts: Alerts = Alerts()
    oidc: OidcSettings | None = None
    tsig_keys: tuple[TsigKey, ...] = ()
    cookies: Cookies = Cookies()
    rate_limit: RateLimit | None = None
    dnstap: Dnstap | None = None
    query_log: QueryLog | None = None
    otlp: Otlp | None = None
    tls: Tls | None = None
    user: str | None = None
    file: str = ""  # absolute path it was read from
    digest: str = ""  # SHA-256 of its text, hexadecimal; with zone files, of all their texts
    files: tuple[tuple[str, str], ...] = ()  # what it was read from, itself first: absolute path, SHA-256

    def site(self, site_id: str) -> Site:
        return next(site for site in self.sites if site.id == site_id)

    def service(self, host: str) -> Service:
        return next(service for service in self.services if service.host == host)
