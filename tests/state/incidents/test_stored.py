from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.model import Severity
from gslb.model.text import unprintable
from gslb.state.incidents import Acknowledgement, Impact, Incident, IncidentShelf, Moment, markdown
from gslb.state.incidents.impact import capacity_left, impact_of, shares_by_capacity
from gslb.state.incidents.markdown import escaped
from gslb.state.incidents.stored import from_json, to_json
from gslb.state.store import Store
from tests.fuzz import fuzz_incident
from tests.state.scene import START, configuration, site


def incident(number: int = 7, **more) -> Incident:
    made = Incident(
        number,
        f"tag:boot.example,2026-11-23:node/incidents/{number}",
        "sites:jp",
        START,
        START,
        Severity.WARNING,
        "jp-7 is down",
        cause="jp-7 is down: refused.",
        what_now="Tell its owner.",
        sites=("jp-7",),
        services=("boot.example",),
        regions=("jp",),
        keys=("site:jp-7",),
        active=("site:jp-7",),
        impact=Impact(0.08, 1.5, {"jp": 0.86}),
        timeline=(Moment(START, "opened", "jp-7 is down: refused"), Moment(START, "drain", "jp-7 is drained", "ops")),
    )
    return replace(made, **more)


CLOSED = incident(closed=START + timedelta(minutes=3), active=(), acknowledged=Acknowledgement("ops", START, "mine"))


@pytest.mark.parametrize("each", [incident(), CLOSED], ids=["open", "closed"])
def test_an_incident_survives_being_stored(each):
    assert from_json(to_json(each)) == each


@pytest.mark.parametrize("path", sorted(fuzz_incident.CORPUS.iterdir()), ids=lambda path: path.name)
def test_the_kept_corpus(path: Path) -> None:
    fuzz_incident.one_input(path.read_bytes())


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_are_refused_or_understood(data):
    fuzz_incident.one_input(data)


def test_the_shelf_keeps_open_ones_and_the_newest_of_the_closed(tmp_path):
    shelf = IncidentShelf(Store(tmp_path / "state.db", START))
    shelf.keep([incident(1)], 3)
    shelf.keep([replace(CLOSED, number=number) for number in range(2, 9)], 3)
    assert [each.number for each in shelf.page(10)] == [8, 7, 6, 1]
    assert [each.number for each in shelf.page(10, before=7)] == [6, 1]
    assert [each.number for each in shelf.open()] == [1]
    assert (shelf.last(), shelf.find(1), shelf.find(2)) == (8, incident(1), None)


def test_a_row_that_is_no_incident_hides_no_other(tmp_path):
    store = Store(tmp_path / "state.db", START)
    shelf = IncidentShelf(store)
    shelf.keep([incident(1)], 10)
    with store.transaction() as connection:
        connection.execute("INSERT INTO incidents VALUES (2, '', NULL, '{}')")
    assert [each.number for each in shelf.open()] == [1]


def test_an_incident_as_a_document():
    text = markdown(CLOSED)
    assert text.startswith("# Incident 7: jp-7 is down\n\n| | |\n| --- | --- |\n| Severity | warning |\n")
    assert "| Until | 2026-11-23 12:03:00 UTC, after 3 min 0 s |" in text.replace("\\:", ":")
    assert "About 8 % of clients are sent elsewhere. Capacity left\\: jp 86 %." in text
    assert "- 2026-11-23 12:00:00 UTC **drain** jp-7 is drained (ops)\n" in text


def test_what_a_server_said_is_no_markup():
    bad = "# <script>alert(1)</script> | [a](http://evil.example) ![x](y) **b** `c` www.evil.example me@evil.example\n## x"
    text = escaped(bad)
    assert "\n" not in text
    for markup in ("\\<script", "\\]\\(", "\\!\\[", "\\*\\*b", "www\\.evil", "http\\://", "\\|", "me\\@"):
        assert markup.replace("\\(", "(") in text
    assert (escaped("1. first"), escaped("- item"), escaped("> x")) == ("1\\. first", "\\- item", "\\> x")


@given(st.text(max_size=60))
def test_nothing_of_a_text_can_be_markup(text):
    written = escaped(text)
    assert unprintable(written) is None
    plain, bare = "", written.replace("\\\\", "")
    for position, character in enumerate(bare):
        plain += "" if position and bare[position - 1] == "\\" else character
    assert not set(plain) & set("`*_[]<>!|~&$:@")
    assert not written.startswith(("#", "-", "+", "="))
    unescaped = written
    for sign in "`*_[]<>!|~&$:@#+=-.)":
        unescaped = unescaped.replace(f"\\{sign}", sign)
    assert len(unescaped) <= 2 * len(text) + 1


def test_clients_that_are_sent_elsewhere_are_those_of_the_sites():
    sites = (replace(site(1, "us"), capacity=300), replace(site(2, "us"), capacity=100), replace(site(3, "jp"), weight=0))
    settings = configuration(sites)
    shares = shares_by_capacity(settings)
    assert shares == {"us-1": 0.75, "us-2": 0.25, "jp-3": 0.0}
    found = impact_of(["us-1"], ["us"], {"us-1": 0.5}, shares, settings, 20.0)
    assert (found.share_degraded, found.clients_per_s) == (0.375, 7.5)
    assert found.capacity_left == {"us": 0.625}
    assert capacity_left({}, settings) == {"us": 1.0, "jp": 1.0}
