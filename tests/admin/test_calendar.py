"""The maintenance calendar as iCalendar: read back by a library that is not ours, whatever people wrote into it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from gslb.admin.orders.calendar import LINE_OCTETS, calendar
from gslb.model import Maintenance, MaintenanceState
from gslb.model.text import printable
from tests.admin.bench import OPERATOR, OWNER

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
TIMES = st.integers(-(10**9), 10**9).map(lambda seconds: NOW + timedelta(seconds=seconds))
WORDS = st.text(min_size=1, max_size=300)
PLANS = st.builds(
    Maintenance,
    id=st.from_regex(r"m-[0-9a-f]{8}", fullmatch=True),
    site=st.sampled_from(["jp-osaka-1", "us"]),
    start=TIMES,
    end=TIMES,
    reason=WORDS,
    who=WORDS,
    owner=st.none() | WORDS,
    state=st.sampled_from(MaintenanceState),
)


def read(text: str) -> list:
    return list(Calendar.from_ical(text).walk("VEVENT"))


@settings(max_examples=60, deadline=None)
@given(st.lists(PLANS, max_size=4))
def test_what_is_written_is_read_back_by_another_program(plans):
    text = calendar(plans, "tokyo-1", NOW)
    assert text.endswith("END:VCALENDAR\r\n")
    assert text.count("\n") == text.count("\r\n") == text.count("\r")
    assert all(len(line.encode()) <= LINE_OCTETS for line in text.split("\r\n"))
    events = read(text)
    assert len(events) == len(plans)
    for event, plan in zip(events, plans, strict=True):
        assert str(event["SUMMARY"]) == f"{plan.site}: {printable(plan.reason)}"
        assert (event["DTSTART"].dt, event["DTEND"].dt, event["DTSTAMP"].dt) == (plan.start, plan.end, NOW)
        assert str(event["UID"]) == f"{plan.id}@tokyo-1"
        assert (event["STATUS"] == "CANCELLED") == (plan.state == "cancelled")


def test_a_hostile_reason_begins_no_line_of_its_own():
    evil = Maintenance("m-1", "us", NOW, NOW + timedelta(hours=1), "x\r\nEND:VEVENT\r\nBEGIN:VALARM;\\,", "ops")
    (event,) = read(calendar([evil], "n\r\nX:1", NOW))
    assert "VALARM" in event["SUMMARY"]
    assert event["UID"] == "m-1@n--X-1"


def test_it_is_at_the_node_and_an_owner_gets_the_own_sites(visit, node):
    for site in ("jp-osaka-1", "jp-tokyo-1"):
        body = {"site": site, "start": NOW.isoformat(), "end": (NOW + timedelta(hours=1)).isoformat(), "reason": "new disks"}
        assert visit(OPERATOR).post("/api/v1/maintenance", json=body).status_code == 201
    answer = visit().get("/api/v1/maintenance.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert len(read(answer.text)) == 2
    assert [str(event["LOCATION"]) for event in read(visit(OWNER).get("/api/v1/maintenance.ics").text)] == ["jp-osaka-1"]
