"""What operators look at, as the server draws it: in both languages, with everything in words, and safe whatever is in it."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from gslb.admin.pages.language import CODES, language
from gslb.admin.pages.said import percent, plain
from tests.admin.bench import OPERATOR, OWNER
from tests.admin.test_content import SET, Stocked, with_sets

TROUBLE = "<img src=x onerror=alert(1)>"
START = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
PATHS = ["/what-if", "/maintenance", "/incidents", "/content", "/clients", "/configuration"]


@pytest.fixture
def node():
    """One site down, one with wrong files, one drained, one re-weighted, and maintenance planned."""
    node = Stocked(with_sets(SET))
    node.ready()
    node.look()
    return node


@pytest.fixture
def operator(visit):
    return visit(OPERATOR)


@pytest.fixture
def busy(node, operator):
    node.fail("jp-osaka-1", reason=TROUBLE)
    for path, body in {
        "sites/us-dallas-1/drain": {"reason": TROUBLE, "for_s": 7200, "owner": "Dallas"},
        "maintenance": {
            "site": "eu-london-1",
            "start": START.isoformat(),
            "end": (START + timedelta(hours=1)).isoformat(),
            "reason": TROUBLE,
        },
        "overrides": {"kind": "weight", "site": "jp-tokyo-1", "weight": 7, "reason": TROUBLE, "for_s": 60},
        "tokens": {"name": TROUBLE, "role": "owner", "sites": ["jp-osaka-1"]},
    }.items():
        assert operator.post(f"/api/v1/{path}", json=body).is_success
    return operator


def unspoken(text: str) -> list[str]:
    """Keys of messages that nobody put into words."""
    known = language("en").messages
    return [
        key for key in re.findall(r">([a-z]+(?:\.[a-z0-9_-]+)+)<", text) if key not in known and not key.startswith("knoppix")
    ]


@pytest.mark.parametrize("code", CODES)
def test_pages_say_everything_in_the_readers_language_and_run_nothing(busy, code):
    for path in PATHS:
        page = busy.get(path, headers={"Accept-Language": code})
        assert page.status_code == 200
        assert f'lang="{code}"' in page.text
        assert f"<h1>{language(code).t('nav.' + path[1:]).replace('&', '&amp;')}</h1>" in page.text
        assert unspoken(page.text) == []
        assert TROUBLE not in page.text


def test_the_pages_tell_what_there_is(busy):
    def text(path):
        return busy.get(path).text

    maintenance = text("/maintenance")
    assert "Dallas" in maintenance
    assert f"{START:%Y-%m-%d %H:%M} UTC" in maintenance
    configuration = text("/configuration")
    assert "jp-tokyo-1: weight 7 instead of 100" in configuration
    assert "&lt;img src=x" in configuration
    assert "knoppix" in text("/content")


def test_an_owner_is_told_what_is_not_theirs_to_see_and_never_a_fault(visit):
    owner = visit(OWNER)
    for path in PATHS:
        page = owner.get(path)
        assert page.status_code == 200, path
        assert "us-dallas-1" not in page.text


def test_an_incident_that_there_is_not_is_not_found(operator):
    assert operator.get("/incidents/4711").status_code == 404
    assert operator.get("/incidents/nonsense").status_code in (404, 200)


def test_a_page_of_what_is_no_document_is_not_found_and_no_fault(node, busy):
    node.look()
    number = busy.get("/api/v1/incidents?state=all").json()[0]["number"]
    assert busy.get(f"/incidents/{number}").status_code == 200
    assert busy.get(f"/api/v1/incidents/{number}.md").status_code == 200
    assert busy.get(f"/incidents/{number}.md").status_code == 404, "there is Markdown under that name"


@pytest.mark.parametrize(("share", "said"), [(None, "–"), (0.0, "0.0 %"), (0.0002, "<0.1 %"), (0.0625, "6.2 %"), (1.0, "100 %")])
def test_a_little_is_never_shown_as_nothing(share, said):
    assert percent(share) == said


def test_numbers_are_said_shortly():
    assert [plain(each) for each in (None, 2.0, 0.25, 1.5)] == ["–", "2", "0.2", "1.5"]
