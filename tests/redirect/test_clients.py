"""Programs that people and boot loaders use, against the door; and the node's own question to itself."""

from __future__ import annotations

import asyncio
import http.client
import pickle
import shutil
from pathlib import Path

import pytest

from gslb.redirect import METRICS, build_pages, is_own_response, self_request
from gslb.steering import Memo, compile_table
from tests.redirect.doors import HOST, NODE, Door, opened, request
from tests.redirect.test_proxy import header
from tests.steering import world as worlds

pytestmark = pytest.mark.anyio


async def run(*command: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode(), err.decode()


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@needs("curl")
@pytest.mark.parametrize("options", [(), ("--head",), ("--http1.0",), ("--http2",), ("--range", "0-9"), ("--compressed",)])
async def test_curl_sees_a_redirect(options: tuple[str, ...]) -> None:
    async with opened() as door:
        url = f"http://127.0.0.1:{door.port}/archives/x%20y?z"
        written = "%{http_code} %{redirect_url}"
        code, out, _ = await run("curl", "-s", "-o", "/dev/null", "-w", written, "-H", f"Host: {HOST}", *options, url)
    assert code == 0
    assert out.startswith("302 http://jp-")
    assert out.endswith(".example/archives/x%20y?z")


@needs("curl")
async def test_curl_that_posts_a_file_is_told_405(tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(bytes(3_000_000))
    async with opened() as door:
        url = f"http://127.0.0.1:{door.port}/"
        code, out, _ = await run("curl", "-s", "-w", "%{http_code}", "-H", f"Host: {HOST}", "--data-binary", f"@{big}", url)
    assert (code, out[-3:]) == (0, "405")


@needs("busybox")
async def test_busybox_wget_follows_the_redirect() -> None:
    async with opened() as door:
        url = f"http://127.0.0.1:{door.port}/archives/map?x=%2F"
        code, _, told = await run("busybox", "wget", "-O", "/dev/null", "--header", f"Host: {HOST}", url)
    # The mirror does not exist: what counts is that it was looked for by the name in the Location.
    assert code != 0
    assert "bad address 'jp-" in told


async def test_pythons_own_client_keeps_its_connection() -> None:
    def talk(door: Door) -> list[tuple[int, str | None]]:
        connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=20)
        found = []
        for method, path in (("GET", "/a"), ("HEAD", "/b"), ("POST", "/c"), ("GET", "/d")):
            connection.request(method, path, b"body" if method == "POST" else None, {"Host": HOST})
            response = connection.getresponse()
            response.read()
            found.append((response.status, response.getheader("Location")))
        connection.close()
        return found

    async with opened() as door:
        found = await asyncio.to_thread(talk, door)
    assert [status for status, _ in found] == [302, 302, 405, 302]
    assert door.counters["gslb_http_connections_total", "http"] == 1


async def test_a_node_knows_its_own_answer() -> None:
    async with opened() as door:
        response = await door.exchange(self_request())
        other = await door.exchange(request("/", "Connection: close"))
    assert is_own_response(response, NODE)
    assert not is_own_response(response, "osaka-1")
    assert not is_own_response(response[:-1], NODE)
    assert not is_own_response(other, NODE)


async def test_every_counter_is_described() -> None:
    async with opened() as door:
        await door.get("/")
        await door.get("/@2/")
        await door.exchange(header() + request("/"))
    for name, *labels in door.counters:
        assert len(METRICS[name][1]) == len(labels), name


def test_pages_survive_the_way_to_a_worker() -> None:
    world = worlds.world()
    pages = build_pages(world, compile_table(world, [], Memo()))
    assert pickle.loads(pickle.dumps(pages)) == pages
