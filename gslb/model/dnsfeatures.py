"""What the DNS door does beyond answering: signing, transfer, cookies, limits, logs; as configured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gslb.model.place import Endpoint, Network

Algorithm = Literal["ecdsap256sha256", "ed25519"]
TsigAlgorithm = Literal["hmac-sha256", "hmac-sha384", "hmac-sha512"]


@dataclass(frozen=True, slots=True)
class Dnssec:
    """`keys` is the absolute path of a directory. `algorithm` is that of new keys."""

    keys: str
    algorithm: Algorithm = "ecdsap256sha256"
    validity_s: int = 14 * 86400
    denial: Literal["nsec", "compact"] = "nsec"
    compact_signatures_per_s: int = 100


@dataclass(frozen=True, slots=True)
class Transfer:
    """Who may take the zone, and who is told of changes. With `tsig` only requests that this key signs are heard."""

    allow: tuple[Network, ...] = ()
    tsig: str | None = None
    notify: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class TsigKey:
    """`name` is lower case without the final dot."""

    name: str
    algorithm: TsigAlgorithm
    secret_file: str


@dataclass(frozen=True, slots=True)
class Cookies:
    """`secrets_file` None: secrets of this node's own, which no other node knows."""

    secrets_file: str | None = None


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Responses a second to one network. `slip`: every n-th limited response is TC, 0 none."""

    responses_per_s: int
    slip: int = 2
    exempt: tuple[Network, ...] = ()
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Dnstap:
    """Where Frame Streams go: a Unix socket or a file, one of the two."""

    socket: str | None = None
    file: str | None = None
    client_addresses: bool = False  # whole ones; else cut to the sticky key


@dataclass(frozen=True, slots=True)
class QueryLog:
    """One in so many queries is written to `file`, one JSON document a line."""

    file: str
    one_in: int = 100
    client_addresses: bool = False
