"""The client, against the admin side on a real socket."""

import asyncio
import inspect
import re
import threading
from contextlib import asynccontextmanager
from itertools import islice

import pytest

import gslb.client.client
import gslb.client.reading
from gslb.admin import Feed, create_app
from gslb.client import Client, Message, Refused, Unfit, Unreachable
from gslb.errors import NodeError, UsageError
from tests.admin.bench import OPERATOR, OWNER, VIEWER, Bench, served
from tests.client.documents import FOLDER, written
from tests.ports import free_port

pytestmark = pytest.mark.anyio

NOT_OF_PROGRAMS = {("get", "/healthz"), ("get", "/alerts.atom")}  # for balancers and readers of feeds


@pytest.fixture
def node() -> Bench:
    return Bench().ready()


async def told(url, ask, token=OPERATOR, **more):
    """What `ask` gets from a client, in a thread of its own."""

    def run():
        with Client(url, token, timeout_s=20, **more) as client:
            return ask(client)

    return await asyncio.to_thread(run)


async def test_what_the_node_tells_comes_as_the_api_has_it(node):
    node.fail("jp-osaka-1")
    async with served(node) as url:
        assert (await told(url, Client.status))["node"] == "tokyo-1"
        assert [site["id"] for site in await told(url, lambda c: c.sites(condition=["down"]))] == ["jp-osaka-1"]
        assert (await told(url, lambda c: c.site("jp-osaka-1")))["targets"][0]["curl"].startswith("curl ")
        assert (await told(url, lambda c: c.explain("133.11.0.1", via="http", path="/")))["answers"]
        assert await told(url, Client.is_ready) is True
        assert "gslb_ready 1.0" in await told(url, Client.metrics)
        assert (await told(url, Client.config))["world"] == node.world.number


async def test_all_events_come_over_pages(node):
    node.fail("jp-osaka-1")
    node.fail("us-dallas-1")
    async with served(node) as url:
        numbers = [event["number"] for event in await told(url, lambda c: list(c.events(page=2)))]
        assert numbers == [event.number for event in reversed(node.kept)]
        few = await told(url, lambda c: list(islice(c.events(subject=["us-dallas-1"], page=1), 2)))
        assert [event["subject"] for event in few] == ["us-dallas-1"] * 2


async def test_a_drain_and_its_end(node):
    async with served(node) as url:
        drained = await told(url, lambda c: c.drain("jp-osaka-1", "a new disk", 3600))
        assert (drained["condition"], drained["reason"]) == ("drained", "a new disk")
        assert (await told(url, lambda c: c.enable("jp-osaka-1")))["drain"] is None


async def test_refusals_are_exceptions_with_the_problem(node):
    async with served(node) as url:
        with pytest.raises(Refused, match="refused the token: this token is nobody's; put yours into GSLB_TOKEN") as refused:
            await told(url, Client.status, "nobody")
        assert (refused.value.status, isinstance(refused.value, NodeError)) == (401, True)
        with pytest.raises(Refused, match=r"refused \(403\)"):
            await told(url, lambda c: c.drain("jp-osaka-1", "x"), VIEWER)
        with pytest.raises(Refused, match="yours: jp-osaka-1"):
            await told(url, lambda c: c.site("jp-tokyo-1"), OWNER)
        with pytest.raises(Refused, match="404"):
            await told(url, lambda c: c.site("../status"))
        with pytest.raises(Unfit) as unfit:
            await told(url, lambda c: c.drain("jp-osaka-1", "x" * 300, -1))
        assert {fault.field for fault in unfit.value.problem.errors} == {"reason", "for_s"}
        assert isinstance(unfit.value, UsageError)


