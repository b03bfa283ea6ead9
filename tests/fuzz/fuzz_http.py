"""Fuzz one connection of the redirector: any octets, cut anyhow.

    python -m tests.fuzz.fuzz_http SCRATCH tests/fuzz/corpus/http -runs=100000

What comes back is whole responses as h11 understands them and nothing else, or the connection ends. The first octet of an input
says how to cut it, and whether the peer is a trusted proxy.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

import h11

if __name__ == "__main__":
    import atheris

    instrumented = atheris.instrument_imports(include=["gslb.redirect"])
else:
    instrumented = contextlib.nullcontext()

with instrumented:
    from gslb.model import BootImage, Limits
    from gslb.redirect import Redirector
    from gslb.redirect.connections import Connections
    from gslb.redirect.protocol import HttpProtocol
    from gslb.redirect.reply import Endings
    from tests.redirect.contents import released, with_boot
    from tests.redirect.doors import HOST, listening, serving

CORPUS: Final = Path(__file__).with_name("corpus") / "http"
SEND_MAX: Final = 1 << 20  # octets of an input that are looked at

_TRUSTED: Final = 0x80
_STEPS: Final = (1 << 20, 1, 2, 3, 7, 64, 1000, 16384)
_IMAGE: Final = BootImage("knoppix", "/kernel", ("/miniroot.gz",), "/")
_WORLD: Final = released()
_SETTINGS: Final = listening(with_boot(_WORLD.configuration, _IMAGE), "10.0.0.0/8")
_REDIRECTOR = Redirector(serving(replace(_WORLD, configuration=_SETTINGS)), node="fuzz", on_measured=lambda report: True)
_REDIRECTOR.boot.secrets = (bytes(16),)
_ENDINGS = Endings(lambda: 1_800_000_000.0)
_BUFFER = bytearray(16384 + 1)  # never full: then others would have their turn, and there is no loop here
_VIEW = memoryview(_BUFFER)


class Wire:
    """The far end of a connection, in memory: what is a transport to the protocol."""

    def __init__(self, peer: str) -> None:
        self.sent = bytearray()
        self.closing = False
        self.ended = False
        self._peer = peer

    def get_extra_info(self, name: str) -> Any:
        return (self._peer, 4711) if name == "peername" else None

    def set_write_buffer_limits(self, high: int, low: int) -> None: ...

    def write(self, data: bytes) -> None:
        if self.ended:
            raise AssertionError("a write behind the end")
        self.sent += data

    def is_closing(self) -> bool:
        return self.closing

    def get_write_buffer_size(self) -> int:
        return 0

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def close(self) -> None:
        self.closing = True

    abort = close


def one_input(data: bytes) -> None:
    """One connection."""
    if not data:
        return
    how, octets = data[0], data[1:SEND_MAX]
    connections = Connections(Limits(), _REDIRECTOR.counters, lambda: 0.0)
    protocol = HttpProtocol(_REDIRECTOR, connections, _ENDINGS, _VIEW)
    wire = Wire("10.0.0.1" if how & _TRUSTED else "133.11.4.5")
    protocol.connection_made(cast(asyncio.Transport, wire))
    for piece in pieces(octets, min(_STEPS[how & 7], len(_BUFFER) - 1)):
        if wire.closing:
            break
        _BUFFER[: len(piece)] = piece
        protocol.buffer_updated(len(piece))
    check(bytes(wire.sent))
    protocol.cut("header")
    protocol.connection_lost(None)
    if len(connections):
        raise AssertionError("a connection that is gone is still counted")
    failures = [key for key in _REDIRECTOR.counters if key[0] == "gslb_http_failures_total"]
    if failures:
        raise AssertionError(f"an exception inside: {failures}")


def pieces(octets: bytes, step: int) -> Iterator[bytes]:
    return (octets[at : at + step] for at in range(0, len(octets), step))


def check(sent: bytes) -> None:
    """Raises where `sent` is anything but whole responses."""
    while sent:
        sent = sent[_response(sent) :]


def _response(sent: bytes) -> int:
    """The octets of the first response. To a HEAD there is no body, which shows by what follows."""
    head = sent.partition(b"\r\n\r\n")[0]
    behind = sent[len(head) + 4 :]
    method = "HEAD" if not behind or behind.startswith(b"HTTP/1.1 ") else "GET"
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", HOST)]))
    client.send(h11.EndOfMessage())
    client.receive_data(sent)
    response = client.next_event()
    if not isinstance(response, h11.Response) or any(not value for _, value in response.headers):
        raise AssertionError(f"no whole response, or an empty field: {sent[:200]!r}")
    while not isinstance(event := client.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA or not isinstance(event, h11.Data):
            raise AssertionError(f"half a response: {sent[:200]!r}")
    return len(sent) - len(client.trailing_data[0])


WORDS: Final = (
    *(b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b",", b"/", b"?", b"&", b"#", b"@", b"//", b"\x7f", b"\xff", b"\r\n\r\n"),
    *(b"GET ", b"HEAD ", b"POST ", b"CONNECT ", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b" HTTP/2.0\r\n", b"http://", HOST.encode()),
    *(b"Host: ", b"Connection: close\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"),
    *(b"Expect: 100-continue\r\n", b"Upgrade: h2c\r\nConnection: upgrade\r\n", b"X-Forwarded-Proto: https\r\n"),
    *(b"X-Forwarded-For: 18.1.2.3, 10.1.1.1\r\n", b"Accept: application/json\r\n", b"%0d%0a", b"5\r\nabcde\r\n0\r\n\r\n"),
    *(b"/~boot/knoppix.sh", b"/~boot/knoppix.fastest.sh", b"/~boot/knoppix.ipxe", b"/~measured?token=00&ms=jp-osaka:1"),
    *(b"/v1/kernel", b".meta4", b".metalink", b".sha256", b"Want-Digest: SHA-256\r\n", b"User-Agent: wget2/1.99.1\r\n"),
    *(b"Accept: */*,application/metalink4+xml;q=1,application/metalink+xml\r\n", b"Accept: text/*\r\n", b"=txt"),
    *(b"/@2/", b"avoid=jp-osaka", b"mirrorlist", b"\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c"),
)


def mutations(seed: int, number: int) -> Iterator[bytes]:
    """Random and mutated connections; the same for the same seed."""
    draw = random.Random(seed)
    kept = [path.read_bytes() for path in sorted(CORPUS.iterdir())]
    for _ in range(number):
        if draw.random() < 0.1:
            yield draw.randbytes(draw.randrange(200))
            continue
        octets = bytearray(draw.choice(kept))
        for _ in range(draw.randrange(6)):
            _mutate(draw, octets, kept)
        yield bytes(octets)


def _mutate(draw: random.Random, octets: bytearray, kept: list[bytes]) -> None:
    at = draw.randrange(len(octets) + 1)
    match draw.randrange(6):
        case 0:
            octets[at:at] = draw.choice(WORDS)
        case 1:
            octets[at : at + 1] = draw.randbytes(1)
        case 2:
            del octets[at : at + draw.randrange(1, 20)]
        case 3:
            octets[at : at + draw.randrange(8)] = draw.choice(WORDS)
        case 4:
            octets += draw.choice(kept)[1:]
        case 5:
            end = at + draw.randrange(1, 40)
            octets[at:at] = octets[at:end] * draw.choice((1, 2, 3, 300))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
