"""Small databases in the schemas that are out there, written by our own writer."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

from gslb.geo import GeoIndex
from gslb.geo.mmdb_writer import Value, write
from gslb.model import GeoOverride, GeoSettings, Location, Network, Place


def city(country: str | None = None, latitude: float | None = None, longitude: float | None = None) -> Value:
    """As GeoLite2-City writes it, names and all."""
    record: dict[str, Value] = {"continent": {"code": "AS", "geoname_id": 6255147}}
    if country is not None:
        record["country"] = {"geoname_id": 1861060, "iso_code": country, "names": {"en": "somewhere"}}
    if latitude is not None and longitude is not None:
        record["location"] = {"accuracy_radius": 20, "latitude": latitude, "longitude": longitude}
    return record


def country(code: str) -> Value:
    return {"country": {"iso_code": code, "names": {"en": "somewhere"}}}


def asn(number: int) -> Value:
    return {"autonomous_system_number": number, "autonomous_system_organization": "somebody"}


def flat(code: str, latitude: float, longitude: float) -> Value:
    """As DB-IP's files come from ip-location-db."""
    return {"city": "", "country_code": code, "latitude": latitude, "longitude": longitude, "postcode": ""}


def mmdb(
    path: Path,
    entries: dict[str, Value],
    database_type: str = "GeoLite2-City",
    *,
    ip_version: int = 6,
    build_epoch: int = 1_700_000_000,
) -> Path:
    networks: list[tuple[Network, Value]] = [(ip_network(text), record) for text, record in entries.items()]
    write(path, networks, database_type, build_epoch=build_epoch, ip_version=ip_version)
    return path


def override(
    network: str,
    country: str | None = None,
    location: tuple[float, float] | None = None,
    asn: int | None = None,
) -> GeoOverride:
    return GeoOverride(ip_network(network, strict=False), Place(country, Location(*location) if location else None, asn))


def index(*databases: Path | str, overrides: tuple[GeoOverride, ...] = ()) -> GeoIndex:
    return GeoIndex.open(GeoSettings(tuple(map(str, databases)), overrides))


def where(index: GeoIndex, text: str) -> tuple[Place, int]:
    address = ip_address(text)
    return index.lookup(address.version, int(address))
