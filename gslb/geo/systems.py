"""Where an AS is: a network that the overrides or the databases say is its own, to look at what becomes of such clients."""

from __future__ import annotations

from ipaddress import ip_network
from threading import Lock
from typing import Final

from gslb.geo.index import GeoIndex
from gslb.geo.overlay import UNIT_SHIFT
from gslb.model import FINEST_PREFIX, Family, Network

SYSTEMS_MOST: Final = 1 << 18  # of one family: twice as many as there are
STEPS_MOST: Final = 1 << 26
_FAMILIES: Final[tuple[Family, ...]] = (4, 6)


class Systems:
    """The first network of each AS. Made when it is asked for first, which takes seconds: ask from a thread."""

    def __init__(self, index: GeoIndex) -> None:
        self.index = index
        self._lock = Lock()
        self._units: dict[Family, dict[int, int]] | None = None

    @property
    def known(self) -> bool:
        """Whether anything open could say what is of which AS; quick."""
        return any(each.place.asn for each in self.index.settings.overrides) or any(each.has_asn for each in self.index.databases)

    def network(self, asn: int) -> Network | None:
        """One of the AS, IPv4 first, as steering cuts it; None where nobody knows one. Raises GeoError for a broken database."""
        for override in self.index.settings.overrides:
            if override.place.asn == asn:
                return override.network
        with self._lock:
            if self._units is None:
                self._units = {family: self._walk(family) for family in _FAMILIES}
        for family, units in self._units.items():
            if asn in units:
                return ip_network((_packed(family, units[asn]), FINEST_PREFIX[family]))
        return None

    def _walk(self, family: Family) -> dict[int, int]:
        found: dict[int, int] = {}
        for database in self.index.databases:
            if not database.has_asn:
                continue
            asns: dict[int | None, int | None] = {}  # by record: many networks share one
            for unit, reference in database.leaves(family, STEPS_MOST):
                if reference not in asns:
                    if len(asns) >= SYSTEMS_MOST:
                        asns.clear()
                    asns[reference] = database.fields(reference).asn
                asn = asns[reference]
                if asn is not None and len(found) < SYSTEMS_MOST:
                    found.setdefault(asn, unit)
        return found


def _packed(family: Family, unit: int) -> bytes:
    return (unit << UNIT_SHIFT[family]).to_bytes(4 if family == 4 else 16, "big")
