"""A database file of any bytes: refused with a GeoError, or every look-up answers."""

from __future__ import annotations

import contextlib
import os
import sys

from gslb.errors import GeoError
from gslb.geo import GeoIndex
from gslb.geo.database import Database
from gslb.geo.overlay import FAMILIES, UNIT_SHIFT
from gslb.geo.special import embedded_ipv4
from gslb.model import Family, GeoSettings

_STEPS = 500
_ADDRESSES: tuple[tuple[Family, int], ...] = (
    *((4, address) for address in (0, 0x12000001, 0x850B0101, 0xC0000201, 0xFFFFFFFF)),
    *((6, address) for address in (0, 1, 0x12000001, 0x20010200 << 96, (1 << 128) - 1)),
)


def one_input(data: bytes) -> None:
    descriptor = os.memfd_create("fuzz")
    try:
        os.write(descriptor, data)
        _look_up_everything(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def _look_up_everything(path: str) -> None:
    try:
        index = GeoIndex.open(GeoSettings(databases=(path,)))
    except GeoError as error:
        if "\n" in str(error):
            raise
        return
    for family, address in _ADDRESSES:
        place, length = index.lookup(family, address)
        assert 0 <= length <= (32 if family == 4 else 128)
        assert place.country is None or len(place.country) == 2
        assert place.location is None or abs(place.location.latitude) <= 90
    _walk(index.databases[0])


def _walk(database: Database) -> None:
    """In the order of addresses, to what a look-up finds there; or it is given up."""
    for family in FAMILIES:
        last = -1
        with contextlib.suppress(GeoError):
            for unit, reference in database.leaves(family, _STEPS):
                assert last < unit < 1 << (24 if family == 4 else 56)
                last = unit
                address = unit << UNIT_SHIFT[family]
                if embedded_ipv4(address) is None or family == 4:
                    assert database.fields(reference) == database.fields_at(family, address)


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
