"""A database file of any bytes: refused with a GeoError, or every look-up answers."""

from __future__ import annotations

import os
import sys

from gslb.errors import GeoError
from gslb.geo import GeoIndex
from gslb.model import Family, GeoSettings

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


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
