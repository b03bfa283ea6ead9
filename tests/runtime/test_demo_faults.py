"""Every fault of a demo mirror, as a client sees it."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gslb.errors import UsageError
from gslb.runtime.demo.faults import parse_fault
from gslb.runtime.demo.serving import Mirror
from gslb.runtime.demo.tree import build_tree
from tests.runtime.mirrors import KERNEL, RECIPE, client, get, running


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    build_tree(root, RECIPE)
    (root / "empty").touch()
    return root


@pytest.fixture(scope="module")
def kernel(root: Path) -> bytes:
    return (root / KERNEL.lstrip("/")).read_bytes()


@pytest.fixture
async def mirror(root: Path) -> AsyncIterator[Mirror]:
    async with running(root) as mirror:
        yield mirror


async def test_the_first_byte_comes_after_a_round_trip(root: Path):
    async with running(root, delay_ms=80) as mirror:
        begun = time.monotonic()
        await get(mirror, "/empty")
        assert 0.08 <= time.monotonic() - begun < 5


async def set_fault(mirror: Mirror, text: str) -> None:
    await mirror.set_fault(parse_fault(text))


async def test_refuse_closes_the_port_and_every_connection(mirror: Mirror):
    async with client(mirror) as session:
        await session.get("/empty")
        await set_fault(mirror, "refuse")
        with pytest.raises(httpx.RemoteProtocolError):
            await session.get("/empty")
        with pytest.raises(httpx.ConnectError):
            await session.get("/empty")
        await set_fault(mirror, "ok")
        assert (await session.get("/empty")).status_code == 200


async def test_drop_lets_a_client_time_out_while_it_connects(mirror: Mirror):
    await set_fault(mirror, "drop")
    with pytest.raises(httpx.ConnectTimeout):
        await get(mirror, timeout_s=1.0)
    await set_fault(mirror, "ok")
    assert (await get(mirror, "/empty")).status_code == 200


async def test_hang_accepts_and_never_answers_until_it_ends(mirror: Mirror):
    await set_fault(mirror, "hang")
    with pytest.raises(httpx.ReadTimeout):
        await get(mirror, timeout_s=1.0)
    hanging = asyncio.create_task(get(mirror))
    while mirror.counters.requests < 2:  # noqa: ASYNC110 (the mirror is not made for tests)
        await asyncio.sleep(0.01)
    await set_fault(mirror, "ok")
    with pytest.raises(httpx.RemoteProtocolError):
        await hanging
    assert (await get(mirror, "/empty")).status_code == 200


async def test_trickle_gives_a_byte_at_a_time(mirror: Mirror):
    await set_fault(mirror, "trickle 20")
    reader, writer = await asyncio.open_connection(*mirror.endpoints[0])
    writer.write(b"GET /empty HTTP/1.1\r\nHost: x\r\n\r\n")
    begun = time.monotonic()
    seen = [await reader.read(1000) for _ in range(8)]
    writer.close()
    assert b"".join(seen) == b"HTTP/1.1"
    assert time.monotonic() - begun > 0.3


async def test_wrong_content_looks_right_but_for_its_bytes(mirror: Mirror, kernel: bytes):
    right = await get(mirror)
    await set_fault(mirror, "wrong")
    wrong = await get(mirror)
    assert wrong.status_code == 200
    assert wrong.content == bytes(255 - octet for octet in kernel)
    assert {**wrong.headers, "date": ""} == {**right.headers, "date": ""}
    assert (await get(mirror, Range="bytes=5-9")).content == wrong.content[5:10]


async def test_cut_ends_in_the_middle_of_the_body(mirror: Mirror):
    await set_fault(mirror, "cut")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await get(mirror)


@pytest.mark.parametrize("status", [404, 500, 503])
async def test_a_status_is_given_for_everything(mirror: Mirror, status: int):
    await set_fault(mirror, str(status))
    reply = await get(mirror)
    assert reply.status_code == status
    assert ("Retry-After" in reply.headers) == (status == 503)


async def test_redirect_sends_the_path_elsewhere(mirror: Mirror):
    await set_fault(mirror, "redirect http://192.0.2.80:8080/")
    reply = await get(mirror)
    assert (reply.status_code, reply.headers["Location"]) == (302, f"http://192.0.2.80:8080{KERNEL}")


async def test_slow_multiplies_the_delay(root: Path):
    async with running(root, delay_ms=10) as mirror:
        await set_fault(mirror, "slow 20")
        begun = time.monotonic()
        await get(mirror, "/empty")
        assert time.monotonic() - begun >= 0.2


async def test_flap_refuses_and_is_well_by_turns(mirror: Mirror):
    await set_fault(mirror, "flap 0.6")
    seen: list[bool] = []
    async with asyncio.timeout(90):
        while len(seen) < 5:
            try:
                well = (await get(mirror, "/empty")).status_code == 200
            except httpx.TransportError:
                well = False
            if not seen or seen[-1] != well:
                seen.append(well)
            await asyncio.sleep(0.01)
    assert str(mirror.fault) == "flap 0.6"
    await set_fault(mirror, "ok")
    assert (await get(mirror, "/empty")).status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        "refuse",
        "drop",
        "hang",
        "trickle 1",
        "wrong",
        "cut",
        "500",
        "slow 10",
        "flap 5",
        "redirect http://a/",
    ],
)
def test_a_fault_is_written_as_it_is_read(text: str):
    assert str(parse_fault(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "status",
        "status 500",
        "200",
        "99999",
        "500 1",
        "hang 3",
        "slow x",
        "slow nan",
        "flap 0",
        "trickle -1",
        "redirect",
        "redirect ftp://x/",
        "redirect http://a/\r\nX: y",
        "redirect http://a/ b",
    ],
)
def test_what_is_no_fault_is_told_with_the_list(text: str):
    with pytest.raises(UsageError, match=r"is no fault of a mirror: ok \| refuse"):
        parse_fault(text)
