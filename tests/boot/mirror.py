"""A mirror that writes down who asks it for what, and can be doomed: to die, or to freeze, at a point of a boot.

    python -m tests.boot.mirror SITE ADDRESS FOLDER

serves FOLDER/tree on port 80, appends to FOLDER/asked, and reads FOLDER/doom-* at each request. Probes are not written down.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from gslb.runtime.demo.answers import Answer, answer, plain
from gslb.runtime.demo.connection import Connection
from gslb.runtime.demo.requests import Refusal, Request

_PROBES = "gslb-probe"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of a client, as it arrived."""

    site: str
    path: str
    host: str
    agent: str
    range: str


@dataclass(frozen=True, slots=True)
class Doom:
    """What the mirror that answers the `count`th request for a path like `pattern` does after `octets` of it, or all of it."""

    pattern: str
    count: int = 1
    octets: int | None = None
    signal: int = signal.SIGKILL

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))


def read_asked(folder: Path) -> list[Asked]:
    try:
        lines = (folder / "asked").read_text().splitlines()
    except FileNotFoundError:
        return []
    return [Asked(**json.loads(line)) for line in lines]


class _Mirror:
    def __init__(self, site: str, folder: Path) -> None:
        self._site = site
        self._folder = folder

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.set_write_buffer_limits(0)  # what was sent is the kernel's, and outlives us
        connection = Connection(reader, writer)
        with contextlib.suppress(OSError):
            await self._answer_all(connection)
        connection.close()

    async def _answer_all(self, connection: Connection) -> None:
        while ready := await connection.requests():
            for request in ready:
                await self._answer(connection, request)
                if not request.keep_alive:
                    return

    async def _answer(self, connection: Connection, request: Request | Refusal) -> None:
        if isinstance(request, Refusal):
            await self._send(connection, plain(request.status), request, None)
            return
        doom = None if _PROBES in request.headers.get("user-agent", "") else self._note(request)
        await self._send(connection, answer(request, self._folder / "tree"), request, doom)

    async def _send(self, connection: Connection, reply: Answer, request: Request | Refusal, doom: Doom | None) -> None:
        length = reply.length if doom is None or doom.octets is None else min(doom.octets, reply.length)
        await connection.send(reply.head(request.keep_alive, self._site))
        for part in reply.parts(length):
            await connection.send(part)
        if doom:
            os.kill(os.getpid(), doom.signal)

    def _note(self, request: Request) -> Doom | None:
        """Write it down. The doom, where there is one for this request."""
        path = request.target.decode("ascii", "replace")
        told = {name: request.headers.get(header, "") for name, header in _TOLD.items()}
        with (self._folder / "asked").open("a") as log:
            log.write(json.dumps({"site": self._site, "path": path, **told}) + "\n")
        asked = [each.path for each in read_asked(self._folder)]
        return next((doom for file in sorted(self._folder.glob("doom-*")) if (doom := self._meet(file, asked))), None)

    def _meet(self, file: Path, asked: list[str]) -> Doom | None:
        """Who takes the file away is doomed."""
        with contextlib.suppress(FileNotFoundError):
            doom = Doom(**json.loads(file.read_text()))
            alike = sum(bool(re.search(doom.pattern, path)) for path in asked)
            if re.search(doom.pattern, asked[-1]) and alike >= doom.count:
                file.rename(self._folder / f"doomed-{self._site}")
                return doom
        return None


_TOLD = {"host": "host", "agent": "user-agent", "range": "range"}


async def _serve(site: str, address: str, folder: Path) -> None:
    server = await asyncio.start_server(_Mirror(site, folder).converse, address, 80)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
