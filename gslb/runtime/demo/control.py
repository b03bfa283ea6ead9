"""The control socket of a mirror: a Unix socket that its owner alone may open. A line in, a JSON line out.

`status` tells how it is, `fault TEXT` sets what is wrong with it and tells the same. What cannot be done
comes back as `{"error": sentence}`.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gslb.errors import GslbError, NodeError, UsageError
from gslb.runtime.demo.faults import parse_fault
from gslb.runtime.demo.serving import Mirror

_LINE = 4096


@dataclass(frozen=True, slots=True)
class MirrorStatus:
    mirror: str
    endpoints: tuple[str, ...]
    fault: str
    connections: int
    requests: int
    bytes_sent: int


async def serve_control(path: Path, mirror: Mirror) -> asyncio.Server:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(await _reply(line.decode("utf-8", "replace"), mirror) + b"\n")
                await writer.drain()
        except (OSError, ValueError):  # gone, or a line too long
            pass
        finally:
            writer.close()

    listening = _listen(path)
    return await asyncio.start_unix_server(converse, sock=listening, limit=_LINE)


async def ask(path: Path, command: str, timeout_s: float = 2.0) -> MirrorStatus:
    """Send a command to a mirror. NodeError when it is dead or frozen, UsageError when it refuses."""
    try:
        async with asyncio.timeout(timeout_s):
            answer = await _exchange(path, command)
    except TimeoutError:
        raise NodeError(f"the mirror at {path} does not answer; it may be frozen") from None
    except OSError as error:
        raise NodeError(f"no mirror at {path}: {error.strerror}") from None
    if "error" in answer:
        raise UsageError(str(answer["error"]))
    return status_from(answer)


def status_from(fields: Mapping[str, Any]) -> MirrorStatus:
    """From the JSON of a mirror."""
    return MirrorStatus(**{**fields, "endpoints": tuple(fields["endpoints"])})


def status(mirror: Mirror) -> MirrorStatus:
    endpoints = tuple(str(endpoint) for endpoint in mirror.endpoints)
    return MirrorStatus(mirror.settings.name, endpoints, str(mirror.fault), **asdict(mirror.counters))


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # of a mirror that was killed
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    path.chmod(0o600)
    return listening


async def _reply(line: str, mirror: Mirror) -> bytes:
    word, _, argument = line.strip().partition(" ")
    try:
        if word == "fault":
            await mirror.set_fault(parse_fault(argument))
        elif word != "status":
            raise UsageError(f"{word!r} is no command: status | fault TEXT")
    except (GslbError, OSError) as error:
        return json.dumps({"error": str(error)}).encode()
    return json.dumps(asdict(status(mirror))).encode()


async def _exchange(path: Path, command: str) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(command.encode() + b"\n")
        line = await reader.readline()
    finally:
        writer.close()
    if not line:
        raise ConnectionResetError(None, "it hung up")
    answer: dict[str, Any] = json.loads(line)
    return answer
