"""Names that are not there, and that somebody asks for with DO, in zones with `denial: compact`: which of them get a compact one.

Workers name them in their tallies; control signs so many a second of each zone, and the next World has the signatures. A
flood of random names costs those signatures, a bounded table, and one World every EVERY_S.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from gslb.dns.codes import A
from gslb.dns.compact import CompactDenials, compact_nsec, deniable
from gslb.dns.cursor import Malformed
from gslb.dns.names import name_length, wire_name
from gslb.dns.secure import Signs
from gslb.dns.tree import Tree
from gslb.model import Configuration, Zone

EVERY_S: Final = 2.0
MOST_ASKED: Final = 4096  # names that wait
MOST_NAMES: Final = 4096  # names that are signed; the oldest goes first
_LONGEST_HEX: Final = 510


class Compacting:
    """`ask` and `taken` belong to the event loop, `denials` to the thread that makes Worlds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asked: dict[bytes, None] = {}
        self._taken_s = clock()
        self._tree: Tree | None = None
        self._signed: dict[bytes, tuple[bytes, ...]] = {}
        self._allowed: dict[str, tuple[float, float]] = {}  # by zone: signatures that may be made, and as of when

    def __len__(self) -> int:
        return len(self._signed)

    def ask(self, names: Iterable[bytes]) -> bool:
        """True if it is time for another World on their account."""
        for name in names:
            if len(self._asked) >= MOST_ASKED:
                break
            self._asked[name] = None
        return bool(self._asked) and self._clock() - self._taken_s >= EVERY_S

    def taken(self) -> list[bytes]:
        asked, self._asked = self._asked, {}
        self._taken_s = self._clock()
        return list(asked)

    def denials(
        self, names: Iterable[bytes], tree: Tree, configuration: Configuration, signer: Signs | None
    ) -> CompactDenials | None:
        """None where no zone is denied so. Another tree may have these names: with it all begins anew."""
        zones = {wire_name(zone.name): zone for zone in configuration.zones if _compact(zone, signer)}
        if tree is not self._tree:
            self._tree, self._signed = tree, {}
        if signer is None or not zones:
            return None
        for name in names:
            found = tree.find(name, A)
            denial = None if found is None or name in self._signed else deniable(name, found[1])
            zone = None if denial is None else zones.get(denial.apex)
            if denial is not None and zone is not None and self._may_sign(zone):
                while len(self._signed) >= MOST_NAMES:
                    del self._signed[next(iter(self._signed))]
                record = compact_nsec(name, denial.chain.ttl_s)
                self._signed[name] = signer.sign(zone.name, record, record.ttl_s).rdatas
        return CompactDenials(dict(self._signed))

    def _may_sign(self, zone: Zone) -> bool:
        rate = 0 if zone.dnssec is None else zone.dnssec.compact_signatures_per_s
        now = self._clock()
        left, since = self._allowed.get(zone.name, (rate * EVERY_S, now))
        left = min(rate * EVERY_S, left + rate * (now - since))
        self._allowed[zone.name] = max(0.0, left - 1), now
        return left >= 1


def _compact(zone: Zone, signer: Signs | None) -> bool:
    return zone.dnssec is not None and zone.dnssec.denial == "compact" and signer is not None and signer.signs(zone.name)


def denied_names(document: object) -> Iterator[bytes]:
    """The sound ones of what a worker says, in hexadecimal; whatever is no name is left out."""
    for text in document if isinstance(document, list) else ():
        try:
            name = bytes.fromhex(text) if isinstance(text, str) and len(text) <= _LONGEST_HEX else b""
            if name and name_length(name, 0) == len(name):
                yield name.lower()
        except (ValueError, Malformed):
            continue
