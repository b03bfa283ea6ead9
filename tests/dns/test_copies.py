"""What a zone holds when it goes out whole: of steered names every site that may be answered when nothing is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address

import dns.message
import dns.name
import pytest

from gslb.dns.copies import copy_zone, steered_contents
from gslb.model import Configuration, Drain, Match, Service, State, World
from tests.dns import worlds
from tests.dns.test_transfer import HERE, configured, records
from tests.dns.worlds import HOST, ZONE


def told(world: World, host: str = HOST, kind: str = "A") -> set[str]:
    """What a steered name goes out with."""
    zone = world.configuration.zones[0]
    wires = [b"\0\7" + answer.heads[0] + _question() + answer.body for answer in copy_zone(world, zone, 1).messages]
    parsed = [dns.message.from_wire(wire, xfr=True, one_rr_per_rrset=True) for wire in wires]
    return {data for name, _, found, data in records(parsed) if (name, found) == (f"{host}.", kind)}


def _question() -> bytes:
    return dns.name.from_text(ZONE).to_digestable() + b"\0\xfc\0\1"


def with_state(world: World, site: str, state: State) -> World:
    standings = {
        key: replace(standing, state=state) if key.site == site else standing for key, standing in world.standings.items()
    }
    return replace(world, standings=standings)


def drained(world: World, *sites: str) -> World:
    since = datetime(2026, 11, 23, tzinfo=UTC)
    return replace(world, drains={site: Drain(site, "test", "ops", since) for site in sites})


def test_health_alone_changes_nothing() -> None:
    world = worlds.world(configured())
    down = worlds.world(configured(), down=("jp-1", "us-1", "eu-1"))
    assert told(down) == told(world)
    assert steered_contents(down) == steered_contents(world)


@pytest.mark.parametrize("change", ["drained", "wrong"])
def test_a_site_that_is_drained_or_wrong_does_not_go_out(change: str) -> None:
    world = worlds.world(configured())
    other = drained(world, "jp-1") if change == "drained" else with_state(world, "jp-1", State.WRONG)
    assert told(other) == {"192.0.2.2", "192.0.2.3"}
    assert told(other, kind="AAAA") == {"2001:db8:2::1"}
    assert steered_contents(other) != steered_contents(world)


def test_a_name_without_a_site_left_goes_out_without_addresses() -> None:
    assert told(drained(worlds.world(configured()), "jp-1", "us-1", "eu-1")) == set()


def site_with(site: str, **changes: object) -> Configuration:
    sites = tuple(replace(each, **changes) if each.id == site else each for each in worlds.SITES)  # type: ignore[arg-type]
    return configured(sites=sites)


@pytest.mark.parametrize("changes", [{"weight": 0}, {"only": Match(countries=("JP",))}], ids=["last resort", "for some"])
def test_last_resorts_go_out_only_when_nothing_else_is_left(changes: dict[str, object]) -> None:
    world = worlds.world(site_with("jp-1", **changes))
    assert told(world) == {"192.0.2.2", "192.0.2.3"}
    assert told(drained(world, "us-1", "eu-1")) == {"192.0.2.1"}


def test_addresses_for_when_all_is_down_go_out_instead() -> None:
    service = replace(worlds.SERVICE, when_all_down=(ip_address("192.0.2.200"),))
    assert told(worlds.world(configured(services=(service,)))) == {"192.0.2.200"}


def test_a_service_that_dns_does_not_steer_goes_out_as_it_is_written() -> None:
    world = worlds.world(configured(services=()))
    assert told(world) == set()
    assert told(world, f"go.{ZONE}") == {"192.0.2.80"}


def test_a_zone_below_our_own_goes_out_as_a_delegation() -> None:
    child = worlds.zone(f"child.{ZONE}", "www 60 IN A 192.0.2.90")
    parent = replace(worlds.zone(), transfer=HERE)
    service = Service(f"boot.child.{ZONE}", worlds.SERVICE.check)
    world = worlds.world(worlds.configuration(zones=(parent, child), services=(worlds.SERVICE, service)))
    assert told(world, f"child.{ZONE}", "NS") == {f"ns1.child.{ZONE}.", "ns2.example.net."}
    assert told(world, f"ns1.child.{ZONE}") == {"192.0.2.53"}
    assert told(world, f"www.child.{ZONE}") == told(world, f"boot.child.{ZONE}") == set()


def test_before_the_first_result_every_site_goes_out() -> None:
    world = replace(worlds.world(configured()), standings={})
    assert told(world) == {"192.0.2.1", "192.0.2.2", "192.0.2.3"}
