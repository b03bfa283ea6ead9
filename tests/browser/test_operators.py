"""A night of an operator in Debian's Chromium, with the real demo; and a browser that outlives its node."""

import asyncio
import re
import tempfile
import time
from pathlib import Path

import pytest

from tests.browser.chromium import Browser, missing
from tests.scenarios.demo import Demo
from tests.scenarios.lifecycle import QUICK
from tests.scenarios.node import RunningNode, document, of_region, site

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(bool(missing()), reason=missing()),
]

LIVE = "document.querySelector('.link.live') !== null && document.querySelector('main[aria-busy=false]') !== null"
CLIENTS = {"133.11.0.1": "jp-", "18.0.0.1": "us-", "141.20.0.1": "eu-", "8.8.8.8 133.11.0.0/24": "jp-", "61.200.0.1": "jp-"}
# What is there when a view has all that it shows.
VIEWS = {
    "now": ("/", "document.querySelectorAll('[data-site]').length >= 13"),
    "site": ("/sites/jp-osaka-1", "document.querySelector('main pre') !== null"),
    "explain": ("/explain?address=133.11.0.1", "document.querySelectorAll('.door .answer').length === 2"),
    "what-if": ("/what-if?off=jp-tokyo-1", "document.querySelector('.result .sentence') !== null"),
    "maintenance": ("/maintenance", "document.querySelector('.month, .table, .maintenance') !== null"),
    "incidents": ("/incidents", "document.querySelector('.timeline li') !== null"),
    "content": ("/content", "document.querySelectorAll('.matrix tbody tr').length === 13"),
    "coverage": ("/coverage", "document.querySelector('main h1') !== null"),
    "clients": ("/clients", "document.querySelector('main h1') !== null"),
    "configuration": ("/configuration", "document.querySelector('.reload') !== null"),
    "help": ("/help", "document.querySelector('main h1') !== null"),
}
WORKED_OUT = "document.querySelector('.heat table') !== null"  # coverage of the whole world, which takes some seconds


@pytest.fixture
def demo():
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder))
        try:
            demo.wait_for("^Dashboard ", 60)
            yield demo
        finally:
            if demo.process.poll() is None:
                demo.process.terminate()
                demo.end()


def url_of(demo: Demo) -> str:
    return f"http://{demo.admin}"


def token_of(demo: Demo) -> str:
    return demo.wait_for(r"^Token +(\S+)", 10)[1]


async def log_in(browser: Browser, demo: Demo, **options) -> None:
    await browser.open(f"{url_of(demo)}/login", **options)
    await browser.fill("#token", token_of(demo))
    await browser.click("main button")
    await browser.until(LIVE)


async def look(browser: Browser, demo: Demo, name: str) -> None:
    path, there = VIEWS[name]
    await browser.go(url_of(demo) + path)
    await browser.until(LIVE)
    await browser.until(there)


def condition(id: str) -> str:
    return f"document.querySelector('[data-site={id}]')?.dataset.condition"


async def test_an_operator_gets_through_the_night(demo, browser):
    """Must show 1. One demo, and everything that an operator does with it."""
    await log_in(browser, demo, timezoneId="Asia/Tokyo")
    await sees_a_mirror_die(browser, demo)
    await drains_and_brings_back(browser, demo)
    await explains_clients(browser, demo)
    await asks_what_if_and_does_it(browser, demo)
    await browser.axe()
    await browser.screenshot("configuration-acts", whole=True)
    # The drain without a reason was refused, as it should be.
    assert [each for each in await browser.complaints() if "status of 422" not in each] == []
    assert await browser.elsewhere(url_of(demo)) == []
    await reads_japanese_on_a_telephone(browser, demo)
    await guesses_too_often(browser, demo)


async def sees_a_mirror_die(browser: Browser, demo: Demo) -> None:
    """On the page that is open already."""
    await browser.until("document.querySelectorAll('[data-site]').length >= 13")
    await browser.evaluate("window.notLoadedAgain = true")
    await asyncio.to_thread(demo.order, "kill jp-osaka-1")
    began = time.monotonic()
    await browser.until(f"{condition('jp-osaka-1')} === 'down'")
    assert time.monotonic() - began < 15, "what BEHAVIOUR.md states for a site that refuses"
    assert await browser.evaluate("window.notLoadedAgain") is True
    await browser.until("document.querySelector('.incident.warning') !== null")
    assert "jp-osaka-1" in await browser.text(".incident p")


async def drains_and_brings_back(browser: Browser, demo: Demo) -> None:
    """With a reason, which is asked for beside its field, and an owner."""
    await browser.click("[data-site=us-dallas-1] .acts button")
    await browser.click("dialog .primary")
    await browser.until("document.querySelector('dialog [name=reason][aria-invalid=true]') !== null")
    await browser.fill("dialog [name=reason]", "a new disk")
    await browser.fill("dialog [name=owner]", "Dallas")
    await browser.click("dialog .primary")
    await browser.until(f"{condition('us-dallas-1')} === 'drained'")
    await look(browser, demo, "maintenance")
    assert "Dallas" in await browser.text(".drains")
    await browser.axe()
    await browser.screenshot("maintenance-drained")
    await browser.click(".drains button")
    await browser.until("document.querySelector('.drains [data-site=us-dallas-1] progress') !== null")


