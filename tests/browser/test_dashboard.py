"""The dashboard in Debian's Chromium: what an operator sees and does. Pictures go to artefacts/."""

from datetime import UTC, datetime, timedelta

import pytest

from probes.content.model import Look
from probes.verdict import Verdict
from tests.admin.bench import OPERATOR, OWNER, Bench, served
from tests.admin.test_content import SET, Stocked, with_sets
from tests.browser.chromium import Browser, chromium, missing

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(bool(missing()), reason=missing()),
]

DRAWN = "document.querySelectorAll('.marker').length === 13 && document.querySelector('.link.live') !== null"


@pytest.fixture
def node() -> Bench:
    """All is well, and has been for five minutes."""
    return Bench(utc=datetime.now(UTC) - timedelta(minutes=5)).ready()


@pytest.fixture
async def browser():
    async with chromium() as driven:
        yield driven


def troubled(node: Bench) -> Bench:
    node.wait(200.0)
    node.round()
    node.fail("jp-osaka-1")
    node.fail("us-dallas-1", Verdict.WRONG_CONTENT, "the map file is not the one expected")
    node.fail("eu-london-1", Verdict.TIMEOUT_CONNECT, "no connection within 2 s", family=6)
    node.drain("jp-sapporo-1", "a new disk", "ops", 7200)
    node.fail("jp-nagoya-1")
    node.recover("jp-nagoya-1")
    return node


def condition(site: str) -> str:
    return f"document.querySelector('tr[data-site={site}]').dataset.condition"


async def log_in(browser: Browser, url: str, token: str) -> None:
    await browser.open(f"{url}/login")
    await browser.do("fill", selector="#token", text=token)
    await browser.do("click", selector="main button")
    await browser.until("document.querySelector('.link.live') !== null")


async def test_everything_is_there_nothing_complains_and_nobody_else_is_asked(node, browser):
    async with served(node) as url:
        await browser.open(url)
        await browser.until(DRAWN)
        assert await browser.do("evaluate", script="document.querySelectorAll('tr[data-site]').length") == 13
        assert "All 13 sites are up." in await browser.text(".incident")
        assert "IP Geolocation by DB-IP" in await browser.text("footer")
        assert await browser.complaints() == []
        assert await browser.elsewhere(url) == []


async def test_a_site_that_goes_down_shows_at_once_in_table_map_headline_and_events(node, browser):
    async with served(node) as url:
        await browser.open(url)
        await browser.until(DRAWN)
        node.fail("jp-osaka-1")
        await browser.until(f"{condition('jp-osaka-1')} === 'down'")
        await browser.until("document.querySelector('.marker.down') !== null")
        await browser.until("document.querySelector('.incident.warning') !== null")
        assert (await browser.text(".incident p")).startswith("jp-osaka-1 is down: connection refused")
        assert "site-down" in await browser.text(".events li")
        node.recover("jp-osaka-1")
        await browser.until(f"{condition('jp-osaka-1')} === 'starting'")
        assert await browser.complaints() == []


async def test_after_the_node_was_away_the_page_catches_up_by_itself(node, browser):
    async with served(node) as url:
        await browser.open(url)
        await browser.until(DRAWN)
        # Cuts the streams and nothing else, as a proxy or a bad line would.
        for watcher in list(node.feed._watchers):
            watcher.end()
        await browser.until("document.querySelector('.link.lost') !== null")
        node.fail("jp-osaka-1")
        await browser.until(f"{condition('jp-osaka-1')} === 'down'")
        await browser.until("document.querySelector('.link.live') !== null")
        numbers = await browser.do(
            "evaluate", script="[...document.querySelectorAll('.events li')].map((li) => li.dataset.number)"
        )
        assert len(numbers) == len(set(numbers))
        assert "site-down" in await browser.text(".events li")


async def test_an_operator_drains_a_site_with_a_reason_and_enables_it(node, browser):
    async with served(node) as url:
        await log_in(browser, url, OPERATOR)
        await browser.do("click", selector="tr[data-site=us-dallas-1] .acts button")
        await browser.do("fill", selector="dialog [name=reason]", text="a new disk")
        await browser.do("click", selector="dialog .primary")
        await browser.until(f"{condition('us-dallas-1')} === 'drained'")
        assert node.tracker.drains["us-dallas-1"].reason == "a new disk"
        assert node.tracker.drains["us-dallas-1"].who == "ops"
        assert "a new disk – ops, until" in await browser.text("tr[data-site=us-dallas-1]")
        await browser.do("click", selector="tr[data-site=us-dallas-1] .acts button")
        await browser.until(f"{condition('us-dallas-1')} === 'starting'")
        assert not node.tracker.drains
        assert await browser.complaints() == []


