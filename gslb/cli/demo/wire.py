"""How another terminal reaches a demo: an abstract Unix socket named after the port of the admin side.

It leaves no file behind, and is for the demo's own user alone: both ends ask the kernel who the other is (unix(7)).
A line with an order in, one JSON line with what it said out.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable

from gslb.errors import GslbError, NodeError, UsageError
from gslb.model import Endpoint

Obey = Callable[[str], Awaitable[str]]

_LINE = 4096
_WITHIN_S = 30.0  # a mirror takes a while to start


def _name(admin: Endpoint) -> str:
    return f"\0gslb-demo/{admin}"


async def listen(admin: Endpoint, obey: Obey) -> asyncio.Server:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if _uid(writer.get_extra_info("socket")) in (0, os.geteuid()):
                line = (await reader.readline()).decode("utf-8", "replace")
                writer.write(json.dumps(await _reply(line, obey)).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError):  # gone, or a line too long
            pass
        finally:
            writer.close()

    return await asyncio.start_unix_server(converse, _name(admin), limit=_LINE)


async def _reply(line: str, obey: Obey) -> dict[str, str | int]:
    try:
        return {"code": 0, "text": await obey(line)}
    except GslbError as error:
        return {"code": error.exit_code, "text": str(error)}


def tell(admin: Endpoint, line: str) -> str:
    """What the demo says to an order. NodeError where none runs, or it can't; UsageError where it does not understand."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(_WITHIN_S)
            sock.connect(_name(admin))
            if _uid(sock) not in (0, os.geteuid()):
                raise NodeError(f"the demo at {admin} is somebody else's")
            sock.sendall(line.encode() + b"\n")
            said = sock.makefile("rb").readline()
    except OSError as error:
        raise NodeError(f"no demo runs with --admin {admin} ({error.strerror or error})") from None
    if not said:
        raise NodeError("the demo has stopped")
    answer = json.loads(said)
    if answer["code"]:
        raise (UsageError if answer["code"] == UsageError.exit_code else NodeError)(answer["text"])
    return str(answer["text"])


def _uid(sock: socket.socket) -> int:
    return int(struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1])
