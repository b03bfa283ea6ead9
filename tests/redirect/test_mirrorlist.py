"""`?mirrorlist`: where a client would be sent and why, for people and programs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from gslb.model import Limits
from gslb.redirect.mirrorlist import form_of
from tests.redirect.doors import HOST, opened, serving
from tests.redirect.test_redirect import decided
from tests.steering import world as worlds

pytestmark = pytest.mark.anyio


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.urls += [value for name, value in attrs if name == "href" and value]


async def test_programs_get_the_sites_in_order_with_the_reason_of_each() -> None:
    down = decided("127.0.0.1")[1]
    async with opened(serving(worlds.down(worlds.world(), down))) as door:
        answer = await door.get("/a%2Fb?mirrorlist&x=1", "Accept: application/json")
        chosen = await door.get("/a%2Fb?x=1")
    listed = json.loads(answer.body)
    assert answer.status == 200
    assert answer.fields["Content-Type"] == "application/json"
    assert [site["site"] for site in listed["sites"]] == [site for site in decided("127.0.0.1") if site != down]
    assert listed["sites"][0]["url"] == chosen.location
    assert [site["rank"] for site in listed["sites"]] == list(range(1, 13))
    assert all(site["reason"] for site in listed["sites"])
    assert [site["site"] for site in listed["dropped"]] == [down]
    assert "connection refused" in listed["dropped"][0]["reason"]
    assert (listed["service"], listed["path"], listed["client"], listed["why"]) == (HOST, "/a%2Fb?x=1", "127.0.0.0/16", "nearest")
    assert answer.fields["GSLB-Decision"] == chosen.fields["GSLB-Decision"]


async def test_people_get_a_page_with_a_link_to_each_site_and_no_script() -> None:
    async with opened() as door:
        answer = await door.get("/a?mirrorlist", "Accept: text/html,application/xhtml+xml,*/*;q=0.8")
    page = Links()
    page.feed(answer.body.decode())
    assert answer.fields["Content-Type"] == "text/html; charset=utf-8"
    assert page.urls == [f"http://{site}.example/a" for site in decided("127.0.0.1")]
    assert "script" not in page.tags
    assert "default-src 'none'" in answer.fields["Content-Security-Policy"]
    assert answer.fields["Vary"] == "Accept"


async def test_a_path_can_not_become_markup() -> None:
    async with opened() as door:
        answer = await door.get("/\"><script>alert(1)</script>'&lt;?mirrorlist")
        as_json = await door.get('/"<?mirrorlist', "Accept: application/json")
    page = Links()
    page.feed(answer.body.decode())
    assert "script" not in page.tags
    assert page.urls[0].endswith("/\"><script>alert(1)</script>'&lt;")
    assert json.loads(as_json.body)["path"] == '/"<'


async def test_a_path_too_long_for_a_redirect_is_too_long_for_the_list() -> None:
    """Thirteen times eight kilobytes of quotation marks, escaped and told twice, were a response of more than a megabyte."""
    async with opened() as door:
        assert (await door.get("/" + '"' * 2100 + "?mirrorlist")).status == 414
        assert (await door.get("/" + '"' * 2000 + "?mirrorlist")).status == 200


async def test_its_urls_do_not_come_from_host() -> None:
    async with opened() as door:
        answer = await door.get("/?mirrorlist", host=f"{HOST.upper()}:4711")
    assert b"4711" not in answer.body
    assert HOST.upper().encode() not in answer.body


async def test_head_and_avoid_and_nth_work_on_it_too() -> None:
    first, second, third, *_ = decided("127.0.0.1")
    async with opened() as door:
        avoiding = json.loads((await door.get(f"/?mirrorlist&avoid={first}", "Accept: application/json")).body)
        nth = json.loads((await door.get("/@3/?mirrorlist", "Accept: application/json")).body)
        assert (await door.get("/?mirrorlist", method="HEAD")).status == 200
    assert avoiding["sites"][0]["site"] == second
    assert nth["sites"][0]["site"] == third


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", True),
        ("application/*", True),
        ("text/html, application/json;q=0.9", False),
        ("text/html;q=0.5, application/json", True),
        ("text/*;q=0.1,*/*", True),
        ("application/json;q=0", False),
        ("application/json;q=what", False),
        (";;q=,,", False),
        ("application/json;q=nan", False),
    ],
)
def test_json_is_for_those_who_want_it_more(accept: str, expected: bool) -> None:
    assert (form_of(b"", accept.encode()) == "application/json") is expected


@pytest.mark.parametrize(
    ("target", "accept", "expected"),
    [
        ("/a?mirrorlist", "text/*", "text/plain"),  # what apt sends
        ("/a?mirrorlist", "text/plain", "text/plain"),
        ("/a?mirrorlist", "text/html, text/*;q=0.5", "text/html"),
        ("/a?mirrorlist", "*/*", "text/html"),
        ("/a?mirrorlist=txt", "text/html", "text/plain"),
        ("/a?mirrorlist=json", "text/html", "application/json"),
        ("/a?mirrorlist=html", "application/json", "text/html"),
        ("/a?mirrorlist=what", "application/json", "application/json"),
    ],
)
async def test_each_gets_the_form_that_it_reads(target: str, accept: str, expected: str) -> None:
    async with opened() as door:
        answer = await door.get(target, f"Accept: {accept}")
    assert answer.fields["Content-Type"].partition(";")[0] == expected


async def test_plain_text_has_a_url_and_its_priority_in_each_line() -> None:
    async with opened() as door:
        answer = await door.get("/debian?mirrorlist=txt")
    expected = [f"http://{site}.example/debian\tpriority:{rank}" for rank, site in enumerate(decided("127.0.0.1"), 1)]
    assert answer.body.decode().splitlines() == expected


async def test_the_map_shows_each_site_the_client_and_who_is_down() -> None:
    down = decided("127.0.0.1")[1]
    async with opened(serving(worlds.down(worlds.world(), down))) as door:
        answer = await door.get("/a?mirrorlist", "Accept: text/html")
    spots = Spots()
    spots.feed(answer.body.decode())
    assert spots.kinds == {"chosen": 1, "kept": 11, "dropped": 1, "client": 1}
    assert all(0 <= x <= 360 and 0 <= y <= 140 for x, y in spots.at)
    assert len(answer.body) < 16_000


class Spots(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.kinds: Counter[str] = Counter()
        self.at: list[tuple[float, float]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "circle":
            found = {name: value or "" for name, value in attrs}
            self.kinds[found["class"]] += 1
            self.at.append((float(found["cx"]), float(found["cy"])))


async def test_a_list_of_very_many_sites_is_cut_and_says_so() -> None:
    settings = replace(worlds.configuration(), limits=Limits(listed_sites=5))
    async with opened(serving(worlds.down(worlds.world(settings), "eu-london"))) as door:
        listed = json.loads((await door.get("/a?mirrorlist=json")).body)
    assert (len(listed["sites"]), len(listed["dropped"]), listed["left_out"]) == (5, 1, 7)
