"""A small world to steer in: thirteen sites as InetBoot has them, and the words to change what is true of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address

from gslb.model import (
    CheckSettings,
    Client,
    Configuration,
    Door,
    Drain,
    Family,
    Location,
    Place,
    ProbeSettings,
    Request,
    Service,
    Site,
    Standing,
    StandingKey,
    State,
    View,
    World,
)

HOST = "knoppix.inetboot.net"
TODAY = date(2026, 11, 23)

TOKYO = Location(35.68, 139.77)
HONOLULU = Location(21.3, -157.9)
BERLIN = Location(52.52, 13.40)

CITIES: Mapping[str, tuple[str, str, float, float]] = {
    "us-fremont": ("us", "US", 37.55, -121.99),
    "us-chicago": ("us", "US", 41.88, -87.63),
    "us-newyork": ("us", "US", 40.71, -74.01),
    "eu-frankfurt": ("eu", "DE", 50.11, 8.68),
    "eu-london": ("eu", "GB", 51.51, -0.13),
    "eu-stockholm": ("eu", "SE", 59.33, 18.07),
    "jp-tokyo-1": ("jp", "JP", 35.68, 139.77),
    "jp-tsukuba": ("jp", "JP", 36.08, 140.11),
    "jp-nagoya": ("jp", "JP", 35.18, 136.91),
    "jp-osaka": ("jp", "JP", 34.69, 135.50),
    "jp-hiroshima": ("jp", "JP", 34.39, 132.46),
    "jp-fukuoka": ("jp", "JP", 33.59, 130.40),
    "jp-sapporo": ("jp", "JP", 43.06, 141.35),
}
ORDERS = {
    "us": ("us", "eu", "jp"),
    "eu": ("eu", "us", "jp"),
    "jp": ("jp", "us", "eu"),
    "default": ("us", "eu", "jp"),
}


def site(name: str, number: int = 1, **changes: object) -> Site:
    region, country, latitude, longitude = CITIES[name]
    made = Site(
        name,
        region,
        country,
        Location(latitude, longitude),
        (IPv4Address(f"192.0.2.{number}"), IPv6Address(f"2001:db8::{number}")),
        f"http://{name}.example/",
        f"https://{name}.example/",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


SITES = tuple(site(name, number) for number, name in enumerate(CITIES, 1))
SERVICE = Service(HOST, CheckSettings(), regions=ORDERS)
PROBES = ProbeSettings(vantage="tokyo", location=TOKYO)


def configuration(sites: Iterable[Site] = SITES, service: Service = SERVICE, probes: ProbeSettings = PROBES) -> Configuration:
    return Configuration("test-1", "/nowhere", tuple(sites), (service,), probes=probes)


def with_service(**changes: object) -> Configuration:
    return configuration(service=replace(SERVICE, **changes))  # type: ignore[arg-type]


def well(site: Site, family: Family) -> Standing:
    return Standing(State.UP, "5 good rounds", site.addresses_of(family), checks=3)


def world(settings: Configuration | None = None, **changes: object) -> World:
    """Everything up."""
    settings = settings or configuration()
    standings = {
        StandingKey(service.host, door, one.id, family): well(one, family)
        for service in settings.services
        for door in Door
        for one in settings.sites
        for family in (4, 6)
        if one.addresses_of(family)
    }
    return replace(World(1, settings, standings, TODAY), **changes)  # type: ignore[arg-type]


def stand(now: World, site: str, **changes: object) -> World:
    """The same World, with something else true of a site for every service, door and family."""
    standings = {
        key: replace(standing, **changes) if key.site == site else standing  # type: ignore[arg-type]
        for key, standing in now.standings.items()
    }
    return replace(now, standings=standings)


def down(now: World, *sites: str, reason: str = "connection refused", checks: int = 5) -> World:
    for name in sites:
        now = stand(now, name, state=State.DOWN, reason=reason, addresses=(), checks=checks)
    return now


def ramping(now: World, site: str, step: int) -> World:
    return stand(now, site, state=State.UP, ramp=step, checks=0)


def drained(now: World, *sites: str) -> World:
    drains = {name: Drain(name, "new disks", "ops", datetime(2026, 11, 23, tzinfo=UTC)) for name in sites}
    return replace(now, drains={**now.drains, **drains})


def client(
    location: Location | None = None, network: str = "133.11.0.0", country: str | None = None, asn: int | None = None
) -> Client:
    address = ip_address(network)
    family: Family = 4 if address.version == 4 else 6
    length = 24 if family == 4 else 56
    return Client(family, int(address), length, Place(country, location, asn), 16 if family == 4 else 32)


def clients(location: Location | None, number: int = 200) -> list[Client]:
    """Neighbours at one place, each in a /16 of its own."""
    return [client(location, f"{11 + index // 250}.{index % 250}.0.0") for index in range(number)]


def ask(view: View = View.DNS4, **changes: object) -> Request:
    return replace(Request(HOST, view), **changes)  # type: ignore[arg-type]
