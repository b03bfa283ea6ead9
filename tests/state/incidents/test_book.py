from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.errors import UsageError
from gslb.model import Configuration, Location, Service, SetKey, Severity, Site
from gslb.model.configuration import CheckSettings
from gslb.state.incidents import Finding, Incident, IncidentBook, Timing, words
from gslb.state.incidents.incident import TIMELINE_FIRST, TIMELINE_LAST, Impact, Moment
from probes.verdict import Verdict
from tests.state.incidents.watch import Watched
from tests.state.scene import HOST, START, configuration, site


def watched(**more) -> Watched:
    scene = Watched(**more)
    scene.start()
    scene.rounds(3)
    return scene


def test_nothing_is_wrong():
    assert watched().open == ()


def test_a_site_that_fails_is_an_incident_until_it_has_been_well_for_a_while():
    scene = watched()
    scene.fail("jp-7")
    scene.wait(1.0)
    (incident,) = scene.open
    assert (incident.number, incident.title, incident.severity) == (1, "jp-7 is down", Severity.WARNING)
    assert (incident.sites, incident.services, incident.regions) == (("jp-7",), (HOST,), ("jp",))
    assert incident.cause == "jp-7 is down: refused (3 failures in a row)."
    assert "curl" in incident.what_now
    scene.verdicts.clear()
    scene.rounds(6)
    assert scene.open[0].active == ()
    scene.wait(scene.timing.settle_s + 1)
    (closed,) = scene.closed
    assert (scene.open, closed.number, closed.open) == ((), 1, False)
    assert [moment.kind for moment in closed.timeline] == ["opened", "changed", "better", "quiet", "closed"]


def test_what_becomes_another_kind_of_trouble_is_a_line_of_the_timeline():
    book = IncidentBook(0.0, START)
    partial = Finding("site:us-1", "partial", "sites:us", Severity.WARNING, "us-1 fails in part", ("us-1",), (), ("us",))
    for now_s, kind in enumerate(("partial", "partial", "down", "down", "wrong")):
        book.look([replace(partial, kind=kind, message=f"us-1 is {kind}")], _SETTINGS, Timing(), now_s, START)
    told = [(moment.kind, moment.message) for moment in book.open[0].timeline]
    assert told == [("opened", "us-1 is partial"), ("changed", "us-1 is down"), ("changed", "us-1 is wrong")]


def test_sites_of_a_region_that_fail_within_minutes_are_one_incident_and_later_ones_another():
    scene = watched()
    scene.fail("jp-7")
    scene.wait(60)
    scene.fail("jp-8")
    scene.wait(1.0)
    (incident,) = scene.open
    assert (incident.title, incident.sites) == ("2 of 7 sites in jp are down", ("jp-7", "jp-8"))
    assert incident.cause == "jp-7 is down: refused (3 failures in a row). jp-8 is down: refused (3 failures in a row)."
    scene.rounds(61)
    scene.fail("jp-9")
    scene.fail("us-1")
    scene.wait(1.0)
    assert [each.sites for each in scene.open] == [("jp-7", "jp-8"), ("jp-9",), ("us-1",)]


def test_a_region_without_a_site_is_worse_and_the_same_incident():
    scene = watched(timing=Timing(gather_s=5.0))
    for each in ("us-1", "us-2", "us-3"):
        scene.wait(6.0)
        scene.fail(each)
        scene.wait(1.0)
    dark = [each for each in scene.open if each.severity is Severity.ERROR]
    assert [each.title for each in dark] == ["No site in us is of use"]
    assert sum(each.group == "sites:us" for each in scene.open) == 3, "far apart, so three; one of them is the region's"


def test_a_service_without_a_site_takes_the_incidents_of_its_sites_with_it():
    scene = watched(configuration=configuration((site(1, "us"), site(2, "eu"), site(3, "jp"))))
    for each in ("us-1", "eu-2", "jp-3"):
        scene.fail(each)
        scene.rounds(4)  # at once, it were the vantage that fails
    (incident,) = scene.open
    assert (incident.title, incident.severity) == (f"No site of {HOST} is well", Severity.ERROR)
    assert set(incident.sites) == {"us-1", "eu-2", "jp-3"}
    assert "all but drained and wrong sites are tried" in incident.cause
    assert {each.merged for each in scene.closed} == {incident.number}
    assert len(scene.closed) == 1, "the last site never had one of its own"


def test_a_site_that_flaps_all_night_is_one_incident():
    scene = watched()
    for _ in range(10):
        scene.fail("jp-7")
        scene.verdicts.clear()
        scene.rounds(6)
    assert [each.number for each in scene.open] == [1]
    assert scene.closed == []
    assert len(scene.open[0].timeline) <= TIMELINE_FIRST + TIMELINE_LAST