async def test_nobody_there_and_somebody_else():
    with pytest.raises(Unreachable, match=r"no node answers at http://127\.0\.0\.1:"):
        await told(f"127.0.0.1:{free_port()}", Client.status, retries=0)
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") as url:
        with pytest.raises(Unreachable, match="is no gslb node: it sent no JSON"):
            await told(url, Client.status)
    async with answering(b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n[]") as url:
        with pytest.raises(Refused, match=r"refused \(500\): Internal"):
            await told(url, Client.status)
    with pytest.raises(UsageError, match="is no address of a node"):
        Client("ftp://127.0.0.1:1").status()


@asynccontextmanager
async def answering(octets: bytes):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(octets)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def losing(url: str, answers: int):
    """Between a client and a node: the node does what is asked, and the first answers are lost on their way back."""
    host, port = url.removeprefix("http://").split(":")
    lost: list[bytes] = []

    async def hand_on(reader, writer):
        with_body = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", with_body, re.IGNORECASE)
        with_body += await reader.readexactly(int(length[1]) if length else 0)
        there, back = await asyncio.open_connection(host, int(port))
        back.write(with_body.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        answer = await there.read(-1)
        back.close()
        if len(lost) < answers:
            lost.append(answer)
        else:
            writer.write(answer)
        writer.close()

    async with await asyncio.start_server(hand_on, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", lost


async def test_a_change_whose_answer_is_lost_is_sent_again_and_made_once(node):
    async with served(node) as url, losing(url, 2) as (through, lost):
        drained = await told(through, lambda c: c.drain("jp-osaka-1", "once"))
        assert drained["drain"]["reason"] == "once"
        assert [answer.split()[1] for answer in lost] == [b"200", b"200"]
        assert [event.kind for event in node.kept].count("drain") == 1
        with pytest.raises(Unreachable):
            async with losing(url, 9) as (deaf, _):
                await told(deaf, Client.status, retries=1)


@asynccontextmanager
async def following(url: str, **more):
    """What a follower has heard, and its thread, to be started; it ends after the block."""
    heard: list[Message] = []

    def follow() -> None:
        try:
            for message in client.follow(**more):
                heard.append(message)  # noqa: PERF402 - one by one, as they come
        except (RuntimeError, Unreachable):  # of a client that is closed
            pass

    with Client(url, OPERATOR) as client:
        yield heard, threading.Thread(target=follow, daemon=True)


async def until(condition) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_the_stream_goes_on_over_a_restart_and_nothing_comes_twice(node):
    """The next server knows the events of the last one: numbers go on."""
    port = free_port()
    async with following(f"http://127.0.0.1:{port}") as (heard, thread):
        async with served(node, port=port):
            thread.start()
            await until(lambda: node.feed.watchers)
            node.fail("jp-osaka-1")
            await until(lambda: any(message.event == "event" for message in heard))
        node.drain("jp-tokyo-1", "while nobody listens", "ops", None)
        node.feed = Feed(node.kept)
        async with served(node, port=port):
            await until(lambda: node.feed.watchers)
            node.fail("us-dallas-1")
            await until(lambda: [each.number for each in heard if each.number][-1] == node.feed.last)
    numbers = [message.number for message in heard if message.number is not None]
    assert numbers == [event.number for event in node.kept if event.number >= numbers[0]]
    assert any(event.kind == "drain" for event in node.kept)


async def test_without_reconnect_the_stream_ends_with_the_server(node):
    async with served(node) as url, following(url, reconnect=False) as (heard, thread):
        thread.start()
        await until(lambda: len(heard) >= 3)
        node.feed.close()
        await until(lambda: not thread.is_alive())
    assert [message.event for message in heard][:3] == ["status", "sites", "services"]


async def test_the_stream_refuses_as_everything_else(node):
    async with served(node) as url:
        with pytest.raises(Refused, match="refused the token"):
            await told(url, lambda c: list(c.follow()), "nobody")


def test_every_operation_of_the_api_has_a_method():
    source = inspect.getsource(gslb.client.client) + inspect.getsource(gslb.client.reading)
    source = re.sub(r"\{segment\(\w+\)\}", "{}", source)
    known = {("get", f"/api/v1/{path}") for path in re.findall(r'self\.(?:get|pages)\(\s*f?"([^"]+)"', source)}
    known |= {("get", path) for path in re.findall(r'self\.(?:text|answers)\(\s*f?"([^"]+)"', source)}
    known |= {(m.lower(), f"/api/v1/{path}") for m, path in re.findall(r'self\.change\(\s*"(\w+)", f?"([^"]+)"', source)}
    known |= {("get", "/api/v1/stream")}  # gslb.client.following
    paths = create_app(Bench()).openapi()["paths"]
    wanted = {(method, re.sub(r"\{\w+\}", "{}", path)) for path, methods in paths.items() for method in methods}
    assert wanted - known - NOT_OF_PROGRAMS == set()


@pytest.mark.parametrize("name", ["sites.py", "record.py", "steering.py", "people.py", "__init__.py"])
def test_the_types_of_answers_are_up_to_date(name):
    assert (FOLDER / name).read_text() == written().get(name, ""), "write them again: python -m tests.client.documents"
