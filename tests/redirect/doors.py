"""A redirector on a real socket, and the means to talk to it octet by octet."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network
from typing import Any

from gslb.model import Configuration, Family, Limits, Listen, Place, World
from gslb.model.counting import Counters
from gslb.redirect import HttpServer, Redirector, Serving, build_pages
from gslb.steering import ClientClass, Locator, Memo, Sample, SteeringMap, compile_table, locate
from tests.steering import world as worlds

HOST = worlds.HOST
NODE = "tokyo-1"
PLACES = {
    "133.11.0.0/16": Place("JP", worlds.TOKYO),
    "18.0.0.0/8": Place("US", worlds.HONOLULU),
    "141.20.0.0/16": Place("DE", worlds.BERLIN),
    "127.0.0.0/8": Place("JP", worlds.TOKYO),
    "::/64": Place("DE", worlds.BERLIN),
    "2001:200::/32": Place("JP", worlds.TOKYO),
}
_NETWORKS = {ip_network(text): place for text, place in PLACES.items()}


def lookup(family: Family, address: int) -> tuple[Place, int]:
    for network, place in _NETWORKS.items():
        if network.version == family and address >> (network.max_prefixlen - network.prefixlen) == (
            int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
        ):
            return place, network.prefixlen
    return Place(), 24


def listening(settings: Configuration | None = None, *proxies: str) -> Configuration:
    settings = settings or worlds.configuration()
    return replace(settings, listen=Listen(trusted_proxies=tuple(map(ip_network, proxies))))


def serving(world: World | None = None, known: tuple[str, ...] = ("127.0.0.1",)) -> Serving:
    """With a table that has the classes of the addresses in `known`."""
    world = world or worlds.world()
    steering = SteeringMap(world.configuration, world.today)
    numbers: dict[tuple[str, ClientClass], int] = {}
    for service in world.configuration.services:
        for text in known:
            address = ip_address(text)
            client = locate(lookup, address.version, int(address), address.max_prefixlen)
            numbers.setdefault((service.host, steering.classify(service.host, client)), len(numbers))
    table = compile_table(world, list(numbers), Memo())
    return Serving(build_pages(world, table), world, table, Locator(lookup, steering, numbers, 4096))


@dataclass
class Door:
    """What a test holds: the server, what it serves from, and what it counts and reports."""

    redirector: Redirector
    server: HttpServer
    port: int
    host: str
    counters: Counters
    context: ssl.SSLContext | None = None
    classes: list[tuple[str, ClientClass]] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    async def connect(self) -> Talk:
        reader, writer = await asyncio.open_connection(
            self.host, self.port, ssl=self.context, server_hostname="localhost" if self.context else None
        )
        return Talk(reader, writer)

    async def exchange(self, octets: bytes) -> bytes:
        """Everything that comes back until the server closes."""
        async with await self.connect() as talk:
            await talk.send(octets)
            return await talk.rest()

    async def get(self, target: str, *fields: str, host: str | None = HOST, method: str = "GET") -> Answer:
        async with await self.connect() as talk:
            await talk.send(request(target, *fields, host=host, method=method))
            return await talk.answer(method)


@dataclass(frozen=True)
class Answer:
    status: int
    fields: dict[str, str]
    body: bytes
    head: bytes

    @property
    def location(self) -> str:
        return self.fields["Location"]

    @property
    def site(self) -> str:
        return self.fields["GSLB-Decision"].partition(";")[0].strip('"')


@dataclass
class Talk:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def __aenter__(self) -> Talk:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    async def send(self, octets: bytes) -> None:
        self.writer.write(octets)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def answer(self, method: str = "GET") -> Answer:
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 30)
        parsed = parse(head)
        octets = 0 if method == "HEAD" else int(parsed.fields["Content-Length"])
        return replace(parsed, body=await asyncio.wait_for(self.reader.readexactly(octets), 30))

    async def rest(self) -> bytes:
        try:
            return await asyncio.wait_for(self.reader.read(), 30)
        except ConnectionResetError:
            return b""


def parse(head: bytes) -> Answer:
    first, *lines = head[:-4].decode("ascii").split("\r\n")
    version, status, _ = first.split(" ", 2)
    assert version == "HTTP/1.1"
    fields: dict[str, str] = {}
    for name, value in (line.split(": ", 1) for line in lines):
        assert name == "Link" or name not in fields
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return Answer(int(status), fields, b"", head)


def request(target: str, *fields: str, host: str | None = HOST, method: str = "GET", version: str = "1.1") -> bytes:
    lines = [f"{method} {target} HTTP/{version}", *([f"Host: {host}"] if host is not None else []), *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1")


@contextlib.asynccontextmanager
async def opened(
    source: Serving | None = None,
    *,
    limits: Limits | None = None,
    address: str = "127.0.0.1",
    contexts: tuple[ssl.SSLContext, ssl.SSLContext] | None = None,
    send_buffer: int | None = None,
    **options: Any,
) -> AsyncIterator[Door]:
    """`contexts` are the server's and the client's; `send_buffer` is how much the kernel keeps for a client, more or less."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.create_server((address, 0), family=family)
    if send_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    counters: Counters = {}
    classes: list[tuple[str, ClientClass]] = []
    samples: list[Sample] = []
    redirector = Redirector(
        source or serving(),
        node=NODE,
        counters=counters,
        on_new_class=lambda *found: classes.append(found),
        on_sample=samples.append,
        **options,
    )
    ours, theirs = contexts or (None, None)
    server = HttpServer(sock, redirector, limits or Limits(), context=ours)
    await server.start()
    try:
        yield Door(redirector, server, sock.getsockname()[1], address, counters, theirs, classes, samples)
    finally:
        await server.drain(0.0, 0.0)
        sock.close()
        assert not [key for key in counters if key[0] == "gslb_http_failures_total"], counters
