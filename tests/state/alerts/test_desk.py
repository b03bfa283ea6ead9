import json
from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.model import Audience, Channel, Quiet, Severity
from gslb.state.alerts import Desk, quiet_until
from gslb.state.alerts.notice import INCIDENTS_MOST, from_json, to_json
from tests.fuzz import fuzz_notice
from tests.state.alerts.nights import OPS, Night, settings

TOKYO = Quiet(time(22, 0), time(7, 0), "Asia/Tokyo")


def test_a_blip_tells_nobody():
    night = Night()
    number = night.opens()
    night.wait(20)
    night.changes(number, active=())
    night.wait(100)
    night.closes(number)
    assert night.sent == []


def test_what_lasts_is_told_once_and_so_is_its_end():
    night = Night()
    number = night.opens()
    night.wait(600)
    assert night.kinds() == ["opened"]
    night.closes(number)
    night.wait(600)
    assert night.kinds() == ["opened", "closed"]
    assert [each.id for each in night.sent] == ["node-1/20261123T120000/1/opened", "node-1/20261123T120000/1/closed"]
    assert [each.number for each in night.sent] == [1, 2]


def test_ten_flaps_are_one_message_and_one_at_the_end():
    night = Night()
    number = night.opens()
    for _ in range(10):
        night.wait(60)
        night.changes(number, active=())
        night.wait(60)
        night.changes(number, active=("site:jp-7",))
    night.changes(number, active=())
    night.wait(120)
    night.closes(number)
    assert night.kinds() == ["opened", "closed"]


def test_what_becomes_worse_is_told_again_and_what_becomes_better_is_not():
    night = Night()
    number = night.opens(severity=Severity.INFO)
    night.wait(60)
    assert night.kinds() == [], "the audience asks for warnings"
    night.changes(number, severity=Severity.WARNING)
    night.wait(60)
    night.changes(number, severity=Severity.ERROR)
    night.wait(60)
    night.changes(number, severity=Severity.WARNING)
    night.wait(60)
    assert night.kinds() == ["opened", "risen"]
    assert night.sent[-1].id.endswith("/risen-error")


def test_who_wants_to_hear_again_does_every_so_often():
    night = Night(settings(replace(OPS, repeat_s=3600.0), Channel("am", "alertmanager", "http://x/")))
    number = night.opens()
    night.wait(3 * 3600 + 60)
    assert night.kinds() == ["opened", "repeat", "repeat", "repeat"]
    assert len({each.id for each in night.sent if each.channel == "am"}) == len(night.kinds("am"))
    assert len(night.kinds("am")) > 30, "an Alertmanager takes silence for an end"
    night.changes(number, active=())
    before = len(night.sent)
    night.wait(7200)
    assert len(night.sent) == before, "what does not hold is not repeated"


@pytest.mark.parametrize(
    ("audience", "heard"),
    [
        (Audience(), 3),
        (Audience(sites=("jp-7",)), 1),
        (Audience(regions=("us",)), 1),
        (Audience(owners=("osaka",)), 1),
        (Audience(regions=("us",), owners=("osaka",)), 2),
        (Audience(severity=Severity.ERROR), 0),
        (Audience(sites=("eu-4",)), 0),
    ],
    ids=["all", "a-site", "a-region", "an-owner", "two-of-them", "errors", "nobodys"],
)
def test_each_channel_is_told_of_what_it_is_for(audience, heard):
    night = Night(settings(replace(OPS, audience=audience)))
    for site in ("jp-7", "us-1", "jp-10"):
        night.opens(site)
    night.wait(60)
    assert len(night.sent) == heard


def test_owners_read_nothing_of_sites_of_others():
    night = Night(settings(replace(OPS, audience=Audience(owners=("osaka",))), Channel("all", "webhook", "http://x/")))
    number = night.opens("jp-10")
    night.changes(number, sites=("jp-1", "jp-10"), title="jp-1 is down", cause="jp-1 is down: refused. jp-10 is down: refused.")
    night.wait(60)
    owner, everybody = (each.incidents[0] for each in night.sent)
    assert (owner.sites, owner.title) == (("jp-10",), "jp-10 and others have trouble")
    assert owner.cause == "jp-10 and others have trouble."
    assert everybody.title == "jp-1 is down"


