"""Debian's Alertmanager takes what we send, shows what holds, and ends what is over."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gslb.model import Channel, Severity
from gslb.runtime.alerting.patience import Result
from gslb.state.alerts import NoticeKind
from tests.ports import free_ports
from tests.runtime.alerting.makers import courier, notice
from tests.state.incidents.test_stored import incident

pytestmark = pytest.mark.anyio

CONFIGURATION = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


@asynccontextmanager
async def alertmanager(folder: Path) -> AsyncIterator[str]:
    """Its address, once it answers."""
    program = shutil.which("prometheus-alertmanager")
    assert program, "make debian-packages"
    (folder / "alertmanager.yml").write_text(CONFIGURATION)
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    process = await asyncio.create_subprocess_exec(
        program, f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/data", "--cluster.listen-address=",
        f"--web.listen-address={url.removeprefix('http://')}",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as client:
            while not await _ready(client, url):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        yield url
    finally:
        process.kill()
        await process.wait()


async def _ready(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/-/ready")).status_code == 200
    except httpx.TransportError:
        return False


async def test_an_alertmanager_shows_what_holds_and_ends_what_is_over(tmp_path):
    now = datetime.now(UTC).replace(microsecond=0)
    opened = incident(7, opened=now, changed=now)
    worse = replace(opened, severity=Severity.ERROR)
    over = replace(worse, closed=now, active=())
    async with alertmanager(tmp_path) as url, httpx.AsyncClient(trust_env=False) as client:
        worker = courier(Channel("ops", "alertmanager", f"{url}/api/v2/alerts"), within_s=10.0)

        async def active() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = (await client.get(f"{url}/api/v2/alerts")).json()
            return found

        assert (await worker.send(notice(1, NoticeKind.OPENED, opened))).result is Result.SENT
        (shown,) = await active()
        assert shown["labels"] == {"alertname": "GslbIncident", "node": "tokyo-1", "incident": "7", "severity": "warning"}
        assert shown["annotations"]["summary"] == "jp-7 is down"
        assert shown["generatorURL"] == "https://gslb.example/incidents/7"
        await worker.send(notice(2, NoticeKind.RISEN, worse))
        assert [each["labels"]["severity"] for each in await active()] == ["error"]
        await worker.send(notice(3, NoticeKind.CLOSED, over))
        async with asyncio.timeout(30):
            while await active():  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert (await worker.send(notice(4, NoticeKind.TEST))).result is Result.SENT
        assert [each["labels"]["alertname"] for each in await active()] == ["GslbTest"]
