"""`dnssec` of a zone: where its keys are, and how it is signed."""

from __future__ import annotations

from collections.abc import Callable

from gslb.config.kinds import FILE, duration, integer
from gslb.config.schema import Table, choice, defaulted, required, section
from gslb.model import Dnssec

_DEFAULTS = Dnssec("")
_DAY_S = 86400

KEYS = required("keys", FILE, "The directory of the keys; `gslb dnssec keygen` makes the first.")
ALGORITHM = defaulted("algorithm", choice("ecdsap256sha256", "ed25519"), _DEFAULTS.algorithm, "The algorithm of new keys.")
VALIDITY = defaulted(
    "validity",
    duration(_DAY_S, 90 * _DAY_S),
    float(_DEFAULTS.validity_s),
    "How long a signature holds; renewed before half of it.",
    "14d",
)
DENIAL = defaulted("denial", choice("nsec", "compact"), _DEFAULTS.denial, "How absence is proved: a chain of NSEC, or RFC 9824.")
COMPACT = defaulted(
    "compact_signatures_per_s",
    integer(1, 100_000),
    _DEFAULTS.compact_signatures_per_s,
    "Names a second that get a compact denial of their own; the others get the chain.",
)
DNSSEC = section(KEYS, ALGORITHM, VALIDITY, DENIAL, COMPACT)


def build(table: Table, absolute: Callable[[str], str]) -> Dnssec:
    return Dnssec(
        keys=absolute(table[KEYS]),
        algorithm="ed25519" if table[ALGORITHM] == "ed25519" else "ecdsap256sha256",
        validity_s=int(table[VALIDITY]),
        denial="compact" if table[DENIAL] == "compact" else "nsec",
        compact_signatures_per_s=table[COMPACT],
    )
