"""Random configurations, Worlds, places and clients, within what a configuration may say."""

from __future__ import annotations

from datetime import UTC, date, datetime
from ipaddress import IPv4Address, IPv6Address, ip_network

from hypothesis import strategies as st

from gslb.geo.prefixes import uniform_prefix
from gslb.model import (
    CheckSettings,
    Client,
    Configuration,
    ContentSet,
    Door,
    Drain,
    Edition,
    Hold,
    Holding,
    HoldingKey,
    Location,
    Match,
    Place,
    ProbeSettings,
    Rule,
    Service,
    SetKey,
    Site,
    Standing,
    StandingKey,
    State,
    World,
)
from tests.steering.world import HOST

REGIONS = ("us", "eu", "jp")
COUNTRIES = ("US", "DE", "JP", "KR")
ASNS = (1, 2, 3)
SETS = ("alpha", "beta")
ALPHA, BETA = ContentSet("alpha", "/a/"), ContentSet("beta", "/a/b/")
SCANNED = ContentSet("alpha", "/a/", manifest="SHA256SUMS")
GENERATIONS = ("old", "new")
POLICY = ("up", "content", "nearest", "fastest", "spill", "sticky", "first")

locations = st.builds(Location, st.floats(-60, 70).map(lambda x: round(x, 1)), st.floats(-180, 180).map(lambda x: round(x, 1)))
networks = st.one_of(
    st.tuples(st.integers(0, 2**32 - 1), st.integers(4, 30)).map(lambda n: ip_network((n[0] >> 32 - n[1] << 32 - n[1], n[1]))),
    st.tuples(st.integers(0x2000 << 112, 0x3FFF << 112), st.integers(16, 64)).map(
        lambda n: ip_network((n[0] >> 128 - n[1] << 128 - n[1], n[1]))
    ),
)
matches = st.builds(
    Match,
    st.lists(networks, max_size=2).map(tuple),
    st.lists(st.sampled_from(ASNS), max_size=1).map(tuple),
    st.lists(st.sampled_from(COUNTRIES), max_size=2).map(tuple),
)


@st.composite
def sites(draw, number: int) -> Site:
    v4, v6 = draw(st.sampled_from([(1, 1), (1, 1), (2, 1), (1, 0), (0, 1)]))
    addresses = [IPv4Address(f"192.0.2.{number * 2 + index}") for index in range(v4)]
    return Site(
        f"s{number}",
        draw(st.sampled_from(REGIONS)),
        None,
        draw(locations),
        (*addresses, *[IPv6Address(f"2001:db8::{number}")][:v6]),
        f"http://s{number}.example/",
        draw(st.sampled_from([None, f"https://s{number}.example/"])),
        weight=draw(st.sampled_from([100, 100, 100, 30, 0])),
        capacity=draw(st.sampled_from([None, None, 100, 1000])),
        content=draw(st.sampled_from([None, None, ("alpha",), ("alpha", "beta"), ()])),
        only=draw(st.one_of(st.none(), st.none(), st.none(), matches)),
    )


@st.composite
def rules(draw, names: tuple[str, ...]) -> Rule:
    return Rule(
        draw(matches),
        draw(st.sampled_from(["prefer", "only", "never"])),
        tuple(draw(st.lists(st.sampled_from([*names, *REGIONS]), min_size=1, max_size=3, unique=True))),
        draw(st.sampled_from([None, date(2026, 1, 1), date(2027, 1, 1)])),
    )


orders = st.one_of(
    st.none(),
    st.dictionaries(
        st.sampled_from([*REGIONS, "default"]),
        st.lists(st.sampled_from(REGIONS), min_size=1, unique=True).map(tuple),
        min_size=1,
    ),
)
policies = st.one_of(st.just(POLICY), st.just(POLICY), st.permutations(POLICY), st.lists(st.sampled_from(POLICY), unique=True))


