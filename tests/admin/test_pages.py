"""Pages that work without JavaScript, keep to themselves, and can't be broken by what they show."""

import hashlib
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import pytest

from gslb.admin.app import STATIC
from gslb.admin.html import element
from gslb.admin.pages.language import CODES, language
from gslb.admin.pages.now import projected
from gslb.admin.views import Condition
from tests.admin.bench import OPERATOR

VENDOR = STATIC / "vendor"
PAGES = ["/", "/docs", "/login"]


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize("path", PAGES)
def test_the_policy_forbids_what_is_inline_or_from_elsewhere_and_the_page_has_none(visit, path):
    answer = visit().get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    for tag, attributes in Page(answer.text).tags:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        if tag == "script":
            assert (attributes.get("src") or "").startswith("/static/")
        if tag in ("link", "img", "use"):
            assert (attributes.get("href") or attributes.get("src") or "").startswith("/static/")


@pytest.mark.parametrize("path", PAGES)
def test_the_licence_of_the_database_is_kept_on_every_page(visit, path):
    assert '<a href="https://db-ip.com" rel="noreferrer">IP Geolocation by DB-IP</a>' in visit().get(path).text


def test_without_javascript_the_front_page_has_every_site_with_its_state(visit, node):
    node.fail("jp-osaka-1", reason="connection refused")
    node.drain("jp-tokyo-1", "a new disk", "ops", 3600)
    page = Page(visit().get("/").text)
    rows = {attributes["data-site"]: attributes["data-condition"] for _, attributes in page.tags if attributes.get("data-site")}
    assert len(rows) == 13
    assert (rows["jp-osaka-1"], rows["jp-tokyo-1"], rows["eu-london-1"]) == ("down", "drained", "up")
    text = " ".join(page.text)
    assert "jp-osaka-1 is down: connection refused" in text
    assert "#1 jp-osaka-1 is down" in text
    assert ("a", "/incidents/1") in [(tag, attributes.get("href")) for tag, attributes in page.tags]
    assert "a new disk – ops, until 2026-11-23 04:00 UTC" in text
    assert "DNS over IPv4: down" in text


def test_a_region_is_one_group_however_its_sites_stand_in_the_configuration(visit, node):
    mixed = tuple(sorted(node.configuration.sites, key=lambda site: site.id[::-1]))
    node.configuration = replace(node.configuration, sites=mixed)
    page = Page(visit().get("/").text)
    assert len([attributes for tag, attributes in page.tags if tag == "tr" and attributes.get("class") == "region"]) == 3


def test_the_page_knows_who_looks_and_tells_no_token(visit):
    answer = visit(OPERATOR).get("/")
    assert 'data-role="operator"' in answer.text
    assert OPERATOR not in answer.text


def test_what_sites_send_back_is_text_and_nothing_else(visit, node):
    evil = "<script>alert(1)</script>\"'&"
    node.fail("jp-osaka-1", reason=evil)
    node.drain("jp-tokyo-1", evil, evil, None)
    answer = visit().get("/")
    assert "<script>alert" not in answer.text
    assert answer.text.count("<script") == 1


def test_elements_escape_text_and_attributes():
    assert element("a", "<b>", ["&", 7, None], href='"x"', class_="c", hidden=True, title=None) == (
        '<a href="&quot;x&quot;" class="c" hidden>&lt;b&gt;&amp;7</a>'
    )
    assert element("p", element("br"), data_x="1") == '<p data-x="1"><br></p>'


def test_where_nobody_can_log_in_the_page_says_why(visit, node):
    assert "Nobody can log in" not in visit().get("/login").text
    node.configuration = replace(node.configuration, users=())
    assert "Nobody can log in" in visit().get("/login").text


def test_the_manual_has_every_operation_and_every_object(visit):
    client = visit()
    schema, page = client.get("/openapi.json").json(), client.get("/docs").text
    for path, methods in schema["paths"].items():
        for method in methods:
            assert f">{method.upper()}</span> <code>{path}</code>" in page
    for name in schema["components"]["schemas"]:
        assert f'id="object-{name}"' in page
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors


# Files


def test_what_is_vendored_is_what_the_checksums_say():
    listed = {name: digest for digest, name in (line.split("  ") for line in (VENDOR / "CHECKSUMS").read_text().splitlines())}
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.iterdir() if path.name != "CHECKSUMS"}
    assert there == listed


@pytest.mark.parametrize("name", ["preact", "signals", "htm", "uplot"])
def test_what_is_vendored_has_its_licence(name):
    text = (VENDOR / f"LICENSE-{name}.txt").read_text()
    assert "MIT License" in text or "Apache License" in text


def scripts() -> list[Path]:
    return sorted(STATIC.rglob("*.js"))


@pytest.mark.parametrize("path", scripts(), ids=lambda path: path.name)
def test_scripts_import_from_here_alone(path):
    for name in re.findall(r"""(?:from|import|import\()\s*["']([^"'\s]+\.js)["']""", path.read_text()):
        assert name.startswith(("./", "../"))
        assert (path.parent / name).is_file()


@pytest.mark.parametrize("path", [path for path in scripts() if path.parent != VENDOR], ids=lambda path: path.name)
def test_our_scripts_stay_small(path):
    assert len(path.read_text().splitlines()) <= 200


def test_files_are_served_with_their_types_and_nothing_outside_of_them(visit):
    client = visit(peer="198.51.100.7")
    kinds = {"app.js": "javascript", "gslb.css": "text/css", "map.svg": "image/svg+xml", "icon.svg": "image/svg+xml"}
    for name, kind in kinds.items():
        assert kind in client.get(f"/static/{name}").headers["content-type"]
    kept = client.get("/static/app.js").headers
    assert kept["cache-control"] == "no-cache"
    assert client.get("/static/app.js", headers={"If-None-Match": kept["etag"]}).status_code == 304
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/", "/static/vendor"):
        assert client.get(path).status_code == 404


def test_the_map_is_one_path_of_bounded_size():
    text = (STATIC / "map.svg").read_text()
    assert len(text) < 60_000
    assert text.count("<path") == 1
    assert 'viewBox="0 0 7200 3430"' in text


def test_places_fall_where_the_map_has_them():
    assert projected(81, -180) == (0, 0)
    assert projected(0, 0) == (3600, round(math.degrees(1.25 * math.log(math.tan(math.pi / 4 + 0.4 * math.radians(81)))) * 20))
    assert projected(-57, 180) == (7200, 3430)


def test_every_state_has_a_mark_a_colour_and_a_word_in_every_language():
    marks, style = (STATIC / "marks.svg").read_text(), (STATIC / "gslb.css").read_text()
    for condition in get_args(Condition):
        assert f'<symbol id="{condition}"' in marks
        assert re.search(rf"\.{condition}\b[^{{]*{{ color:", style)
        for code in CODES:
            assert language(code).t(f"state.{condition}") != f"state.{condition}"
