"""Maps of gdnsd by country, continent and coordinates, and ours by what is imported of them, with one GeoIP database for both."""

from __future__ import annotations

import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import dns.edns
import dns.message
import dns.query
import dns.rdatatype
import pytest

from gslb.config import parse
from gslb.config.importers import import_gdnsd
from gslb.dns import Responder
from gslb.geo.mmdb_writer import Value
from gslb.model import Configuration
from tests.dns import worlds
from tests.geo.makers import mmdb
from tests.ports import free_port
from tests.scenarios.peers.gdnsd import gdnsd
from tests.scenarios.peers.process import LOOPBACK, Endpoint

ZONE = "cdn.example"
# Continent, country, latitude and longitude of clients.
PLACES = {
    "5.1.0.0/16": ("EU", "DE", 52.5, 13.4),
    "5.2.0.0/16": ("EU", "FR", 48.9, 2.4),
    "5.3.0.0/16": ("EU", "PT", 38.7, -9.1),
    "5.4.0.0/16": ("EU", "RU", 55.8, 37.6),
    "5.5.0.0/16": ("EU", "CH", 47.4, 8.5),
    "6.1.0.0/16": ("NA", "US", 40.7, -74.0),
    "6.2.0.0/16": ("NA", "US", 37.8, -122.4),
    "6.3.0.0/16": ("NA", "MX", 19.4, -99.1),
    "6.4.0.0/16": ("NA", "GL", 64.2, -51.7),
    "7.1.0.0/16": ("AS", "JP", 35.7, 139.7),
    "7.2.0.0/16": ("AS", "IN", 28.6, 77.2),
    "7.3.0.0/16": ("AS", "TR", 39.9, 32.9),
    "7.4.0.0/16": ("AS", "IL", 32.1, 34.8),
    "7.5.0.0/16": ("AS", "SG", 1.35, 103.8),
    "8.1.0.0/16": ("SA", "BR", -23.5, -46.6),
    "8.2.0.0/16": ("SA", "CL", -33.4, -70.7),
    "9.1.0.0/16": ("AF", "EG", 30.0, 31.2),
    "9.2.0.0/16": ("AF", "ZA", -33.9, 18.4),
    "11.1.0.0/16": ("OC", "AU", -33.9, 151.2),
    "11.2.0.0/16": ("OC", "NZ", -36.8, 174.8),
    "12.1.0.0/16": ("AN", "AQ", -77.8, 166.7),
    "2a01::/24": ("EU", "DE", 52.5, 13.4),
    "2400::/24": ("AS", "JP", 35.7, 139.7),
}
COORDS = "auto_dc_coords => { us => [ 38.9, -77 ], eu => [ 50.1, 8.7 ], jp => [ 35.7, 139.7 ], sg => [ 1.3, 103.8 ] }"
MAPS = {
    "lists": """map => { default => [ us, eu, jp, sg ],
      EU => { default => [ eu, us, jp, sg ], RU => [ jp, eu, us, sg ], CH => [ us, eu, jp, sg ] },
      AS => { default => [ jp, sg, us, eu ], TR => [ eu, us, jp, sg ], IN => [ sg, jp, us, eu ] },
      OC => [ sg, jp, us, eu ], AF => { EG => [ eu, jp, us, sg ] } }""",
    "short": "map => { EU => [ eu, us ], AS => [ jp ], SA => { BR => [ us ] } }",
    "auto": f"{COORDS}, auto_dc_limit => 0",
    "near": COORDS,
    "mixed": f"{COORDS}, auto_dc_limit => 0, map => {{ EU => [ eu, us, jp, sg ], AS => {{ IL => [ us, eu, jp, sg ] }} }}",
    "back": f"{COORDS}, auto_dc_limit => 0, map => {{ default => [ sg, us, eu, jp ], NA => auto }}",
}
RECORDS = "@ SOA ns1 hostmaster 1 7200 1800 259200 300\n@ NS ns1\nns1 A 192.0.2.53\n" + "".join(
    f"{name} 60 DYNA geoip!{name}\n" for name in MAPS
)