@st.composite
def configurations(draw) -> Configuration:
    made = tuple(draw(sites(number)) for number in range(draw(st.integers(1, 7))))
    service = Service(
        HOST,
        CheckSettings(),
        ttl_min_s=draw(st.sampled_from([1, 15])),
        answers=draw(st.sampled_from([1, 1, 1, 2, 3])),
        when_all_down=draw(st.sampled_from(["open", "open", "closed", (IPv4Address("192.0.2.250"),)])),
        policy=tuple(draw(policies)),
        regions=draw(orders),
        sticky_v4=draw(st.sampled_from([0, 8, 16, 24, 32])),
        sticky_v6=draw(st.sampled_from([0, 32, 40, 64])),
        rules=tuple(draw(st.lists(rules(tuple(site.id for site in made)), max_size=3))),
        content=draw(st.sampled_from([(), (), (ALPHA,), (ALPHA, BETA), (SCANNED,), (SCANNED, BETA)])),
    )
    place = draw(st.one_of(st.none(), locations))
    return Configuration("n", "/nowhere", made, (service,), probes=ProbeSettings(vantage="v", location=place))


@st.composite
def standings(draw, site: Site, family: int) -> Standing:
    state = draw(st.sampled_from([State.UP, State.UP, State.UP, State.DOWN, State.UNKNOWN, State.WRONG]))
    ramp = draw(st.sampled_from([10, 10, 10, 0, 3, 7])) if state is State.UP else 10
    checks = 0 if ramp < 10 else draw(st.integers(1, 8))
    well = site.addresses_of(family)[:1] if state is State.UP else ()  # type: ignore[arg-type]
    return Standing(state, "made up", well, ramp, checks)


@st.composite
def holdings(draw, configuration: Configuration) -> dict[HoldingKey, Holding]:
    holds = st.sampled_from([Hold.GOOD, Hold.GOOD, *Hold])
    scanned = [one.name for one in configuration.services[0].content if one.scanned]
    return {
        HoldingKey(HOST, name, door, site.id, family): Holding(draw(holds), draw(st.sampled_from(GENERATIONS)), "made up")
        for name in scanned
        for door in Door
        for site in configuration.sites
        for family in (4, 6)
        if draw(st.integers(0, 5))
    }


@st.composite
def worlds(draw, configuration: Configuration) -> World:
    known = {
        StandingKey(HOST, door, site.id, family): draw(standings(site, family))
        for door in Door
        for site in configuration.sites
        for family in (4, 6)
        if draw(st.integers(0, 9))
    }
    names = [site.id for site in configuration.sites]
    gone = draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
    latency = draw(st.dictionaries(st.sampled_from(names), st.sampled_from([1.0, 5.0, 20.0, 90.0])))
    location = configuration.probes.location
    return World(
        1,
        configuration,
        known,
        date(2026, 11, 23),
        ready=draw(st.sampled_from([True, True, True, False])),
        drains={name: Drain(name, "disks", "ops", datetime(2026, 11, 23, tzinfo=UTC)) for name in gone},
        latency_ms={("v", name): value for name, value in latency.items()},
        vantages={} if location is None else {"v": location},
        slow=frozenset(draw(st.lists(st.sampled_from(names), max_size=1))),
        holdings=draw(holdings(configuration)),
        editions={SetKey(HOST, "alpha"): Edition(draw(st.sampled_from(["", *GENERATIONS])))},
    )


@st.composite
def places(draw, near: tuple[Location, ...] = ()) -> Place:
    known = st.one_of(locations, st.sampled_from(near)) if near else locations
    return Place(
        draw(st.sampled_from([None, *COUNTRIES])), draw(st.one_of(st.none(), known)), draw(st.sampled_from([None, *ASNS]))
    )


@st.composite
def clients(draw, configuration: Configuration) -> Client:
    location = configuration.probes.location
    place = draw(places((location,) if location else ()))
    if draw(st.booleans()):
        return Client(4, draw(st.integers(0, 2**24 - 1)) << 8, 24, place, draw(st.integers(0, 28)))
    return Client(6, draw(st.integers(0, 2**56 - 1)) << 72, 56, place, draw(st.integers(0, 60)))


class NestedMap:
    """A map of places made of networks in networks: the innermost one says where an address is."""

    def __init__(self, entries) -> None:
        self.networks = list(entries)
        self._entries = sorted(entries.items(), key=lambda entry: -entry[0].prefixlen)

    def __call__(self, family, address) -> tuple[Place, int]:
        prefix = uniform_prefix((network for network, _ in self._entries), family, address)
        for network, place in self._entries:
            shift = network.max_prefixlen - network.prefixlen
            if network.version == family and address >> shift == int(network.network_address) >> shift:
                return place, prefix
        return Place(), prefix


maps = st.dictionaries(networks, places(), max_size=8).map(NestedMap)
