"""The map: what is true of a client whatever the health of the sites.

The scope of an answer (RFC 7871 section 7.2.1) is the widest prefix around the client in which every client has the
same class and the same slot. So all clients that one cached answer serves have one site.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from gslb.geo.distance import distance_km
from gslb.model import FINEST_PREFIX, Client, Configuration, Location, Network, Service, Site, World
from gslb.steering import geometry
from gslb.steering.classes import ClientClass, Outlook, make_class, outlook
from gslb.steering.client import special_unit
from gslb.steering.restrict import BARRIERS, Restriction, Restrictions, holding
from gslb.steering.scopes import Scopes, ScopeTree, sites_key, tree_key
from gslb.steering.slots import key_length, slot_of

# In these two /56 (of NAT64, and of IPv4-mapped addresses) a /96 is placed by the IPv4 addresses it carries. The rest
# of them must not be told a scope that covers it, though it is finer than any other.
SHARED_UNITS = frozenset((0x0064FF9B << 96, 0))
EMBEDDED_AT = 96
Kind = tuple[ClientClass, tuple[Network, ...], bool]
_KEPT_CLASSES = 16384
_KEPT_MAPS = 4


class SteeringMap:
    """All that depends on the configuration and the day alone. `vantages` default to the node's own.

    Without the tree of a service in `scopes`, its scopes are no wider than the blocks of the databases. `scopes` are of
    the databases that the clients are placed by.
    """

    def __init__(
        self,
        configuration: Configuration,
        today: date,
        vantages: Mapping[str, Location] | None = None,
        scopes: Scopes | None = None,
    ) -> None:
        self.configuration = configuration
        self.today = today
        self.vantages = dict(vantages) if vantages else own_vantage(configuration)
        common = sites_key(configuration.sites, self.vantages)
        self.services = {
            service.host: ServiceMap(service, configuration.sites, today, self.vantages, common)
            for service in configuration.services
        }
        trees = {} if scopes is None else scopes.trees
        for each in self.services.values():
            each.tree = trees.get(each.key)

    def classify(self, service: str, client: Client) -> ClientClass:
        return self.services[service].classify(client)

    def scope(self, service: str, client: Client, scopes: Scopes | None = None) -> int:
        """Of the answer to this client: as long as the client's own address is, embedded or not.

        By the tree in `scopes`, if they are given; else by the one that the map came with.
        """
        found = self.services[service]
        tree = found.tree if scopes is None else scopes.trees.get(found.key)
        return found.scope(client, tree)

    def uniform(self, service: str, client: Client) -> int:
        """The length of a prefix around the client, in its own family, that has one class: the database's own block."""
        return self.services[service].uniform(client)

    def slot(self, service: str, client: Client) -> int:
        return self.services[service].slot(client)

    def key_length(self, service: str, client: Client) -> int:
        """Of the network that sticks together, in the client's own family."""
        return self.services[service].key_length(client)


class ServiceMap:
    """`key` is equal for services that make the same of every client; `tree` tells how wide that is the same."""

    def __init__(
        self, service: Service, sites: Sequence[Site], today: date, vantages: Mapping[str, Location], common: str
    ) -> None:
        self._service = service
        self._sites = sites
        self._vantages = vantages
        self._restrictions = Restrictions(service, sites, today)
        self.borders = self._restrictions.borders()
        self.key = tree_key(common, service, holding(service, today))
        self.tree: ScopeTree | None = None
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

    def scope(self, client: Client, tree: ScopeTree | None) -> int:
        if client.family == 6 and client.network in SHARED_UNITS:
            return EMBEDDED_AT
        uniform = self.uniform(client) if tree is None else tree.length(client.family, client.network)
        return max(uniform, client.special or 0, self.key_length(client)) + client.offset

    def kind(self, client: Client) -> Kind:
        """What neighbours have to have in common for one scope over both: the class, and the blocks that no scope leaves.

        In a private network a client that nobody places is placed by who asks, and is no neighbour of one that has a place.
        """
        barrier = BARRIERS.covering(client.family, client.network)
        nowhere = not client.place.known and special_unit(client.family, client.network) is not None
        return self.classify(client), barrier, nowhere

    def uniform(self, client: Client) -> int:
        borders = self.borders.uniform_prefix(client.family, client.network)
        return min(max(client.place_prefix, client.special or 0, borders), FINEST_PREFIX[client.family])

    def slot(self, client: Client) -> int:
        return slot_of(self._service.host, client.family, client.network, self.key_length(client))

    def key_length(self, client: Client) -> int:
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
