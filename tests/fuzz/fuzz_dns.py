"""Random and mutated DNS messages against the responder: never an exception, never a wrong answer.

The zone is signed, cookies are made, and beside the responder that answers everybody there is one that limits.

As a program it is an atheris fuzzer: `python -m tests.fuzz.fuzz_dns tests/fuzz/corpus/dns`.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from types import FunctionType

import dns.exception
import dns.message

from gslb.dns import RateLimiter, Responder, Serving, cookies, wire
from gslb.dns.codes import BADCOOKIE, COOKIE_OPTION, RCODE_NAMES
from gslb.dns.keyring import Keyring
from gslb.model import RateLimit
from tests.dns import worlds

CORPUS = Path(__file__).with_name("corpus") / "dns"
SECRET, NOON = bytes(range(16)), 1_700_000_000.0
PEERS = ("127.0.0.1", "133.11.0.1", "18.2.3.4", "203.0.113.9", "2001:200::1", "fe80::1%lo", "10.0.0.1")
INTERESTING = (
    b"\0",
    b"\xff",
    b"\xc0\x0c",
    b"\xc0\0",
    b"\x3f",
    b"\x40",
    b"\0\x29",
    b"\0\x08",
    b"\0\xff",
    b"\xff\xff",
    b"\0\0\x29",
)

# RFC 7871 section 7.1.2 knows a family 0; dnspython does not.
OPT_OUT, OPT_OUT_V4 = b"\0\x08\0\x04\0\0\0\0", b"\0\x08\0\x04\0\x01\0\0"

Mutation = Callable[[random.Random, bytes], bytes]


KEPT_MAX = 2048


@cache
def responder() -> Responder:
    """Some of the clients' classes are in its table, others it has to decide."""
    return Responder(_serving(), node="tokyo-1", kept_max=KEPT_MAX, wall=lambda: NOON)


@cache
def limited() -> Responder:
    """Time goes by a millisecond a message: most have to wait."""
    time = iter(range(1 << 62))
    by = Responder(_serving(), node="tokyo-1", kept_max=KEPT_MAX, wall=lambda: NOON)
    by.limiter = RateLimiter(RateLimit(20), networks_max=4, clock=lambda: next(time) / 1000)
    return by


def _serving() -> Serving:
    signed, signer = worlds.signed()
    serving = worlds.serving(worlds.world(signed), known=("133.11.0.0/16", "127.0.0.0/8"), signer=signer)
    return replace(serving, keyring=Keyring((SECRET,)))


@cache
def seeds() -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted(CORPUS.iterdir()))


def one_input(data: bytes) -> None:
    peer = PEERS[sum(data[:2]) % len(PEERS)]
    for by, tcp in ((responder(), False), (responder(), True), (limited(), False)):
        reply = by.respond(data, peer, tcp)
        if reply is not None or by is responder():
            check(data, reply, tcp)
        assert not [key for key in by.counters if key[0] == "gslb_dns_failures_total"], data.hex()


def check(query: bytes, reply: bytes | None, tcp: bool) -> None:
    """What holds of every answer to anything."""
    if len(query) < 12 or query[2] & 0x80:
        assert reply is None, query.hex()
        return
    assert reply is not None, query.hex()
    assert len(reply) <= (65535 if tcp else 1232), query.hex()
    assert reply[:2] == query[:2], "another ID"
    assert reply[2] & 0xF8 == 0x80 | query[2] & 0x78, "no response, or to another opcode"
    assert not reply[3] & 0xF0, "RA, Z, AD or CD"
    if reply[5]:
        end = _question_end(query)
        assert reply[12:end] == query[12:end], "another question"
    message = _parsed(reply)
    assert message.rcode() in RCODE_NAMES
    assert message.rcode() != BADCOOKIE or not message.answer
    assert len(message.question) == reply[5]
    assert not message.answer or message.question, "an answer to nothing"
    for option in message.options:
        if option.otype == COOKIE_OPTION:
            cookie = option.to_wire()
            assert cookie is not None
            assert len(cookie) == 24
            assert cookie[:8] in query, "another client's cookie"
        if option.otype == 8:
            octets = option.to_wire()
            assert octets is not None
            sent = octets[:3] + b"\0" + octets[4:]
            assert sent in query or sent in OPT_OUT_V4, "another client subnet"


def _parsed(reply: bytes) -> dns.message.Message:
    try:
        return dns.message.from_wire(reply)
    except dns.exception.FormError:
        return dns.message.from_wire(reply.replace(OPT_OUT, OPT_OUT_V4))


