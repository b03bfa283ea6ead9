"""Each view of the dashboard as the server draws it: with its address, in both languages, for whoever may see it."""

import re

import pytest

from gslb.admin.dashboard import VIEWS
from tests.admin.bench import OPERATOR, OWNER
from tests.admin.test_pages import Page

PATHS = {name: path.format(id="jp-osaka-1", number=1) for name, path in VIEWS.items()}


@pytest.mark.parametrize(("name", "language"), [("now", "en-US,en;q=0.9"), *((name, "ja") for name in VIEWS)])
def test_every_view_is_a_page_without_javascript(visit, node, name, language):
    node.fail("jp-osaka-1", reason="<b>refused</b>")
    answer = visit(OPERATOR).get(PATHS[name], headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    assert f'lang="{language[:2]}"' in answer.text
    assert "<b>refused</b>" not in answer.text
    page = Page(answer.text)
    tags = [tag for tag, _ in page.tags]
    assert (tags.count("main"), tags.count("h1")) == (1, 1)
    current = [attributes["href"] for tag, attributes in page.tags if tag == "a" and attributes.get("aria-current")]
    assert current == [{"site": "/", "incident": "/incidents"}.get(name, PATHS[name])]


def test_a_site_that_is_not_there_is_not_found(visit):
    answer = visit(OPERATOR).get("/sites/nowhere-1")
    assert answer.status_code == 404
    assert "nowhere-1" in answer.text
    assert visit(OPERATOR).get("/incidents/99999").status_code == 404


def test_an_owner_sees_the_own_site_and_is_told_what_is_not_theirs(visit):
    own = visit(OWNER)
    assert "jp-osaka-1" in own.get("/").text
    assert "jp-tokyo-1" not in own.get("/").text
    assert own.get("/sites/jp-osaka-1").status_code == 200
    assert "is not yours" in own.get("/sites/jp-tokyo-1").text
    assert "an owner sees the own sites alone" in own.get("/explain", params={"address": "133.11.0.1"}).text


def test_what_was_chosen_in_the_dashboard_holds_for_pages_of_the_server(visit):
    page = visit(OPERATOR).get("/", headers={"Cookie": "language=ja; theme=dark", "Accept-Language": "en"}).text
    assert '<html lang="ja" data-theme="dark">' in page
    page = visit(OPERATOR).get("/", headers={"Cookie": 'language="><b>; theme=<b>', "Accept-Language": "en"}).text
    assert '<html lang="en">' in page


def test_explain_draws_both_doors_with_the_command_that_asks_the_same(visit):
    answer = visit(OPERATOR).get("/explain", params={"address": "133.11.0.0/16", "path": "/a b'c", "resolver": ""})
    assert "is not what it should be" not in answer.text
    assert "+subnet=133.11.0.0/16" in visit(OPERATOR).get("/explain", params={"address": "133.11.0.0/16"}).text
    refused = visit(OPERATOR).get("/explain", params={"address": "nonsense"}).text
    assert refused.count("is no client") == 2


def test_every_picture_of_the_menu_is_there(visit):
    icons = visit(OPERATOR).get("/static/icons.svg").text
    for name in re.findall(r"icons\.svg#([\w-]+)", visit(OPERATOR).get("/").text):
        assert f'<symbol id="{name}"' in icons