async def explains_clients(browser: Browser, demo: Demo) -> None:
    for client, region in CLIENTS.items():
        await browser.go(f"{url_of(demo)}/explain")
        await browser.until("document.querySelector('#explain-client') !== null")
        await browser.fill("#explain-client", client)
        await browser.click("main form .primary")
        await browser.until("document.querySelectorAll('.door .answer').length === 2")
        await browser.until(f"document.querySelector('.door').innerText.includes('{region}')")


async def asks_what_if_and_does_it(browser: Browser, demo: Demo) -> None:
    """What if Tokyo were off? Start over: half the weight for Fukuoka. As a diff, then as an override."""
    await look(browser, demo, "what-if")
    assert await browser.evaluate("document.querySelectorAll('.compare tbody tr').length") == 13
    await browser.click(".ask-now button[type=button]")
    await browser.fill("[data-site=jp-fukuoka-1] [type=number]", "50")
    await browser.click(".ask-now .primary")
    await browser.until("document.querySelector('.apply') !== null && document.querySelector('.stale-note') === null")
    await browser.click(".apply .buttons button:not(.primary)")
    await browser.until("document.querySelector('.diff pre')?.innerText.includes('weight: 50')")
    await browser.click(".apply .buttons .primary")
    await browser.fill("dialog [name=reason]", "busy line")
    await browser.click("dialog .primary")
    await browser.until("document.querySelector('dialog[open]') === null")
    await look(browser, demo, "configuration")
    await browser.until("document.querySelector('[data-override]')?.innerText.includes('jp-fukuoka-1')")
    await browser.until("document.querySelectorAll('[data-act]').length >= 3")


async def reads_japanese_on_a_telephone(browser: Browser, demo: Demo) -> None:
    await log_in(browser, demo, width=360, height=780, locale="ja-JP", colorScheme="dark")
    for name in VIEWS:
        await look(browser, demo, name)
        assert await browser.evaluate("document.documentElement.lang") == "ja"
        assert await browser.evaluate("document.documentElement.scrollWidth") <= 360, name


async def guesses_too_often(browser: Browser, demo: Demo) -> None:
    """Refused, and then throttled."""
    await browser.open(f"{url_of(demo)}/login", locale="ja-JP")
    for number in range(12):
        await browser.fill("#token", f"wrong-{number}")
        await browser.click("main button")
        await browser.until("document.querySelector('.refused') !== null")
    assert re.search(r"\d+ 秒後に", await browser.text(".refused"))
    await browser.axe()


SIZES = [(360, "dark", "ja-JP"), (1440, "light", "en-GB"), (2560, "dark", "en-GB")]


@pytest.mark.long
@pytest.mark.parametrize(("width", "scheme", "locale"), SIZES)
async def test_every_view_fits_and_axe_finds_no_serious_fault(demo, browser, width, scheme, locale):
    await asyncio.to_thread(demo.order, "kill jp-osaka-1")
    await log_in(browser, demo, width=width, height=900, colorScheme=scheme, locale=locale)
    await browser.until(f"{condition('jp-osaka-1')} === 'down'")
    for name in VIEWS:
        await look(browser, demo, name)
        if name == "coverage":
            await browser.until(WORKED_OUT)
        assert await browser.evaluate("document.documentElement.scrollWidth") <= width, name
        await browser.axe()
        await browser.screenshot(f"{name}-{width}-{scheme}-{locale[:2]}", whole=True)
    assert await browser.complaints() == []
    assert await browser.elsewhere(url_of(demo)) == []


async def test_a_browser_outlives_the_node_and_shows_nothing_twice(browser, tmp_path):
    """Must show 4. The sites are addresses where nobody is: they go down at the start, which is what happens here."""
    settings = document([site(each, 9) for each in of_region("jp")], tmp_path / "state", probes=QUICK)
    node = RunningNode(settings, tmp_path, workers=1)
    with node:
        await browser.open(node.admin)
        await browser.until(LIVE)
        await browser.until("document.querySelectorAll('.events li').length > 0")
        await asyncio.to_thread(node.stop)
        await browser.until("document.querySelector('.link.lost') !== null")
        await asyncio.to_thread(node.start)
        await browser.until(LIVE)
        last = node.api("status")["last_event"]
        told = "[...document.querySelectorAll('.events li')].map((line) => Number(line.dataset.number))"
        await browser.until(f"Math.max(...{told}) >= {last} - 20 && {told}.length > 1")
        shown = await browser.evaluate(told)
        assert len(shown) == len(set(shown))
        await browser.until("document.querySelector('.link.live') !== null")
