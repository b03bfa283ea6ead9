"""Requests for a zone with any octets, signed or not: nothing but a signed and allowed one gets a record of it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

from gslb.dns import Responder, Transfers
from gslb.dns.copies import copy_zone
from gslb.dns.keyring import Keyring
from gslb.dns.transfer import Outgoing, may_be_transfer
from gslb.dns.wire import read_query
from gslb.model import Limits, Transfer
from tests.dns import worlds
from tests.dns.tsigs import KEYS, Signature

NOW_S = 1_800_000_000
CORPUS = Path(__file__).with_name("corpus") / "transfer"


@functools.cache
def transfers() -> Transfers:
    zone = replace(worlds.zone(), transfer=Transfer((ip_network("127.0.0.0/8"),), "transfer-key"))
    world = worlds.world(worlds.configuration(zones=(zone,)))
    copy = copy_zone(world, zone, 7)
    serving = replace(worlds.serving(world), keyring=Keyring(tsig=KEYS), copies={copy.apex: copy})
    return Transfers(Responder(serving, node="x", wall=lambda: NOW_S), Limits(), wall=lambda: NOW_S)


def one_input(data: bytes) -> None:
    """As they come, and once more signed as whoever has the key would sign them."""
    _asked(data)
    if len(data) >= 12 and int.from_bytes(data[10:12], "big") < 0xFFFF:
        _asked(Signature(time_s=NOW_S).on(data))


def _asked(wire: bytes) -> None:
    begun = transfers().begin(wire, "127.0.0.1", 1)
    if begun is None:
        reply = transfers()._responder.respond(wire, "127.0.0.1", 1)
        assert reply is None or len(reply) >= 12
        assert not [key for key in transfers()._responder.counters if key[0] == "gslb_dns_failures_total"]
        return
    assert may_be_transfer(wire)
    query = read_query(wire)
    if isinstance(begun, Outgoing):
        assert query.tsig
        sent = list(iter(begun.message, None))
        assert all(message[:2] == wire[:2] and len(message) < 65536 for message in sent)
        assert not transfers().running
    else:
        assert begun[:2] == wire[:2]
        assert query.tsig or not int.from_bytes(begun[6:8], "big")


def seeds() -> Iterator[bytes]:
    return (path.read_bytes() for path in sorted(CORPUS.iterdir()))


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
