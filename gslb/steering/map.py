"""The map: what is true of a client whatever the health of the sites.

The scope of an answer (RFC 7871 section 7.2.1) is the widest prefix around the client in which every client has the
same class and the same slot. So all clients that one cached answer serves have one site.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from gslb.geo.distance import distance_km
from gslb.model import FINEST_PREFIX, Client, Configuration, Location, Service, Site, World
from gslb.steering import geometry
from gslb.steering.classes import ClientClass, Outlook, make_class, outlook
from gslb.steering.restrict import Restriction, Restrictions
from gslb.steering.slots import key_length, slot_of

# In these two /56 (of NAT64, and of IPv4-mapped addresses) a /96 is placed by the IPv4 addresses it carries. The rest
# of them must not be told a scope that covers it, though it is finer than any other.
SHARED_UNITS = frozenset((0x0064FF9B << 96, 0))
EMBEDDED_AT = 96
_KEPT_CLASSES = 16384
_KEPT_MAPS = 4


class SteeringMap:
    """All that depends on the configuration and the day alone. `vantages` default to the node's own."""

    def __init__(self, configuration: Configuration, today: date, vantages: Mapping[str, Location] | None = None) -> None:
        self.configuration = configuration
        self.today = today
        self.vantages = dict(vantages) if vantages else own_vantage(configuration)
        self._services = {
            service.host: _ServiceMap(service, configuration.sites, today, self.vantages) for service in configuration.services
        }

    def classify(self, service: str, client: Client) -> ClientClass:
        return self._services[service].classify(client)

    def scope(self, service: str, client: Client) -> int:
        """Of the answer to this client: as long as the client's own address is, embedded or not."""
        return self._services[service].scope(client)

    def uniform(self, service: str, client: Client) -> int:
        """The length of the widest prefix around the client, in its own family, that has one class."""
        return self._services[service].uniform(client)

    def slot(self, service: str, client: Client) -> int:
        return self._services[service].slot(client)


class _ServiceMap:
    def __init__(self, service: Service, sites: Sequence[Site], today: date, vantages: Mapping[str, Location]) -> None:
        self._service = service
        self._sites = sites
        self._vantages = vantages
        self._restrictions = Restrictions(service, sites, today)
        self._borders = self._restrictions.borders()
        self._classes: dict[tuple[Location | None, Restriction], ClientClass] = {}
        self._same: dict[ClientClass, ClientClass] = {}

    def classify(self, client: Client) -> ClientClass:
        key = (geometry.location_of(client.place), self._restrictions.of(client))
        known = self._classes.get(key)
        if known is not None:
            return known
        if len(self._classes) >= _KEPT_CLASSES:
            self._classes.clear()
            self._same.clear()
        made = make_class(self._sites, self._outlook(key[0]), key[1])
        made = self._classes[key] = self._same.setdefault(made, made)
        return made

    def scope(self, client: Client) -> int:
        if client.family == 6 and client.network in SHARED_UNITS:
            return EMBEDDED_AT
        return max(self.uniform(client), self._key_length(client)) + client.offset

    def uniform(self, client: Client) -> int:
        borders = self._borders.uniform_prefix(client.family, client.network)
        return min(max(client.place_prefix, client.special or 0, borders), FINEST_PREFIX[client.family])

    def slot(self, client: Client) -> int:
        return slot_of(self._service.host, client.family, client.network, self._key_length(client))

    def _key_length(self, client: Client) -> int:
        return key_length(self._service.sticky(client.family), client.family)

    def _outlook(self, location: Location | None) -> Outlook:
        if location is None:
            return outlook(self._service, self._sites, None, ())
        far = {name: distance_km(location, place) for name, place in self._vantages.items()}
        near = sorted((name for name in far if far[name] <= geometry.NEAR_KM), key=far.__getitem__)
        return outlook(self._service, self._sites, geometry.distances(location, self._sites), tuple(near))


def own_vantage(configuration: Configuration) -> dict[str, Location]:
    probes = configuration.probes
    return {} if probes.location is None else {probes.vantage: probes.location}


_maps: list[SteeringMap] = []


def map_of(world: World) -> SteeringMap:
    """The map of a World. The last few are kept, for as long as their configuration is the same object."""
    vantages = dict(world.vantages) or own_vantage(world.configuration)
    for known in _maps:
        same = known.configuration is world.configuration and known.today == world.today
        if same and known.vantages == vantages:
            return known
    made = SteeringMap(world.configuration, world.today, vantages)
    _maps.insert(0, made)
    del _maps[_KEPT_MAPS:]
    return made