def sections() -> str:
    maps = "".join(
        f"{name} => {{ geoip2_db => City.mmdb, datacenters => [ us, eu, jp, sg ], {text} }}\n" for name, text in MAPS.items()
    )
    dcs = "us => 192.0.2.1, eu => 192.0.2.2, jp => 192.0.2.3, sg => 192.0.2.4"
    resources = "".join(f"{name} => {{ map => {name}, dcmap => {{ {dcs} }} }}\n" for name in MAPS)
    return f"plugins => {{ geoip => {{ maps => {{ {maps} }}, resources => {{ {resources} }} }} }}"


def record(continent: str, country: str, latitude: float, longitude: float) -> Value:
    return {
        "continent": {"code": continent},
        "country": {"iso_code": country},
        "location": {"latitude": latitude, "longitude": longitude},
    }


class Both:
    def __init__(self, folder: Path, theirs: Endpoint) -> None:
        self.folder = folder
        self.theirs = theirs
        self.configuration: Configuration = parse(import_gdnsd(str(folder)).text, "imported.yaml")

    def ours(self, *down: str) -> Responder:
        return Responder(worlds.serving(worlds.world(self.configuration, down=down)), node="imported")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("places") / "gdnsd"
    (folder / "geoip").mkdir(parents=True)
    mmdb(folder / "geoip" / "City.mmdb", {network: record(*place) for network, place in PLACES.items()}, "GeoIP2-City")
    with gdnsd(folder, {ZONE: RECORDS}, (LOOPBACK, free_port()), sections=sections()) as endpoint:
        yield Both(folder, endpoint)


def asked(both: Both, responder: Responder, name: str, client: str) -> tuple[str, str]:
    network = ip_network(client)
    finest = 24 if network.version == 4 else 56
    option = dns.edns.ECSOption(str(network.network_address), finest)
    query = dns.message.make_query(f"{name}.{ZONE}", "A", use_edns=0, payload=1232, options=[option], flags=0)
    theirs = dns.query.udp(query, both.theirs[0], 20, both.theirs[1])
    ours = dns.message.from_wire(responder.respond(query.to_wire(), LOOPBACK) or b"")
    first = [[str(rdata) for rrset in each.answer for rdata in rrset] for each in (ours, theirs)]
    return ",".join(first[0]), ",".join(first[1])


@pytest.mark.parametrize("name", sorted(MAPS))
def test_each_country_has_the_datacenter_that_it_had(both, name):
    responder = both.ours()
    clients = [*PLACES, "13.0.0.0/24", "2c00::/24"]  # and two that the database does not know
    different = [(client, *found) for client in clients if len(set(found := asked(both, responder, name, client))) > 1]
    assert different == []


def test_and_with_its_first_datacenter_down_the_second(both):
    """But for `near` and `back`: what comes behind the first goes by the client's place in gdnsd, here by its home region's."""
    (both.folder / "state" / "admin_state").write_text("192.0.2.2/* => DOWN\n")
    until = time.monotonic() + 60
    while asked(both, both.ours(), "lists", "5.1.0.0/16")[1] == "192.0.2.2":
        assert time.monotonic() < until, "gdnsd has not read its admin_state"
        time.sleep(0.1)
    down = [site.id for site in both.configuration.sites if "192.0.2.2" in map(str, site.addresses)]
    responder = both.ours(*down)
    for name in ("lists", "auto", "mixed", "short"):
        for client in PLACES:
            ours, theirs = asked(both, responder, name, client)
            assert ours == theirs, (name, client)
            assert ours != "192.0.2.2"


def test_nothing_of_the_maps_is_lost(both):
    notes = [note for note in import_gdnsd(str(both.folder)).notes if note.lost and "of the options" not in note.message]
    assert notes == []