def _question_end(message: bytes) -> int:
    at = 12
    while message[at]:
        at += message[at] + 1
    return at + 5


def cookie_for(data: bytes) -> bytes:
    """The one that is good, of whoever sends this message."""
    peer = ip_address(PEERS[sum(data[:2]) % len(PEERS)])
    return cookies.Jar((SECRET,), lambda: NOON).look(b"ClientCk", peer.packed).reply


def messages(count: int, seed: int) -> Iterator[bytes]:
    """The same messages for the same seed: a tenth of them noise, the rest mutated queries."""
    draw = random.Random(seed)
    for _ in range(count):
        if draw.random() < 0.1:
            yield draw.randbytes(draw.randrange(80))
            continue
        message = draw.choice(seeds())
        for _ in range(draw.choice((0, 1, 1, 1, 2, 2, 3, 8))):
            message = draw.choice(MUTATIONS)(draw, message)
        yield message


def _flip(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + bytes((draw.randrange(256),)) + data[at + 1 :]


def _bit(draw: random.Random, data: bytes) -> bytes:
    if not data:
        return data
    at = draw.randrange(len(data))
    return data[:at] + bytes((data[at] ^ 1 << draw.randrange(8),)) + data[at + 1 :]


def _insert(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + draw.choice((*INTERESTING, draw.randbytes(draw.randrange(1, 9)))) + data[at:]


def _delete(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + data[at + draw.randrange(1, 6) :]


def _cut(draw: random.Random, data: bytes) -> bytes:
    return data[: draw.randrange(len(data) + 1)]


def _count(draw: random.Random, data: bytes) -> bytes:
    at = 4 + 2 * draw.randrange(4)
    return data[:at] + draw.choice((0, 1, 2, 255, 65535)).to_bytes(2, "big") + data[at + 2 :]


def _splice(draw: random.Random, data: bytes) -> bytes:
    other = draw.choice(seeds())
    return data[: draw.randrange(len(data) + 1)] + other[draw.randrange(len(other)) :]


def _repeat(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data + data[at:] * draw.randrange(1, 4)


def _kind(draw: random.Random, data: bytes) -> bytes:
    """Another type and class, where the question is sound."""
    try:
        end = _question_end(data)
    except IndexError:
        return data
    kind = draw.choice((1, 2, 5, 6, 15, 16, 28, 41, 43, 46, 65, 250, 251, 252, 255, draw.randrange(65536)))
    klass = draw.choice((1, 1, 1, 3, 255, draw.randrange(65536)))
    return data[: end - 4] + kind.to_bytes(2, "big") + klass.to_bytes(2, "big") + data[end:]


def _option(draw: random.Random, data: bytes) -> bytes:
    """One more option, where the message ends with an OPT; else an OPT. DO now and then."""
    good = cookie_for(data)
    cookie = draw.choice((good, good, good[:8], good[:-1] + b"?", good + bytes(16), bytes(draw.randrange(42))))
    subnet = draw.choice((b"\0\1\x10\0\x85\x0b", b"\0\2\x20\0\x20\x01\x02\0", b"\0\1\0\0"))
    option = draw.choice((b"\0\x0a", b"\0\x0a", b"\0\x08", b"\0\x03", b"\0\x0b", b"\0\x0c"))
    content = cookie if option == b"\0\x0a" else subnet if option == b"\0\x08" else b""
    options = option + len(content).to_bytes(2, "big") + content
    at = data.rfind(b"\0\0\x29", 12)
    if at < 0 or len(data) < at + 11:
        head = data[:10] + b"\0\1" if len(data) >= 12 else data
        return head + data[12:] + b"\0\0\x29\x04\xd0\0\0" + draw.choice((b"\0\0", b"\x80\0")) + _sized(options)
    return data[: at + 7] + draw.choice((b"\0\0", b"\x80\0")) + _sized(data[at + 11 :] + options)


def _sized(rdata: bytes) -> bytes:
    return (len(rdata) & 0xFFFF).to_bytes(2, "big") + rdata


MUTATIONS: tuple[Mutation, ...] = (
    *(_flip, _bit, _bit, _insert, _delete, _cut, _count, _splice, _repeat, _kind),
    *(_option, _option),
)


def main() -> None:
    import atheris

    from gslb.dns import edns, reply
    from gslb.dns.cursor import Cursor

    # What reads octets and decides by them; all the rest would take a minute to instrument, and finds nothing.
    for owner in (Cursor, Responder, cookies, cookies.Jar, edns, reply, wire):
        for name, member in list(vars(owner).items()):
            if isinstance(member, FunctionType):
                setattr(owner, name, atheris.instrument_func(member))
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
