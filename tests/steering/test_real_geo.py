"""The reference configuration and the bundled database: what steering promises, kept where the real networks are."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cache
from ipaddress import IPv4Address, ip_address, ip_network
from pathlib import Path
from random import Random

import pytest

from gslb import config
from gslb.geo import GeoIndex
from gslb.geo.special import special_prefix
from gslb.model import (
    FINEST_PREFIX,
    Client,
    Configuration,
    ContentSet,
    Door,
    Family,
    Request,
    Service,
    StandingKey,
    State,
    View,
    World,
)
from gslb.steering import Memo, SteeringMap, compile_table, decide, locate
from tests.steering.world import down, drained, stand, well

REFERENCE = Path(__file__).parents[2] / "config" / "inetboot.yaml"
TODAY = date(2026, 11, 23)
WIDTH: dict[Family, int] = {4: 32, 6: 128}
GIVEN_OUT = (0x2001, 0x2400, 0x2600, 0x2804, 0x2A00, 0x2A02, 0x2C0F)


@cache
def reference() -> Configuration:
    return config.load(REFERENCE)


@cache
def geo() -> GeoIndex:
    return GeoIndex.open(reference().geo)


@cache
def steering() -> SteeringMap:
    return SteeringMap(reference(), TODAY)


def host() -> str:
    return reference().services[0].host


def place(family: Family, address: int) -> Client:
    return locate(geo().lookup, family, address, FINEST_PREFIX[family])


def networks(number: int, seed: int) -> list[tuple[Family, int]]:
    """Public ones: a /24 of IPv4, a /48 of IPv6, by turns."""
    rng = Random(seed)
    found: list[tuple[Family, int]] = []
    while len(found) < number:
        family: Family = 4 if len(found) % 2 else 6
        if family == 4:
            address = rng.randrange(1 << 24, 224 << 24) >> 8 << 8
        else:
            address = (rng.choice(GIVEN_OUT) << 112) | (rng.randrange(1 << 32) << 80)
        if special_prefix(family, address) is None:
            found.append((family, address))
    return found


def everything_up(settings: Configuration) -> World:
    standings = {
        StandingKey(service.host, door, site.id, family): well(site, family)
        for service in settings.services
        for door in Door
        for site in settings.sites
        for family in (4, 6)
    }
    latency = {("tokyo", site.id): 4.0 * number for number, site in enumerate(settings.sites, 1)}
    location = settings.probes.location
    assert location is not None
    return World(1, settings, standings, TODAY, latency_ms=latency, vantages={"tokyo": location})


def test_all_addresses_in_a_scope_have_one_class_one_slot_and_that_scope():
    rng = Random(2)
    for family, address in networks(2000, 1):
        client = place(family, address)
        scope = steering().scope(host(), client)
        rest = WIDTH[family] - scope
        first = address >> rest << rest
        inside = [first, first + (1 << rest) - 1, *(first + rng.randrange(1 << rest) for _ in range(20))]
        for other in (place(family, each) for each in inside):
            assert steering().classify(host(), other) == steering().classify(host(), client)
            assert steering().slot(host(), other) == steering().slot(host(), client)
            assert steering().scope(host(), other) == scope


@pytest.mark.parametrize(
    ("network", "at_least"),
    [
        pytest.param("0.0.0.0/8", 16, id="a block nobody has"),
        pytest.param("240.0.0.0/4", 16, id="a block for the future"),
        pytest.param("2d00::/8", 40, id="a block of IPv6 not given out"),
        pytest.param("203.0.113.0/24", 24, id="an override inside of a block nobody has"),
    ],
)
def test_what_the_database_does_not_know_has_a_scope_as_long_as_the_sticky_key(network, at_least):
    block = ip_network(network)
    client = place(block.version, int(block.network_address))
    assert steering().scope(host(), client) == at_least


def test_a_scope_next_to_an_override_does_not_reach_into_it():
    override = ip_network("203.0.113.0/24")
    for address in ("203.0.112.0", "203.0.114.0"):
        scope = steering().scope(host(), place(4, int(ip_address(address))))
        assert not ip_network((address, scope), strict=False).overlaps(override)


def answered(now: World, clients: list[Client], view: View = View.DNS4) -> list[str]:
    return [decide(now, client, Request(host(), view), trace=False).choices[0].site for client in clients]


@pytest.mark.parametrize("gone", [down, drained], ids=["down", "drained"])
def test_a_site_that_goes_moves_its_own_clients_and_nobody_else(gone):
    clients = [place(*network) for network in networks(1200, 3)]
    before = answered(everything_up(reference()), clients)
    share = Counter(before)
    assert len(share) == 13
    for site in share:
        after = answered(gone(everything_up(reference()), site), clients)
        moved = [was for was, now in zip(before, after, strict=True) if was != now]
        assert moved == [site] * share[site]


def test_the_same_client_network_gets_one_site_at_both_doors():
    now = everything_up(reference())
    for family, address in networks(300, 4):
        base = View.DNS4 if family == 4 else View.DNS6
        rng = Random(address)
        rest = WIDTH[family] - reference().services[0].sticky(family)
        scope = steering().scope(host(), place(family, address))
        inside = min(rest, WIDTH[family] - scope)
        found = set()
        for view in (base, View(base + 2)):
            for _ in range(3):
                whole = address >> inside << inside | rng.randrange(1 << inside)
                client = locate(geo().lookup, family, whole, WIDTH[family])
                found.add(decide(now, client, Request(host(), view), trace=False).choices[0].site)
        assert len(found) == 1


def randomly(now: World, rng: Random) -> World:
    """As a bad day leaves it."""
    for site in now.configuration.sites:
        state = rng.choices([State.UP, State.DOWN, State.UNKNOWN, State.WRONG], [7, 2, 1, 1])[0]
        ramp = rng.choice([10, 10, 10, 4]) if state is State.UP else 10
        checks = 0 if ramp < 10 else rng.randint(1, 5)
        addresses = () if state is State.WRONG else site.addresses[:1]
        now = stand(now, site.id, state=state, ramp=ramp, checks=checks, addresses=addresses)
    slow = frozenset(site.id for site in now.configuration.sites if rng.random() < 0.1)
    latency = {key: rng.choice([2.0, 9.0, 30.0]) for key in now.latency_ms if rng.random() < 0.8}
    return replace(now, slow=slow, latency_ms=latency, ready=rng.random() < 0.9)


def several() -> Configuration:
    """The reference service, and some that are the same but for one thing each."""
    one = reference().services[0]
    changes: list[dict[str, object]] = [
        {},
        {"rules": ()},
        {"regions": None},
        {"answers": 3},
        {"content": ()},
        {"content": (ContentSet("other", "/"),)},
        {"when_all_down": "closed"},
        {"when_all_down": (IPv4Address("192.0.2.250"),)},
        {"policy": ("up", "nearest", "first")},
        {"ttl_max_s": 20},
        {"sticky_v4": 24},
    ]
    services: list[Service] = [replace(one, host=f"s{n}.example", **each) for n, each in enumerate(changes)]  # type: ignore[arg-type]
    return replace(reference(), services=tuple(services))


def test_the_table_gives_what_decide_gives_where_services_share_its_work():
    settings, rng, memo = several(), Random(5), Memo()
    where = SteeringMap(settings, TODAY)
    clients = [place(*network) for network in networks(60, 6)] + [place(4, int(ip_address("133.11.0.0")))]
    hosts = [service.host for service in settings.services]
    classes = list(dict.fromkeys((name, where.classify(name, client)) for name in hosts for client in clients))
    number = {known: index for index, known in enumerate(classes)}
    for _ in range(6):
        now = randomly(everything_up(settings), rng)
        table = compile_table(now, classes, memo)
        for name in hosts:
            for client in rng.sample(clients, 20):
                view = rng.choice(list(View))
                wanted = decide(now, client, Request(name, view), trace=False)
                index = table.number(view, number[name, where.classify(name, client)], where.slot(name, client))
                got = table.outcomes[index]
                assert (got.service, got.view, got.why, got.ttl_s) == (name, view, wanted.why, wanted.ttl_s)
                assert (got.choices, got.addresses) == (wanted.choices[: wanted.told], wanted.addresses)


def test_a_site_with_one_bad_day_is_named_with_its_reason_for_every_client():
    reason = "connection refused (3 failures in a row)"
    now = stand(everything_up(reference()), "jp-osaka-1", state=State.DOWN, reason=reason, addresses=())
    for family, address in networks(20, 7):
        view = View.DNS4 if family == 4 else View.DNS6
        trace = decide(now, place(family, address), Request(host(), view)).trace
        assert {line.site for line in trace} == {site.id for site in reference().sites}
        (osaka,) = [line for line in trace if line.site == "jp-osaka-1"]
        assert (osaka.rank, osaka.filter) == (None, "up")
        assert reason in osaka.reason
