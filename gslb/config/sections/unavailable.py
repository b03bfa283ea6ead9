"""Keys of the contract whose features this version does not have.

They are read for their shape and are then a fault each: a zone that should be signed must not be served
unsigned in silence.
"""

from __future__ import annotations

from typing import Any

from gslb.config.faults import Faults
from gslb.config.kinds import ADDRESSES, BOOLEAN, FILE, HOST, NETWORK, TEXT, integer
from gslb.config.schema import Key, Kind, Node, choice, list_of, optional, required, section

_LATER = "is not available in this version; leave it out"


def _later(name: str, kind: Kind[Any], about: str) -> Key[None]:
    def read(node: Node, faults: Faults) -> None:
        kind.read(node, faults)
        faults.add(node.line, node.path, _LATER)

    return optional(name, Kind(kind.words, read), f"{about} Not available in this version.", "off")


DNSSEC = _later(
    "dnssec",
    section(
        required("keys", FILE, "The directory of the keys."),
        optional("algorithm", choice("ecdsap256sha256", "ed25519"), "The algorithm of new keys."),
    ),
    "Signing.",
)
TRANSFER = _later(
    "transfer",
    section(
        optional("allow", list_of(NETWORK, or_one=True), "Who may take the zone."),
        optional("tsig", HOST, "The key that they sign with."),
        optional("notify", ADDRESSES, "Who is told of changes."),
    ),
    "Zone transfer.",
)
TSIG_KEYS = _later(
    "tsig_keys",
    list_of(
        section(
            required("name", HOST, "The name of the key."),
            required("algorithm", choice("hmac-sha256", "hmac-sha384", "hmac-sha512"), "Its algorithm."),
            required("secret_file", FILE, "The file with its secret."),
        )
    ),
    "Keys of zone transfer.",
)
RATE_LIMIT = _later(
    "rate_limit",
    section(
        required("responses_per_s", integer(1, 1_000_000), "Responses a second to one network."),
        optional("slip", integer(0, 10), "Every n-th limited response is truncated."),
        optional("exempt", list_of(NETWORK, or_one=True), "Networks that are not limited."),
        optional("dry_run", BOOLEAN, "Count, and limit nobody."),
    ),
    "Response rate limiting.",
)
CLUSTER = _later(
    "cluster",
    section(required("nats", list_of(TEXT, at_least=1, or_one=True), "Servers of the bus.")),
    "Several nodes.",
)
