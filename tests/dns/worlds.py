"""Small worlds to answer from: two zones, three sites, all of them up unless a test says otherwise."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from ipaddress import ip_address, ip_network

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from gslb.dns import Serving, build_book
from gslb.dns.signing import Key, Signer, ZoneKeys
from gslb.geo.index import GeoIndex
from gslb.model import (
    Address,
    CheckSettings,
    Configuration,
    Dnssec,
    Door,
    Family,
    GeoOverride,
    GeoSettings,
    Location,
    Place,
    Record,
    Service,
    Site,
    Standing,
    StandingKey,
    State,
    World,
    Zone,
)
from gslb.steering import ClientClass, SteeringMap, locate
from gslb.steering.locator import Locator
from gslb.steering.table import Memo, compile_table
from tests.dns.signing.makers import key

ZONE = "inetboot.test"
HOST = "knoppix.inetboot.test"
TODAY = date(2026, 11, 23)

JP = Place("JP", Location(35.68, 139.77))
US = Place("US", Location(40.7, -74.0))
DE = Place("DE", Location(52.5, 13.4))
PLACES = {
    "133.11.0.0/16": JP,
    "18.0.0.0/8": US,
    "141.20.0.0/16": DE,
    "2001:200::/32": JP,
    "2001:db8::/32": US,
    "127.0.0.0/8": DE,
    "::1/128": DE,
}

RECORDS = """
go 300 IN A 192.0.2.80
go 300 IN AAAA 2001:db8::80
info 300 IN TXT "three regions"
www 60 IN CNAME go
loop 60 IN CNAME pool
pool 60 IN CNAME loop
out 60 IN CNAME www.example.net.
lost 60 IN CNAME nowhere
boot 60 IN CNAME knoppix
deep.down.below 60 IN TXT "deep"
mx 60 IN MX 10 mail.inetboot.test.
mail 60 IN A 192.0.2.25
*.wild 60 IN TXT "any"
*.wild 60 IN MX 5 mail
here.wild 60 IN A 192.0.2.81
*.alias 60 IN CNAME go
away 60 IN CNAME x.sub
sub 600 IN NS ns.sub
sub 600 IN NS ns.elsewhere.example.
ns.sub 600 IN A 192.0.2.99
ns.sub 600 IN AAAA 2001:db8::99
signed 600 IN NS ns.elsewhere.example.
signed 600 IN DS 12345 13 2 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
caa 60 IN CAA 0 issue "ca.example"
srv 60 IN SRV 1 2 443 go.inetboot.test.
odd 60 IN TYPE65280 \\# 3 010203
big 60 IN TXT "{0}" "{1}" "{2}" "{3}"
huge 60 IN TXT "{0}" "{1}" "{2}" "{3}" "{0}" "{1}"
knoppix 60 IN TXT "steered for addresses alone"
""".format(*(letter * 240 for letter in "abcd"))


def records(text: str, zone: str = ZONE) -> tuple[Record, ...]:
    """Zone lines with all five fields; the owner is relative."""
    found = []
    origin = dns.name.from_text(zone + ".")
    for line in text.strip().splitlines():
        owner, ttl, _, kind, data = line.split(maxsplit=4)
        rdata = dns.rdata.from_text("IN", kind, data, origin=origin, relativize=False)
        name = zone if owner == "@" else f"{owner}.{zone}"
        found.append(Record(name, int(ttl), int(dns.rdatatype.from_text(kind)), rdata.to_wire() or b""))
    return tuple(found)


def zone(name: str = ZONE, text: str = RECORDS) -> Zone:
    nameservers: dict[str, tuple[Address, ...]] = {
        f"ns1.{name}": (ip_address("192.0.2.53"), ip_address("2001:db8::53")),
        "ns2.example.net": (ip_address("198.51.100.53"),),
    }
    return Zone(name, nameservers, f"host.master@{name}", 300, 30, records(text, name))


def site(id_: str, region: str, place: Place, *addresses: str) -> Site:
    assert place.location is not None
    return Site(id_, region, place.country, place.location, tuple(map(ip_address, addresses)), f"http://{id_}.test/")


SITES = (
    site("jp-1", "jp", JP, "192.0.2.1", "2001:db8:1::1"),
    site("us-1", "us", US, "192.0.2.2", "2001:db8:2::1"),
    site("eu-1", "eu", DE, "192.0.2.3"),
)
SERVICE = Service(HOST, CheckSettings())


def configuration(**changes: object) -> Configuration:
    overrides = tuple(GeoOverride(ip_network(network), place) for network, place in PLACES.items())
    base = Configuration(
        node="tokyo-1",
        state_dir="",
        sites=SITES,
        services=(SERVICE,),
        zones=(zone(),),
        geo=GeoSettings((), overrides),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def standings(config: Configuration, down: tuple[str, ...] = ()) -> dict[StandingKey, Standing]:
    families: tuple[Family, ...] = (4, 6)
    found = {}
    for service in config.services:
        for member in config.sites:
            for family in families:
                addresses = member.addresses_of(family)
                if addresses:
                    state = State.DOWN if member.id in down else State.UP
                    key = StandingKey(service.host, Door.DNS, member.id, family)
                    found[key] = Standing(state, "test", () if member.id in down else addresses, checks=5)
    return found


def world(config: Configuration | None = None, number: int = 1, down: tuple[str, ...] = ()) -> World:
    config = config or configuration()
    return World(number, config, standings(config, down), TODAY)


def _key(flags: int, algorithm: str, zone_name: str) -> Key:
    return key(flags, algorithm, zone_name, created=0, publish=0, activate=0, sync_publish=0 if flags & 1 else None)


def signed(config: Configuration | None = None, *flags: int, algorithm: str = "ecdsap256sha256") -> tuple[Configuration, Signer]:
    """The same with signed zones: one key for each of `flags`, or one for all."""
    config = config or configuration()
    zones = tuple(replace(zone, dnssec=Dnssec("")) for zone in config.zones)
    keys = {zone.name: ZoneKeys(zone.name, tuple(_key(flag, algorithm, zone.name) for flag in flags or (257,))) for zone in zones}
    return replace(config, zones=zones), Signer(keys, zones, time.time())


def serving(now: World | None = None, known: tuple[str, ...] = (), serial: int = 1, signer: Signer | None = None) -> Serving:
    """All that a worker has: the table knows the classes of the networks in `known`."""
    now = now or world()
    lookup = GeoIndex.open(now.configuration.geo).lookup
    steering = SteeringMap(now.configuration, now.today)
    classes: dict[tuple[str, ClientClass], None] = {}
    for service in now.configuration.services:
        for network in map(ip_network, known):
            client = locate(lookup, network.version, int(network.network_address), network.prefixlen)
            classes[service.host, steering.classify(service.host, client)] = None
    table = compile_table(now, tuple(classes), Memo())
    locator = Locator(lookup, steering, {key: number for number, key in enumerate(classes)}, 1024)
    book = build_book(now, table, {zone.name: serial for zone in now.configuration.zones}, signer=signer)
    return Serving(book, now, table, locator)
