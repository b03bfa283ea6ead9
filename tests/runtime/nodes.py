"""Configurations of small nodes, and clients that ask them, without a process of their own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import dns.asyncquery
import dns.message

from gslb import config
from gslb.model import Configuration
from gslb.runtime.control import Control

HOST = "boot.example.net"


def document(state_dir: Path, **changes: Any) -> dict[str, Any]:
    """Two sites, whose check is whatever `true` says; free ports. JSON is YAML."""
    return {
        "node": "test-1",
        "state_dir": str(state_dir),
        "listen": {"dns": ["127.0.0.1:0"], "http": ["127.0.0.1:0"]},
        "zones": [{"name": "example.net", "nameservers": {"ns1.example.net": ["192.0.2.53"]}, "contact": "h@example.net"}],
        "services": [{"host": HOST, "check": {"type": "exec", "command": ["/bin/true"]}}],
        "sites": [
            site("us-1", "us", [37.3, -121.9], "192.0.2.1"),
            site("jp-1", "jp", [35.7, 139.8], "192.0.2.2"),
        ],
        "probes": {"interval": "1s", "timeout": "500ms"},
        **changes,
    }


def site(id: str, region: str, location: list[float], address: str) -> dict[str, Any]:
    return {"id": id, "region": region, "location": location, "addresses": [address], "url": f"http://{id}.example/"}


def configuration(folder: Path, **changes: Any) -> Configuration:
    """Written to a file, as nodes read it again."""
    return config.load(str(write(folder, **changes)))


def write(folder: Path, **changes: Any) -> Path:
    path = folder / "gslb.yaml"
    path.write_text(json.dumps(document(folder / "state", **changes), indent=1))
    return path


@asynccontextmanager
async def running(settings: Configuration, workers: int = 0) -> AsyncIterator[Control]:
    control = Control(settings, workers, outlive=False)
    await control.start()
    try:
        yield control
    finally:
        await control.stop()


def address(control: Control, role: str) -> tuple[str, int]:
    return next((host, port) for known, host, port in control.addresses() if known == role)


async def ask(control: Control, rdtype: str = "A", name: str = HOST) -> dns.message.Message:
    host, port = address(control, "dns-udp")
    return await dns.asyncquery.udp(dns.message.make_query(name, rdtype, use_edns=0), host, 10, port)


async def get(control: Control, path: str = "/x", host: str = HOST) -> str:
    """The head of the answer."""
    reader, writer = await asyncio.open_connection(*address(control, "http"))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    told = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    return told


async def until(condition: Any, within_s: float = 30.0, what: str = "") -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - of any kind
            await asyncio.sleep(0.01)
