"""Any message, as it is shown to others: no finer client subnet in it than allowed, and a line of JSON for each."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import FunctionType

import dns.edns
import dns.exception
import dns.message

from gslb.dns.discretion import HARMLESS, Discretion, Shown, cut_message
from gslb.dns.dnstap import Encoder
from gslb.dns.observer import Exchange, Link, Sampled
from gslb.dns.querylog import LineWriter
from tests.dns import worlds

CORPUS = Path(__file__).with_name("corpus") / "discretion"
SHOWN = Shown(16, 40)
LINK = Link("udp", ("192.0.2.53", 53), ("203.0.113.77", 4711))
CONFIGURATION = worlds.configuration()
DISCRETION = Discretion(CONFIGURATION)
ENCODER = Encoder(CONFIGURATION, "gslb 1", DISCRETION)
LINES = LineWriter("tokyo-1", DISCRETION), LineWriter("tokyo-1", None)


def seeds() -> list[bytes]:
    return [path.read_bytes() for path in sorted(CORPUS.iterdir())]


def one_input(data: bytes) -> None:
    cut = cut_message(data, SHOWN)
    assert len(cut) <= len(data)
    assert cut_message(cut, SHOWN) == cut, "once is enough"
    _tells_nothing(cut)
    exchange = Exchange(LINK, data, data or None, 1, 2)
    assert all(b"\xcb\x00\x71\x4d" not in payload for payload in ENCODER.payloads(exchange)) or b"\xcb\x00\x71\x4d" in data
    for writer in LINES:
        line = writer.line(Sampled(exchange, None, 1))
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        assert line.isascii()
        json.loads(line)


def _tells_nothing(message: bytes) -> None:
    try:
        parsed = dns.message.from_wire(message)
    except (dns.exception.DNSException, ValueError, KeyError):
        return
    for option in parsed.options:
        if isinstance(option, dns.edns.ECSOption):
            assert option.srclen <= (16 if option.family == 1 else 40) or not any((option.to_wire() or b"")[4:])
        elif option.otype not in HARMLESS:
            assert not any(option.to_wire() or b"")


def main() -> None:
    import atheris

    from gslb.dns import cursor, discretion, querylog, walk

    # What reads octets and decides by them; all the rest would take a minute to instrument, and finds nothing.
    for owner in (cursor.Cursor, discretion, querylog, walk):
        for name, member in list(vars(owner).items()):
            if isinstance(member, FunctionType) and member.__module__ != "functools":
                setattr(owner, name, atheris.instrument_func(member))
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
