"""Sites to serve from: scripted ones in process, and mirrors as processes that can be stopped and killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from gslb.model import Limits, Site, World
from gslb.redirect import Serving
from gslb.redirect.through import Through
from gslb.redirect.through.origin import Patience
from tests.ports import free_port
from tests.probes import peers
from tests.redirect import doors
from tests.steering import world as worlds

GRUB = "User-Agent: GRUB 2.06-13+deb12u2"
PATH = "/boot/kernel"
IN_ORDER = ("jp-tokyo-1", "us-chicago", "eu-frankfurt")  # for a client on loopback, which doors places in Tokyo
HASTY = Patience(connect_s=0.5, silent_s=0.5, open_s=1.0, head_s=20.0, give_up_s=20.0)  # for sites that are silent
CALM = Patience(connect_s=20.0, silent_s=20.0, open_s=30.0, head_s=40.0, give_up_s=40.0)  # for a machine that is busy

OCTETS = random.Random(1).randbytes(700_000)
DATED = "Last-Modified: Tue, 01 Jan 2008 00:00:00 GMT"
TAGGED = 'ETag: "47798700-aae60"'

Handler = Callable[["Asked", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Asked:
    head: bytes

    @property
    def method(self) -> str:
        return self.head.split(b" ", 1)[0].decode()

    @property
    def target(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    def field(self, name: str) -> str | None:
        found = re.search(rf"\r\n{name}: ([^\r]*)".encode(), self.head, re.IGNORECASE)
        return found[1].decode() if found else None

    @property
    def first(self) -> int:
        """Of the range, 0 without one."""
        found = re.fullmatch(r"bytes=(\d+)-\d*", self.field("Range") or "")
        return int(found[1]) if found else 0


@dataclass
class Scripted:
    """Answers each request by `handler`; `asked` is what came."""

    handler: Handler
    asked: list[Asked] = field(default_factory=list)
    port: int = 0

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = Asked(await reader.readuntil(b"\r\n\r\n"))
        self.asked.append(asked)
        await self.handler(asked, writer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


def file(octets: bytes, *fields: str, stop_after: int | None = None, then: str = "close") -> Handler:
    """A file with ranges. `stop_after`: only so many octets of a body, `then` the connection is closed, reset or silent."""

    async def handler(asked: Asked, writer: asyncio.StreamWriter) -> None:
        head, body = answer(asked, octets, *fields)
        writer.write(head)
        if asked.method == "HEAD":
            return
        writer.write(body if stop_after is None else body[:stop_after])
        await writer.drain()
        if stop_after is not None and len(body) > stop_after:
            if then == "silent":
                await asyncio.sleep(30)
            elif then == "reset":
                writer.transport.abort()

    return handler


def answer(asked: Asked, octets: bytes, *fields: str) -> tuple[bytes, bytes]:
    lines = [*fields, "Accept-Ranges: bytes"]
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.field("Range") or "")
    if found is None or asked.method == "HEAD":
        return head("200 OK", len(octets), *lines), octets
    first = int(found[1]) if found[1] else max(0, len(octets) - int(found[2]))
    last = min(int(found[2]), len(octets) - 1) if found[1] and found[2] else len(octets) - 1
    if first >= len(octets):
        return head("416 Range Not Satisfiable", 0, f"Content-Range: bytes */{len(octets)}"), b""
    lines.append(f"Content-Range: bytes {first}-{last}/{len(octets)}")
    return head("206 Partial Content", last - first + 1, *lines), octets[first : last + 1]


def head(status: str, length: int | None, *fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *fields, *([f"Content-Length: {length}"] if length is not None else []), "", ""]
    return "\r\n".join(lines).encode()


def says(octets: bytes) -> Handler:
    """The same to everybody."""

    async def handler(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(octets)

    return handler


async def silent(asked: Asked, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


def site(name: str, port: int, **changes: object) -> Site:
    """Its name is nowhere in DNS: it is reached by its address."""
    loopback = (ip_address("127.0.0.1"),)
    made = worlds.site(name, addresses=loopback, url=f"http://{name}.example:{port}/", url_https=None)
    return replace(made, **changes)  # type: ignore[arg-type]


def world(ports: dict[str, int], **changes: object) -> World:
    sites = [site(name, port) for name, port in ports.items()]
    return worlds.world(worlds.configuration(sites, replace(worlds.SERVICE, **changes)))  # type: ignore[arg-type]


@dataclass
class Stage:
    door: doors.Door
    through: Through
    sites: dict[str, Scripted]

    def count(self, name: str) -> dict[tuple[str, ...], int]:
        """By labels behind the service."""
        return {key[2:]: number for key, number in self.door.counters.items() if key[0] == f"gslb_through_{name}_total"}


@contextlib.asynccontextmanager
async def staged(
    *handlers: Handler,
    limits: Limits | None = None,
    patience: Patience = CALM,
    source: Callable[[dict[str, int]], World] = world,
    **options: Any,
) -> AsyncIterator[Stage]:
    """A redirector before scripted sites, the first of which is the best for a client on loopback."""
    sites = dict(zip(IN_ORDER, map(Scripted, handlers), strict=False))
    async with contextlib.AsyncExitStack() as stack:
        for one in sites.values():
            one.port = (await stack.enter_async_context(peers.listening(one.converse))).port
        found = source({name: one.port for name, one in sites.items()})
        through = Through(limits or Limits(), {}, patience=patience)
        door = await stack.enter_async_context(doors.opened(doors.serving(found), limits=limits, through=through, **options))
        through.counters = door.counters
        yield Stage(door, through, sites)


async def exchange(stage: Stage, target: str = PATH, *fields: str, method: str = "GET", version: str = "1.1") -> doors.Answer:
    """One request of GRUB. Raises IncompleteReadError where the body is cut off."""
    async with await stage.door.connect() as talk:
        await talk.send(doors.request(target, GRUB, *fields, method=method, version=version))
        return await whole(talk, method)


async def whole(talk: doors.Talk, method: str = "GET") -> doors.Answer:
    parsed = doors.parse(await asyncio.wait_for(talk.reader.readuntil(b"\r\n\r\n"), 30))
    octets = 0 if method == "HEAD" else int(parsed.fields["Content-Length"])
    return replace(parsed, body=await asyncio.wait_for(talk.reader.readexactly(octets), 60))


# Mirrors as processes.


@dataclass
class Process:
    child: subprocess.Popen[bytes]
    port: int

    def stop(self) -> None:
        os.kill(self.child.pid, signal.SIGSTOP)

    def kill(self) -> None:
        self.child.kill()
        self.child.wait()


@contextlib.contextmanager
def mirror(root: Path) -> Iterator[Process]:
    port = free_port()
    arguments = ["--address", "127.0.0.1", "--port", str(port), "--root", str(root), "--name", "m"]
    with subprocess.Popen([sys.executable, "-m", "gslb.runtime.demo.mirror", *arguments], stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline()
            yield Process(child, port)
        finally:
            child.send_signal(signal.SIGCONT)
            child.kill()


def serving(*mirrors: Process) -> Serving:
    return doors.serving(world({name: one.port for name, one in zip(IN_ORDER, mirrors, strict=False)}))


def small_receive_buffer(port: int) -> socket.socket:
    """A connection of a client that has room for little."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", port))
    return sock
