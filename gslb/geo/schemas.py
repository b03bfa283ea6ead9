"""What the records of databases of different makers mean. One adapter is chosen when a file is opened.

Values come from files of others: whatever has the wrong type or is out of range is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, cast

from gslb.errors import GeoError
from gslb.model import Location


class Fields(NamedTuple):
    """What one record says. Missing is None."""

    country: str | None = None
    location: Location | None = None
    asn: int | None = None


NOTHING = Fields()

Record = Mapping[str, object]
Adapter = Callable[[Record], Fields]

_NESTED = ("country", "registered_country", "location", "represented_country")
_FLAT = ("country_code", "country", "latitude", "lat", "asn", "as_number", "autonomous_system_number")
_EMPTY: Record = {}
_UNKNOWN_COUNTRIES = frozenset({"ZZ", "XX"})  # ISO 3166-1 leaves these to users; here they say "unknown"


def nested(record: Record) -> Fields:
    """GeoIP2's and GeoLite2's City and Country, DB-IP's own. Anycast has a registered country alone."""
    country = _country(_map(record, "country").get("iso_code"))
    location = _map(record, "location")
    return Fields(
        country or _country(_map(record, "registered_country").get("iso_code")),
        _location(location.get("latitude"), location.get("longitude")),
        _asn(record.get("autonomous_system_number")),
    )


def flat(record: Record) -> Fields:
    """ip-location-db's and IPinfo's City, Country and ASN, and GeoLite2's ASN: no maps within the record."""
    return Fields(
        _country(record.get("country_code") or record.get("country")),
        _location(
            record.get("latitude", record.get("lat")),
            record.get("longitude", record.get("lng", record.get("lon"))),
        ),
        _asn(record.get("autonomous_system_number") or record.get("asn") or record.get("as_number")),
    )


def adapter_for(sample: Iterable[object], name: str, database_type: str) -> Adapter:
    """The adapter by which one of these records says something. Raises GeoError where none does."""
    for record in sample:
        if not isinstance(record, dict):
            continue
        if any(isinstance(record.get(key), dict) for key in _NESTED):
            return nested
        if any(key in record for key in _FLAT):
            return flat
    raise GeoError(
        f"{name}: a database of type {database_type!r} has neither country, location nor AS number;"
        " use a City, Country or ASN file"
    )


def _map(record: Record, key: str) -> Record:
    value = record.get(key)
    return cast(Record, value) if isinstance(value, dict) else _EMPTY


def _country(value: object) -> str | None:
    if not isinstance(value, str) or len(value) != 2 or not (value.isascii() and value.isalpha()):
        return None
    country = value.upper()
    return None if country in _UNKNOWN_COUNTRIES else country


def _location(latitude: object, longitude: object) -> Location | None:
    """None for what is no place on Earth, and for 0,0, which is how makers without None write "unknown"."""
    latitude, longitude = _degrees(latitude), _degrees(longitude)
    if latitude is None or longitude is None or latitude == longitude == 0:
        return None
    # NaN fails both comparisons.
    return Location(latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def _degrees(value: object) -> float | None:
    """IPinfo writes numbers as text."""
    if isinstance(value, float):
        return value
    if not isinstance(value, int | str) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _asn(value: object) -> int | None:
    if isinstance(value, str):
        digits = value.upper().removeprefix("AS")
        value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 10 else None
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 < value < 1 << 32 else None
