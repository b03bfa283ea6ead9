"""`geo`: where clients are."""

from __future__ import annotations

from collections.abc import Callable

from gslb.config import values
from gslb.config.kinds import ASN, COUNTRY, FILE, LOCATION, NETWORK
from gslb.config.schema import Table, defaulted, list_of, optional, plain, required, section
from gslb.model import GeoOverride, GeoSettings, Place

NETWORK_ = required("network", NETWORK, "Clients in this network; one finer than /24 or /56 stands for the whole of it.")
COUNTRY_ = optional("country", COUNTRY, "The country its clients are in.", "as the databases say")
LOCATION_ = optional("location", LOCATION, "The place they are at.", "as the databases say")
ASN_ = optional("asn", ASN, "The number of their autonomous system.", "as the databases say")
OVERRIDE = section(NETWORK_, COUNTRY_, LOCATION_, ASN_)

BUNDLED = "bundled"
DATABASES = defaulted(
    "databases",
    list_of(FILE, or_one=True),
    (),
    '"bundled", or paths of City, Country and ASN .mmdb files; later ones fill what earlier ones lack.',
    "[bundled]",
)
OVERRIDES = defaulted("overrides", list_of(OVERRIDE), (), "What is known better; longest prefix first.", "none")
GEO = section(DATABASES, OVERRIDES)


def build(table: Table, absolute: Callable[[str], str]) -> GeoSettings:
    overrides = {override.network: override for override in map(build_override, plain(table[OVERRIDES]))}
    return GeoSettings(databases(table, absolute), tuple(overrides.values()))


def databases(table: Table, absolute: Callable[[str], str]) -> tuple[str, ...]:
    if DATABASES not in table:
        return GeoSettings().databases
    return tuple(name if name == BUNDLED else absolute(name) for name in plain(table[DATABASES]))


def build_override(table: Table) -> GeoOverride:
    place = Place(table[COUNTRY_], table[LOCATION_], table[ASN_])
    return GeoOverride(values.steering_unit(table[NETWORK_]), place)
