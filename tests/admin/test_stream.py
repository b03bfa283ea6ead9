"""The stream, over real sockets: whole at first, then what changes, and nothing missed in between."""

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import httpx
import pytest

from gslb.admin import feed as feeds
from tests.admin.bench import OPERATOR, OWNER, VIEWER, Bench, served, user

pytestmark = pytest.mark.anyio


class Watcher:
    def __init__(self, lines) -> None:
        self._lines = lines
        self.ended = False

    async def message(self) -> tuple[str, object, str | None]:
        """(event, data, id)"""
        found: dict[str, str] = {}
        async with asyncio.timeout(30):
            async for line in self._lines:
                if not line and "event" in found:
                    return found["event"], json.loads(found["data"]), found.get("id")
                if not line:
                    found = {}
                elif not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    found[name] = value
        self.ended = True
        return "", None, None

    async def until(self, name: str) -> tuple[object, str | None]:
        while True:
            event, data, number = await self.message()
            assert event, "the stream ended"
            if event == name:
                return data, number

    async def whole(self) -> list[str]:
        return [(await self.message())[0] for _ in range(4)]


@asynccontextmanager
async def watching(url: str, source: str | None = None, **headers: str):
    transport = httpx.AsyncHTTPTransport(local_address=source)
    async with (
        httpx.AsyncClient(trust_env=False, timeout=30, transport=transport) as client,
        client.stream(
            "GET", f"{url}/api/v1/stream", headers={name.replace("_", "-"): value for name, value in headers.items()}
        ) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Watcher(answer.aiter_lines())


@pytest.fixture
def node() -> Bench:
    return Bench().ready()


async def test_a_new_watcher_gets_all_and_then_what_changes(node):
    async with served(node) as url, watching(url) as watcher:
        assert await watcher.whole() == ["status", "sites", "services", "incidents"]
        node.fail("jp-osaka-1")
        event, number = await watcher.until("event")
        assert isinstance(event, dict)
        assert (event["kind"], event["subject"], str(event["number"])) == ("site-down", "jp-osaka-1", number)
        site, number = await watcher.until("site")
        assert isinstance(site, dict)
        assert (site["id"], number) == ("jp-osaka-1", None)
        assert site["condition"] in ("partial", "down")
        services, _ = await watcher.until("services")
        status, _ = await watcher.until("status")
        assert isinstance(services, list)
        assert isinstance(status, dict)
        assert status["world"] == node.world.number


async def test_who_comes_back_gets_the_events_in_between_and_no_other(node):
    async with served(node) as url:
        last = node.feed.last
        node.fail("jp-osaka-1")
        async with watching(url, Last_Event_ID=str(last)) as watcher:
            assert await watcher.whole() == ["status", "sites", "services", "incidents"]
            numbers = [int((await watcher.until("event"))[1] or 0) for _ in range(node.feed.last - last)]
            assert numbers == list(range(last + 1, node.feed.last + 1))


@pytest.mark.parametrize("last", ["999999", "0"])
async def test_who_comes_back_from_nowhere_is_told_to_start_over(node, last):
    """An event that is not there yet, or one whose successors are forgotten already."""
    node.fail("jp-osaka-1")
    node.feed = feeds.Feed(node.kept[1:])
    assert node.feed.last > 0
    async with served(node) as url, watching(url, Last_Event_ID=last) as watcher:
        await watcher.whole()
        assert (await watcher.message())[0] == "reset"
        assert await watcher.whole() == ["status", "sites", "services", "incidents"]


@pytest.mark.parametrize("last", ["nonsense", "-1", "1e3", "9" * 40])
async def test_an_id_that_is_none_of_ours_asks_for_nothing(node, last):
    async with served(node) as url, watching(url, Last_Event_ID=last) as watcher:
        await watcher.whole()
        node.fail("jp-osaka-1")
        assert (await watcher.message())[0] == "event"


async def test_what_only_trembles_is_not_told(node):
    """Every probe result changes a report in something; watchers hear of it when it matters."""
    async with served(node) as url, watching(url) as watcher:
        await watcher.whole()
        node.wait(10.0)
        node.round()
        node.drain("jp-tokyo-1", "a mark in the stream", "ops", None)
        await watcher.until("event")
        site, _ = await watcher.until("site")
        assert isinstance(site, dict)
        assert site["id"] == "jp-tokyo-1"


async def test_a_reload_that_changes_the_sites_gives_all_anew(node):
    async with served(node) as url, watching(url) as watcher:
        await watcher.whole()
        node.configuration = replace(node.configuration, sites=node.configuration.sites[:4])
        node.feed.changed()
        sites, _ = await watcher.until("sites")
        assert isinstance(sites, list)
        assert len(sites) == 4


async def test_an_owner_hears_of_the_own_sites_alone(node):
    async with served(node) as url, watching(url, Authorization=f"Bearer {OWNER}") as watcher:
        node.fail("jp-tokyo-1")
        node.fail("jp-osaka-1")
        event, _ = await watcher.until("event")
        assert isinstance(event, dict)
        assert event["subject"] == "jp-osaka-1"


async def test_a_token_that_is_taken_away_ends_the_stream(node):
    async with served(node) as url, watching(url, Authorization=f"Bearer {VIEWER}") as watcher:
        await watcher.whole()
        node.configuration = replace(node.configuration, users=(user("ops", "operator", OPERATOR),))
        node.feed.changed()
        while not watcher.ended:
            await watcher.message()


async def test_a_token_that_is_revoked_ends_its_stream_at_once_and_nobody_elses(node):
    token, text = node.tokens.create("kai", "viewer", (), None, "ops")
    async with (
        served(node) as url,
        httpx.AsyncClient(trust_env=False) as client,
        watching(url, Authorization=f"Bearer {text}") as kai,
        watching(url, Authorization=f"Bearer {VIEWER}") as eve,
    ):
        await kai.whole()
        await eve.whole()
        answer = await client.delete(f"{url}/api/v1/tokens/{token.id}", headers={"Authorization": f"Bearer {OPERATOR}"})
        assert answer.status_code == 200
        while not kai.ended:
            assert (await kai.message())[0] != "event"  # not even that of its end
        assert (await eve.until("event"))[0]["kind"] == "token-revoke"


async def test_one_watcher_too_many_is_told_before_the_stream_begins(node):
    crowd = [node.feed.subscribe() for _ in range(feeds.WATCHERS_MOST)]
    async with served(node) as url, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{url}/api/v1/stream")
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert answer.headers["retry-after"] == "5"
    assert node.feed.watchers == len(crowd)


async def test_one_peer_leaves_room_for_the_watchers_of_others(node):
    async with served(node) as url, AsyncExitStack() as held:
        for _ in range(feeds.WATCHERS_OF_PEER_MOST):
            await held.enter_async_context(watching(url))
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"{url}/api/v1/stream")
        assert (answer.status_code, answer.headers["content-type"]) == (429, "application/problem+json")
        assert (answer.json()["detail"], answer.headers["retry-after"]) == ("16 clients at 127.0.0.1 watch already", "5")
        async with watching(url, "127.0.0.2") as watcher:
            assert await watcher.whole() == ["status", "sites", "services", "incidents"]


async def test_a_watcher_that_leaves_is_forgotten(node):
    async with served(node) as url:
        async with watching(url) as watcher:
            await watcher.whole()
            assert node.feed.watchers == 1
        async with asyncio.timeout(30):
            while node.feed.watchers:
                node.feed.changed()
                await asyncio.sleep(0.01)


async def test_stopping_ends_streams_at_once(node):
    loop = asyncio.get_running_loop()
    async with served(node) as url, watching(url) as watcher:
        await watcher.whole()
        began = loop.time()
        node.feed.close()
        assert (await watcher.message())[0] == ""
        assert loop.time() - began < 5
