"""A list of blocks of any bytes: refused with a GeoError, or sound. The head is made to fit, so that the body is looked at."""

from __future__ import annotations

import hashlib
import sys
import zlib

from gslb.errors import GeoError
from gslb.geo.blocks import pack, unpack
from gslb.geo.overlay import FAMILIES

_SHA = bytes(32)


def one_input(data: bytes) -> None:
    _unpacked(data)
    body = zlib.compress(data[2:])
    counts = b"".join(count.to_bytes(4, "little") for count in (*data[:2].ljust(2, b"\1"), len(body)))
    _unpacked(b"GSLBLIST\1\0\0\0" + _SHA + hashlib.sha256(body).digest() + counts + body)


def _unpacked(data: bytes) -> None:
    try:
        blocks = unpack(data, _SHA.hex())
    except GeoError as error:
        if "\n" in str(error):
            raise
        return
    for family in FAMILIES:
        starts, places = blocks.starts[family], blocks.places[family]
        assert len(starts) == len(places) > 0
        assert starts[0] == 0
        assert list(starts) == sorted(set(starts))
        assert starts[-1] < 1 << (24 if family == 4 else 56)
    assert unpack(pack(blocks, _SHA.hex()), _SHA.hex()) == blocks


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