async def test_an_owner_sees_one_site_and_may_drain_it(node, browser):
    async with served(node) as url:
        await log_in(browser, url, OWNER)
        found = await browser.do(
            "evaluate", script="[...document.querySelectorAll('tr[data-site]')].map((row) => row.dataset.site)"
        )
        assert found == ["jp-osaka-1"]
        assert "Drain" in await browser.text("tr[data-site=jp-osaka-1] .acts")


async def test_without_a_log_in_there_is_nothing_to_press(node, browser):
    async with served(node) as url:
        await browser.open(url)
        await browser.until(DRAWN)
        assert await browser.do("evaluate", script="document.querySelectorAll('.acts button').length") == 0
        assert "Log in" in await browser.text(".who")


async def test_explain_says_where_a_client_lands_and_shows_the_way(node, browser):
    node.fail("jp-osaka-1")
    async with served(node) as url:
        await browser.open(url)
        await browser.until(DRAWN)
        await browser.do("fill", selector="[name=address]", text="18.0.0.1")
        await browser.do("click", selector=".explain .primary")
        await browser.until("document.querySelectorAll('.trace li').length === 13")
        assert "us-" in await browser.text(".trace li.kept")
        assert "connection refused" in await browser.text(".trace li.dropped")
        assert await browser.do("evaluate", script="document.querySelectorAll('.client path').length") == 1
        await browser.do("fill", selector="[name=address]", text="nonsense")
        await browser.do("click", selector=".explain .primary")
        await browser.until("document.querySelector('.area-explain .refused') !== null")


async def test_a_site_tells_all_there_is_to_know(node, browser):
    async with served(node) as url:
        await browser.open(url)
        await browser.until(DRAWN)
        await browser.do("click", selector="tr[data-site=jp-osaka-1] .name")
        await browser.until("document.querySelectorAll('dialog .target').length === 4")
        assert "curl -sv http://192.0.2.36/" in await browser.text("dialog")
        await browser.do("click", selector="dialog header button")
        await browser.until("!document.querySelector('dialog').open")


async def test_a_site_tells_what_it_has_wrong_of_a_release_set(browser):
    node = Stocked(with_sets(SET))
    node.ready()
    node.look()
    node.look("jp-osaka-1", look=Look.WRONG, reason="a flipped byte", family=6)
    async with served(node) as url:
        await browser.open(url)
        await browser.until(DRAWN)
        assert "jp-osaka-1 has wrong files and is not used for knoppix" in await browser.text(".incident")
        await browser.do("click", selector="tr[data-site=jp-osaka-1] .name")
        await browser.until("document.querySelectorAll('dialog .set').length === 2")
        assert "a flipped byte" in await browser.text("dialog .set")
        assert "/knoppix/SHA256SUMS" in await browser.text("dialog .set pre")


async def test_what_a_site_sends_back_runs_nowhere(node, browser):
    node.fail("jp-osaka-1", reason="<img src=x onerror=alert(1)><script>alert(1)</script>")
    async with served(node) as url:
        await browser.open(url)
        await browser.until(DRAWN)
        assert "<script>alert(1)</script>" in await browser.text(".incident")
        assert await browser.complaints() == []


async def test_without_javascript_the_table_is_there(node, browser):
    async with served(troubled(node)) as url:
        await browser.open(url, javaScriptEnabled=False)
        await browser.screenshot("without-javascript")
        assert await browser.complaints() == []


@pytest.mark.parametrize(
    ("name", "width", "height", "scheme"),
    [
        ("light", 1440, 900, "light"),
        ("dark", 1440, 900, "dark"),
        ("wide", 2560, 1300, "dark"),
        ("tablet", 820, 1180, "light"),
        ("narrow", 360, 780, "light"),
    ],
)
async def test_nothing_is_cut_off_from_360_to_2560_pixels(node, browser, name, width, height, scheme):
    async with served(troubled(node)) as url:
        await browser.open(url, width=width, height=height, colorScheme=scheme)
        await browser.until(DRAWN)
        await browser.screenshot(name, whole=width < 1000)
        assert await browser.do("evaluate", script="document.documentElement.scrollWidth") <= width
        assert await browser.complaints() == []
