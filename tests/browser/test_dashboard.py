"""The dashboard in Debian's Chromium: what an operator sees and does. Pictures go to artefacts/."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from probes.content.model import Look
from probes.verdict import Verdict
from tests.admin.bench import OPERATOR, OWNER, Bench, served
from tests.admin.test_content import SET, Stocked, with_sets
from tests.browser.chromium import Browser, missing

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(bool(missing()), reason=missing()),
]

LIVE = "document.querySelector('.link.live') !== null && document.querySelector('main[aria-busy=false]') !== null"
DRAWN = "document.querySelectorAll('.marker').length === 13 && document.querySelector('.link.live') !== null"


@pytest.fixture
def node() -> Bench:
    """All is well, and has been for five minutes."""
    return Bench(utc=datetime.now(UTC) - timedelta(minutes=5)).ready()


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
    return f"document.querySelector('[data-site={site}]').dataset.condition"


async def log_in(browser: Browser, url: str, token: str) -> None:
    await browser.open(f"{url}/login")
    await browser.do("fill", selector="#token", text=token)
    await browser.do("click", selector="main button")
    await browser.until(LIVE)


async def test_everything_is_there_nothing_complains_and_nobody_else_is_asked(node, browser):
    async with served(node) as url:
        await browser.open(url)
        await browser.until(DRAWN)
        assert await browser.do("evaluate", script="document.querySelectorAll('[data-site]').length") == 13
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
        assert "site down" in await browser.text(".events li")
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
        assert "site down" in await browser.text(".events li")


async def test_an_operator_drains_a_site_with_a_reason_and_enables_it(node, browser):
    async with served(node) as url:
        await log_in(browser, url, OPERATOR)
        await browser.do("click", selector="[data-site=us-dallas-1] .acts button")
        await browser.do("fill", selector="dialog [name=reason]", text="a new disk")
        await browser.do("click", selector="dialog .primary")
        await browser.until(f"{condition('us-dallas-1')} === 'drained'")
        assert node.tracker.drains["us-dallas-1"].reason == "a new disk"
        assert node.tracker.drains["us-dallas-1"].who == "ops"
        assert "a new disk – ops, until" in await browser.text("[data-site=us-dallas-1]")
        await browser.do("click", selector="[data-site=us-dallas-1] .acts button")
        await browser.until(f"{condition('us-dallas-1')} === 'starting'")
        assert not node.tracker.drains
        assert await browser.complaints() == []


async def test_an_owner_sees_one_site_and_may_drain_it(node, browser):
    async with served(node) as url:
        await log_in(browser, url, OWNER)
        found = await browser.do(
            "evaluate", script="[...document.querySelectorAll('[data-site]')].map((row) => row.dataset.site)"
        )
        assert found == ["jp-osaka-1"]
        assert "Drain" in await browser.text("[data-site=jp-osaka-1] .acts")


async def test_without_a_log_in_there_is_nothing_to_press(node, browser):
    async with served(node) as url:
        await browser.open(url)
        await browser.until(DRAWN)
        assert await browser.do("evaluate", script="document.querySelectorAll('.acts button').length") == 0
        assert "Log in" in await browser.text(".who")


async def test_explain_shows_both_doors_side_by_side_and_what_was_pasted_has_an_address(node, browser):
    node.fail("jp-osaka-1")
    async with served(node) as url:
        await browser.open(url)
        await browser.until(DRAWN)
        await browser.do("press", key="e")
        await browser.until("document.activeElement.id === 'explain-client'")
        await browser.do("fill", selector="#explain-client", text="dig @8.8.8.8 knoppix.inetboot.net +subnet=18.0.0.0/16")
        await browser.do("press", key="Enter")
        await browser.until("document.querySelectorAll('.door .answer').length === 2")
        assert (await browser.do("url")).endswith("/explain?address=18.0.0.0%2F16&via=http")
        assert "us-" in await browser.text(".kept .first")
        assert "connection refused" in await browser.text(".door .dropped")
        assert "+subnet=18.0.0.0/16" in await browser.text(".door pre")
        assert await browser.do("evaluate", script="document.querySelectorAll('.client path').length") == 1
        await browser.do("go", url=f"{url}/explain?address=133.11.0.1&world=1")
        await browser.until("document.querySelector('.moved') !== null")
        assert "made in World 1" in await browser.text(".moved")
        assert await browser.complaints() == []
        await browser.do("fill", selector="#explain-client", text="nonsense")
        await browser.do("press", key="Enter")
        await browser.until("document.querySelector('#explain-client[aria-invalid=true]') !== null")
        assert "write an address" in await browser.text(".ask .client .refused")


async def test_what_is_being_typed_outlives_a_change_of_the_world(node, browser):
    async with served(node) as url:
        await browser.open(f"{url}/explain?address=133.11.0.1")
        await browser.until("document.querySelectorAll('.door .answer').length === 2")
        before = await browser.text(".world b")
        await browser.fill("#explain-client", "141.20.0.1")
        await browser.fill("[name=path]", "/linux")
        node.fail("jp-osaka-1")
        await browser.until(f"document.querySelector('.world b').innerText !== {before!r}")
        await browser.until("!document.querySelector('.doors[aria-busy=true]')")
        typed = "[...document.querySelectorAll('#explain-client, [name=path]')].map((field) => field.value)"
        assert await browser.evaluate(typed) == ["141.20.0.1", "/linux"]


async def test_a_form_that_the_server_drew_is_not_taken_away_from_who_fills_it_in(node, browser):
    """Who types before the scripts are there: here the field is filled in as soon as it is parsed."""
    early = """new MutationObserver((_, self) => {
        const field = document.querySelector("form [name=address]");
        if (field) { self.disconnect(); field.value = "141.20.0.1"; }
    }).observe(document, {childList: true, subtree: true});"""
    async with served(node) as url:
        await browser.open(f"{url}/explain", script=early)
        await asyncio.sleep(1)
        assert await browser.evaluate("document.querySelector('form [name=address]').value") == "141.20.0.1"
        await browser.click("#app main .primary")
        await browser.until("document.querySelectorAll('.door .answer').length === 2")
        assert "eu-" in await browser.text(".doors")


async def test_the_search_finds_sites_views_and_clients(node, browser):
    async with served(node) as url:
        await browser.open(url)
        await browser.until(DRAWN)
        await browser.do("press", key="/")
        await browser.do("fill", selector="#search", text="osaka")
        await browser.until("document.querySelectorAll('#found li').length === 1")
        await browser.do("press", key="Enter")
        await browser.until("document.querySelector('main h1')?.innerText.includes('jp-osaka-1')")
        await browser.do("fill", selector="#search", text="133.11.0.1")
        await browser.do("press", key="Enter")
        await browser.until("document.querySelectorAll('.door .answer').length === 2")
        await browser.do("press", key="g")
        await browser.do("press", key="h")
        await browser.until("document.querySelector('.night') !== null")
        assert await browser.complaints() == []
        assert await browser.do("go", url=f"{url}/sites/nowhere-1") == 404
        await browser.until(LIVE)
        assert "There is no site nowhere-1" in await browser.text("main")


async def test_the_language_and_the_theme_are_the_browsers_until_somebody_chooses(node, browser):
    async with served(troubled(node)) as url:
        await browser.open(url, locale="ja-JP", colorScheme="light")
        await browser.until(DRAWN)
        assert await browser.text("nav [aria-current]") == "現在の状況"
        await browser.do("click", selector=".switch [lang=en]")
        await browser.until("document.documentElement.lang === 'en'")
        await browser.do("click", selector=".theme")
        await browser.do("go", url=url)
        await browser.until(DRAWN)
        assert await browser.text("nav [aria-current]") == "Now"
        assert await browser.do("evaluate", script="document.documentElement.dataset.theme") == "dark"
        await browser.do("fill", selector=".filter input", text="down")
        await browser.until("document.querySelectorAll('[data-site]').length === 1")


async def test_a_site_tells_its_checks_its_history_and_what_would_be_without_it(browser):
    node = Stocked(with_sets(SET))
    node.ready()
    node.look()
    node.look("jp-osaka-1", look=Look.WRONG, reason="a flipped byte", family=6)
    async with served(node) as url:
        await log_in(browser, url, OPERATOR)
        assert "jp-osaka-1 has wrong files and is not used for knoppix" in await browser.text(".incident")
        await browser.do("click", selector="[data-site=jp-osaka-1] .name")
        await browser.until("document.querySelectorAll('.target').length === 4")
        assert "curl -sv http://192.0.2.36/" in await browser.text(".target pre")
        assert "a flipped byte" in await browser.text(".set")
        assert "/knoppix/SHA256SUMS" in await browser.text(".set pre")
        await browser.do("click", selector=".target .results button")
        await browser.until("document.querySelectorAll('.exchange pre').length === 3")
        assert "HTTP/1.1 200 OK" in await browser.text(".exchange")
        await browser.do("click", selector=".two .panel:nth-child(2) button")
        await browser.until("document.querySelector('.two .panel:nth-child(2) tbody tr') !== null")
        assert await browser.complaints() == []


async def test_where_measurement_disagrees_with_the_map_one_click_makes_a_rule_with_an_end(node, browser):
    sites = [site.id for site in node.configuration.sites if site.region == "jp"]
    told = [*([site, 200] for site in sites), ["us-dallas-1", 20]]
    rows = [
        [f"{number:016x}", "133.11.0.0/16", [each]]
        for each in told
        for number in (2 * told.index(each), 2 * told.index(each) + 1)
    ]
    node.measured.take(rows, {*sites, "us-dallas-1"}, 100, time.time())
    async with served(node) as url:
        await log_in(browser, url, OPERATOR)
        await browser.do("go", url=f"{url}/coverage?by=country")
        await browser.until("document.querySelector('.heat .disagrees') !== null")
        assert "Japan" in await browser.text(".heat .disagrees")
        await browser.do("click", selector=".panel .table button")
        assert await browser.do("evaluate", script="document.querySelector('dialog [name=prefer]').value") == "us-dallas-1"
        await browser.do("fill", selector="dialog [name=reason]", text="")
        await browser.do("click", selector="dialog .primary")
        await browser.until("document.querySelector('dialog .field.faulty .refused') !== null")
        await browser.do("fill", selector="dialog [name=reason]", text="measured faster")
        await browser.do("click", selector="dialog .primary")
        await browser.until("document.querySelector('.toast.done') !== null && !document.querySelector('dialog').open")
        (override,) = await browser.do("evaluate", script="fetch('/api/v1/overrides').then((answer) => answer.json())")
        assert (override["kind"], override["rule"]["match"], override["rule"]["prefer"]) == (
            "rule",
            {"country": ["JP"]},
            ["us-dallas-1"],
        )
        assert override["until"] is not None


async def test_what_a_site_sends_back_runs_nowhere(node, browser):
    node.fail("jp-osaka-1", reason="<img src=x onerror=alert(1)><script>alert(1)</script>")
    async with served(node) as url:
        await browser.open(url)
        await browser.until(DRAWN)
        assert "<script>alert(1)</script>" in await browser.text(".incident")
        assert await browser.complaints() == []


async def test_without_javascript_the_views_are_there(node, browser):
    async with served(troubled(node)) as url:
        await browser.open(url, javaScriptEnabled=False)
        await browser.screenshot("without-javascript")
        await browser.do("go", url=f"{url}/explain?address=133.11.0.1")
        await browser.screenshot("explain-without-javascript", whole=True)
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
        await browser.axe()


async def test_who_forgot_a_browser_somewhere_logs_out_everywhere(node, browser):
    async with served(node) as url, httpx.AsyncClient(base_url=url, trust_env=False) as elsewhere:
        assert (await elsewhere.post("/login", data={"token": OPERATOR}, headers={"Origin": url})).status_code == 303
        assert (await elsewhere.get("/api/v1/me")).json()["by"] == "session"
        await log_in(browser, url, OPERATOR)
        await browser.go(f"{url}/configuration")
        await browser.until(LIVE)
        await browser.click(".everywhere")
        await browser.until("location.pathname === '/login'")
        assert (await elsewhere.get("/api/v1/me")).json()["by"] != "session"


async def test_a_page_whose_session_ended_says_so_and_offers_to_log_in(node, browser):
    """As after a restart of the node, on loopback, where the page may go on to read."""
    end = """fetch("/api/v1/me").then((answer) => answer.json())
        .then(({csrf}) => fetch("/api/v1/me/sessions", {method: "DELETE", headers: {"X-CSRF-Token": csrf}})).then(({ok}) => ok)"""
    async with served(node) as url:
        await log_in(browser, url, OPERATOR)
        await browser.until(DRAWN)
        assert await browser.evaluate(end)
        await browser.click("[data-site=jp-osaka-1] .acts button")
        await browser.fill("dialog [name=reason]", "a new disk")
        await browser.click("dialog .primary")
        await browser.until("document.querySelector('dialog .refused') !== null")
        await browser.until("document.querySelector('.who a[href=\"/login\"]') !== null")
        assert await browser.evaluate("document.querySelectorAll('[data-site] .acts button').length") == 0
        assert await browser.evaluate("document.querySelector('dialog [name=reason]').value") == "a new disk"