def test_in_quiet_hours_nothing_is_said_but_what_is_bad_and_the_rest_comes_as_one():
    night = Night(settings(replace(OPS, quiet=TOKYO)), utc=datetime(2026, 11, 23, 14, 0, tzinfo=UTC))  # 23:00 there
    over = night.opens("jp-7")
    stays = night.opens("jp-8")
    night.wait(600)
    night.closes(over)
    assert night.sent == []
    bad = night.opens("jp-9", Severity.ERROR)
    night.wait(60)
    assert night.kinds() == ["opened"]
    night.restart()
    night.wait(8 * 3600)
    assert night.kinds() == ["opened", "summary"]
    assert [(each.number, each.open) for each in night.sent[-1].incidents] == [(over, False), (stays, True)]
    night.closes(stays)
    night.closes(bad)
    assert night.kinds() == ["opened", "summary", "closed", "closed"]


def test_what_grows_bad_in_quiet_hours_is_told_at_once_as_new():
    night = Night(settings(replace(OPS, quiet=TOKYO)), utc=datetime(2026, 11, 23, 14, 0, tzinfo=UTC))
    number = night.opens()
    night.wait(600)
    night.changes(number, severity=Severity.ERROR)
    night.wait(60)
    assert night.kinds() == ["opened"]
    night.wait(9 * 3600)
    assert night.kinds() == ["opened"], "there is nothing left for a summary"


def test_a_digest_collects_and_says_nothing_where_there_is_nothing():
    night = Night(settings(replace(OPS, digest_s=3600.0)))
    night.wait(7200)
    assert night.sent == []
    first = night.opens("jp-7")
    night.wait(600)
    night.closes(first)
    night.opens("us-1")
    night.wait(3600)
    (digest,) = night.sent
    assert (digest.kind.value, [each.open for each in digest.incidents]) == ("digest", [False, True])
    night.wait(7200)
    assert len(night.sent) == 1


def test_a_message_has_a_bound_and_says_how_much_it_leaves_out():
    night = Night(settings(replace(OPS, digest_s=3600.0)))
    for _ in range(INCIDENTS_MOST + 7):
        night.opens()
    night.wait(4000)
    (digest,) = night.sent
    assert (len(digest.incidents), digest.more) == (INCIDENTS_MOST, 7)
    assert from_json(to_json(digest)) == digest


def test_a_restart_tells_nothing_twice():
    night = Night()
    number = night.opens()
    night.wait(60)
    night.restart()
    night.wait(60)
    night.closes(number)
    night.restart()
    night.wait(60)
    assert night.kinds() == ["opened", "closed"]


@pytest.mark.parametrize("text", ["", "[", "[]", "null", '{"ops": 1}', '{"ops": {"told": [], "held": [1], "held_since": 0}}'])
def test_what_was_told_and_can_t_be_read_is_forgotten(text):
    assert Desk(text).freeze() == "{}"


def test_a_channel_that_is_gone_is_forgotten_and_one_that_is_new_is_told_of_what_is_open():
    night = Night()
    night.opens()
    night.wait(60)
    night.configuration = settings(Channel("new", "webhook", "http://x/"))
    night.wait(10)
    assert night.kinds("new") == ["opened"]