def test_a_drained_site_is_nobodys_incident_and_what_is_wrong_beside_it_is():
    scene = watched()
    scene.told(scene.tracker.drain("jp-7", "new disks", "ops", None, scene.now_s, scene.utc))
    scene.fail("jp-7")
    scene.wait(1.0)
    assert not scene.open
    scene.fail("jp-8", Verdict.WRONG_CONTENT)
    scene.wait(1.0)
    assert scene.open[0].title == "jp-8 serves wrong content"


def test_the_node_itself_has_incidents():
    scene = watched()
    scene.know(workers=1, workers_wanted=2)
    assert scene.open[0].cause == "1 of 2 workers answer; the others are being restarted."
    scene.know(workers=0, stale=True, store_failing=True, refused="gslb.yaml:3: node: is missing", overdue=("example.net",))
    assert [each.severity for each in scene.open] == [Severity.ERROR] * 3 + [Severity.WARNING] * 2
    scene.know(short={SetKey(HOST, "knoppix"): "2 of 13 sites hold it"})
    assert any(each.title == f"Release set knoppix of {HOST} is short" for each in scene.open)


def test_somebody_looks_after_it_and_what_is_done_about_a_site_is_in_its_timeline():
    scene = watched()
    scene.fail("jp-7")
    scene.wait(1.0)
    assert scene.book is not None
    told = scene.book.acknowledge(1, "ops", "on my way", scene.utc)
    assert told.acknowledged is not None
    assert (told.acknowledged.who, told.acknowledged.note) == ("ops", "on my way")
    scene.book.note("jp-7", Moment(scene.utc, "drain", "jp-7 is drained", "ops"))
    assert scene.book.note("us-1", Moment(scene.utc, "drain", "us-1 is drained", "ops")) == ()
    assert [moment.kind for moment in scene.open[0].timeline] == ["opened", "acknowledged", "drain"]
    with pytest.raises(UsageError, match="no open incident 2"):
        scene.book.acknowledge(2, "ops", "", scene.utc)


def test_a_restart_goes_on_with_what_was_open():
    scene = watched()
    scene.fail("jp-7")
    scene.wait(1.0)
    assert scene.book is not None
    scene.book = IncidentBook(scene.now_s, scene.utc, scene.book.last, scene.open)
    scene.wait(30)
    assert [each.number for each in scene.open] == [1]
    scene.fail("us-1")
    scene.wait(1.0)
    assert [each.number for each in scene.open] == [1, 2]


def test_for_whom_is_said_in_a_sentence():
    assert words.for_whom(Impact()) == "No client is sent elsewhere because of it."
    told = words.for_whom(Impact(0.073, None, {"jp": 0.857, "us": 1.0}))
    assert told == "About 7 % of clients are sent elsewhere. Capacity left: jp 86 %."
    assert words.for_whom(Impact(0.001)) == "Under 1 % of clients are sent elsewhere."


# Any findings, in any order of coming and going.

_SITES = [f"{region}-{number}" for region in ("us", "jp") for number in range(3)]
_SETTINGS = Configuration(
    "node",
    "/nowhere",
    tuple(Site(each, each[:2], None, Location(0, 0), (), "http://x/") for each in _SITES),
    (Service("a.example", CheckSettings()), Service("b.example", CheckSettings())),
)


def _finding(name: str) -> Finding:
    if name in _SITES:
        return Finding(f"site:{name}", "down", f"sites:{name[:2]}", Severity.WARNING, f"{name} is down", (name,), (), (name[:2],))
    return Finding(f"service:{name}", "service", f"service:{name}", Severity.ERROR, "dark", tuple(_SITES), (name,), ("us", "jp"))


_ALL = ["a.example", "b.example", *_SITES]
_STEPS = st.lists(st.tuples(st.sets(st.sampled_from(_ALL)), st.sampled_from([1.0, 30.0, 200.0, 700.0])), max_size=30)


@given(_STEPS)
def test_every_finding_has_one_home_and_nothing_is_lost(steps):
    book = IncidentBook(0.0, START)
    now_s, opened, seen = 0.0, set[int](), dict[int, Incident]()
    for names, passed_s in steps:
        now_s += passed_s
        found = [_finding(name) for name in _ALL if name in names]
        for each in book.look(found, _SETTINGS, Timing(), now_s, START):
            assert each.number not in seen or seen[each.number].open, "what is closed stays so"
            seen[each.number] = each
        active = [key for each in book.open for key in each.active]
        assert sorted(active) == sorted(each.key for each in found)
        assert all(each.open for each in book.open)
        opened |= {each.number for each in book.open}
        assert {each.merged for each in seen.values() if each.merged} <= seen.keys()
    assert seen.keys() == opened | {number for number, each in seen.items() if not each.open}
    assert book.last == len(seen)
    book.look([], _SETTINGS, Timing(), now_s + 1, START)
    book.look([], _SETTINGS, Timing(), now_s + 1000, START)
    assert book.open == ()
