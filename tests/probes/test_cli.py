"""gslb-probe as its users start it: a process with a file, and what it says."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from probes.wire import from_json
from tests.ports import free_port
from tests.probes.peers import Peer, answering, page

pytestmark = pytest.mark.anyio


def file_for(folder: Path, *peers: Peer, more: str = "") -> Path:
    targets = [
        f"  - {{site: jp-{n}, address: '{peer.address}', host: knoppix.example, check: {{type: http, port: {peer.port}}}}}\n"
        for n, peer in enumerate(peers)
    ]
    path = folder / "probe.yaml"
    path.write_text(f"vantage: tokyo\ninterval: 200ms\n{more}targets:\n" + "".join(targets))
    return path


@asynccontextmanager
async def started(*words: str | Path) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "probes"), *map(str, words), stdout=pipe, stderr=pipe
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def ran(*words: str | Path) -> tuple[int | None, str, str]:
    async with started(*words) as process, asyncio.timeout(30):
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()


async def test_once_prints_a_line_a_site_and_exits_0(tmp_path: Path) -> None:
    async with answering(page()) as one, answering(page(), "::1") as two:
        status, out, err = await ran("--config", file_for(tmp_path, one, two), "--once")
    assert (status, err) == (0, "")
    lines = sorted(line.split(" ", 1)[1] for line in out.splitlines())
    assert [line.split()[:3] for line in lines] == [["jp-0", "127.0.0.1", "ok"], ["jp-1", "::1", "ok"]]


async def test_once_exits_1_when_a_site_fails(tmp_path: Path) -> None:
    async with answering(page()) as peer:
        status, out, _ = await ran("--config", file_for(tmp_path, peer, Peer("127.0.0.1", free_port())), "--once")
    assert status == 1
    assert "jp-1 127.0.0.1 refused" in out
    assert len(out.splitlines()) == 2


async def test_once_with_json_prints_one_document(tmp_path: Path) -> None:
    async with answering(page()) as peer:
        status, out, _ = await ran("--config", file_for(tmp_path, peer), "--once", "--json")
    assert status == 0
    assert [from_json(value).site for value in json.loads(out)] == ["jp-0"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_without_once_it_goes_on_until_told_to_stop(tmp_path: Path, number: int) -> None:
    async with (
        answering(page()) as peer,
        started("--config", file_for(tmp_path, peer), "--json") as process,
        asyncio.timeout(30),
    ):
        assert process.stdout is not None
        for _ in range(3):
            assert from_json(json.loads(await process.stdout.readline())).ok
        process.send_signal(number)
        _, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")


async def test_a_reader_that_leaves_ends_it_without_noise(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    async with answering(page()) as peer:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "probes", "--config", str(file_for(tmp_path, peer))),
            stdout=write_end,
            stderr=asyncio.subprocess.PIPE,
        )
        os.close(write_end)
        async with asyncio.timeout(30):
            _, err = await process.communicate()
    assert (process.returncode, err) == (1, b"")


async def test_it_says_that_nothing_is_reported_to_nodes_yet(tmp_path: Path) -> None:
    async with answering(page()) as peer:
        config = file_for(tmp_path, peer, more="node_urls: ['http://127.0.0.1:1']\n")
        status, _, err = await ran("--config", config, "--once")
    assert status == 0
    assert err == "node_urls: reporting to nodes is not available in this version; results are printed here only\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("vantage: tokyo\n", "1: targets: missing: this version cannot get them from a node"),
        ("vantage: tokyo\nintervall: 3s\n", "2: intervall: unknown key"),
    ],
)
async def test_a_file_that_cannot_be_used_exits_2_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "probe.yaml"
    path.write_text(text)
    assert await ran("--config", path) == (2, "", f"{path}:{told}\n")


async def test_a_file_that_is_not_there_exits_2(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    assert await ran("--config", path) == (2, "", f"{path}: No such file or directory\n")


async def test_wrong_usage_exits_2() -> None:
    assert (await ran())[0] == 2