# Quiet hours, on clocks that jump


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        (TOKYO, "2026-11-23T23:00+09:00", "2026-11-24T07:00+09:00"),
        (TOKYO, "2026-11-24T06:59+09:00", "2026-11-24T07:00+09:00"),
        (TOKYO, "2026-11-24T07:00+09:00", None),
        (TOKYO, "2026-11-23T21:59+09:00", None),
        (Quiet(time(12, 0), time(13, 0)), "2026-11-23T12:30+00:00", "2026-11-23T13:00+00:00"),
        (Quiet(time(12, 0), time(13, 0)), "2026-11-23T13:00+00:00", None),
        # Berlin's night of 29 March 2026 has an hour less, that of 25 October an hour more.
        (Quiet(time(22, 0), time(7, 0), "Europe/Berlin"), "2026-03-28T23:00+01:00", "2026-03-29T07:00+02:00"),
        (Quiet(time(22, 0), time(7, 0), "Europe/Berlin"), "2026-10-24T23:00+02:00", "2026-10-25T07:00+01:00"),
        # An hour that clocks there never show ends what it would have ended.
        (Quiet(time(22, 0), time(2, 30), "Europe/Berlin"), "2026-03-29T01:00+01:00", "2026-03-29T03:30+02:00"),
    ],
    ids=["evening", "morning", "over", "before", "noon", "noon-over", "spring", "autumn", "no-such-hour"],
)
def test_quiet_hours_end_when_clocks_there_say_so(quiet, now, until):
    assert quiet_until(quiet, at(now)) == (None if until is None else at(until))


def test_nobody_is_quiet_without_quiet_hours():
    assert quiet_until(None, at("2026-11-23T23:00+09:00")) is None


# Whatever happens in whatever night


_ACTS = st.lists(
    st.tuples(st.sampled_from(["open", "close", "off", "on", "worse", "wait", "restart"]), st.integers(0, 4)), max_size=60
)
_CHANNELS = st.sampled_from(
    [OPS, replace(OPS, quiet=TOKYO), replace(OPS, digest_s=1800.0), replace(OPS, quiet=TOKYO, digest_s=600.0)]
)


@given(_CHANNELS, _ACTS)
def test_there_are_never_more_than_four_messages_of_one_incident(channel, acts):
    night = Night(settings(channel), utc=datetime(2026, 11, 23, 12, 50, tzinfo=UTC))
    ever: set[int] = set()
    for act, which in acts:
        numbers = sorted(night.incidents)
        chosen = numbers[which % len(numbers)] if numbers else None
        if act == "open" and len(ever) < 8:
            ever.add(night.opens())
        elif act == "wait":
            night.wait(3600.0 * which + 60.0, 600.0)
        elif act == "restart":
            night.restart()
        elif chosen is not None and act == "close":
            night.closes(chosen)
        elif chosen is not None and act == "worse":
            night.changes(chosen, severity=Severity.ERROR)
        elif chosen is not None:
            night.changes(chosen, active=() if act == "off" else ("site:jp-7",))
        night.wait(10)
    for number in sorted(night.incidents):
        night.closes(number)
    night.wait(2 * 86400.0, 600.0)
    for number in ever:
        told = [each for each in night.sent if number in {incident.number for incident in each.incidents}]
        assert len(told) <= 4
        assert len({each.id for each in told}) == len(told)
        if told:
            ends = [incident for each in told for incident in each.incidents if incident.number == number]
            assert not ends[-1].open, "whoever heard that it began hears that it is over"
    assert night.sent == sorted(night.sent, key=lambda each: each.number)
    assert night.desk.freeze() == '{"ops": {"told": [], "held": [], "held_since": null}}'


_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=10))
_NAMES = st.sampled_from(["ops", "told", "held", "held_since", "incidents", "id", "plain", "x"])


def _branches(inner):
    return st.one_of(st.lists(inner, max_size=3), st.dictionaries(_NAMES, inner, max_size=4))


@pytest.mark.parametrize("path", sorted(fuzz_notice.CORPUS.iterdir()), ids=lambda path: path.name)
def test_the_kept_corpus(path):
    fuzz_notice.one_input(path.read_bytes())


@given(st.one_of(st.binary(max_size=200), st.recursive(_LEAVES, _branches, max_leaves=10).map(json.dumps).map(str.encode)))
def test_any_bytes_are_refused_forgotten_or_understood(data):
    fuzz_notice.one_input(data)
