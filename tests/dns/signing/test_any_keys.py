"""Keys with any times, as somebody may have set them by hand: nothing fails but with a sentence, and nothing is written that is
not read again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.dns.signing import Key, ZoneKeys
from gslb.dns.signing.algorithms import BY_NAME
from gslb.dns.signing.keyfile import private_text, read_private
from gslb.dns.signing.keys import Timing, state
from gslb.dns.signing.roll import Durations, Plan, begin, ds_seen
from gslb.dns.signing.steps import living, next_step
from gslb.errors import GslbError
from tests.dns.signing.makers import NOW, ZONE

DURATIONS = Durations(60, 300, 30)
LATER = 4000
SECRETS = {name: [made.load(made.generate()) for _ in range(4)] for name, made in BY_NAME.items()}

moments = st.one_of(st.none(), st.integers(NOW - 1000, NOW + 1000))


@st.composite
def timings(draw: st.DrawFn) -> Timing:
    """Those that a file can have: no end before its beginning."""
    found = {name: draw(moments) for name in Timing.__slots__}
    for start, end in (("publish", "delete"), ("activate", "inactive"), ("sync_publish", "sync_delete")):
        first, last = found[start], found[end]
        if first is not None and last is not None and last < first:
            found[start], found[end] = last, first
    if found["delete"] is not None and found["inactive"] is not None and found["delete"] < found["inactive"]:
        found["inactive"] = None
    return Timing(**found)


@st.composite
def some_keys(draw: st.DrawFn) -> ZoneKeys:
    made = []
    for number in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(list(BY_NAME)))
        flags = draw(st.sampled_from((257, 257, 256)))
        made.append(Key(ZONE, flags, BY_NAME[name], SECRETS[name][number], draw(timings())))
    return ZoneKeys(ZONE, tuple(made))


@given(some_keys(), st.integers(NOW - 2000, NOW + 2000))
def test_there_is_always_a_state_and_a_next_step(keys, now):
    found, step = keys.at(now), next_step(keys, now)
    assert step.text
    assert step.at is None or step.at > now
    assert found.next_step is None or found.next_step > now
    assert found.since <= now
    for key in living(keys, now):
        assert state(key, now) != "removed"
    if any(keys.at(before).usable for before in range(NOW - 1001, now + 1, 200)):
        assert found.usable  # once signed, never unsigned


@given(some_keys(), st.sampled_from([None, "csk", "ksk", "zsk"]), st.sampled_from([None, *BY_NAME]), st.booleans())
def test_a_command_makes_files_that_are_read_again_and_leaves_the_zone_signed(keys, part, algorithm, seen):
    try:
        if seen:
            plan = ds_seen(keys, NOW, 600, DURATIONS)
        else:
            plan = begin(keys, part, None if algorithm is None else BY_NAME[algorithm], NOW, DURATIONS)
    except GslbError:
        return
    after = _applied(keys, plan)
    assert after.at(NOW).usable >= keys.at(NOW).usable
    for at in range(NOW, NOW + LATER, 20):
        if keys.at(at).usable and not keys.at(at).overdue:
            assert not after.at(at).overdue
    if not seen:
        assert [key for key in plan.changed if key.timing.delete is None or key.timing.delete > NOW] == list(plan.changed)


def test_the_newest_key_goes_on_signing_past_its_time_when_its_ds_was_seen():
    """Its Inactive was set by hand, and the older key never came into the zone."""
    made = BY_NAME["ed25519"]
    unused = Key(ZONE, 257, made, SECRETS["ed25519"][0], Timing(created=NOW - 2000))
    last = Key(ZONE, 257, made, SECRETS["ed25519"][1], Timing(publish=NOW - 1000, activate=NOW - 1000, inactive=NOW - 10))
    keys = ZoneKeys(ZONE, (unused, last))
    assert keys.at(NOW).overdue
    after = _applied(keys, ds_seen(keys, NOW, 600, DURATIONS))
    for at in range(NOW, NOW + LATER, 20):
        found = after.at(at)
        assert found.usable
        assert not found.overdue
        assert [key.tag for key in found.data_signers] == [last.tag]


def test_a_newest_key_that_is_to_sign_soon_is_not_made_to_wait_for_the_parent():
    """Nothing else would sign the zone until then."""
    made = BY_NAME["ed25519"]
    unused = Key(ZONE, 257, made, SECRETS["ed25519"][0], Timing(created=NOW - 2000))
    coming = Key(ZONE, 257, made, SECRETS["ed25519"][1], Timing(publish=NOW - 1000, activate=NOW + 20))
    after = _applied(ZoneKeys(ZONE, (unused, coming)), ds_seen(ZoneKeys(ZONE, (unused, coming)), NOW, 600, DURATIONS))
    assert all(after.at(at).usable for at in range(NOW + 20, NOW + LATER, 20))


def test_the_only_key_that_is_ever_to_sign_is_not_ended_before():
    made = BY_NAME["ed25519"]
    coming = Key(
        ZONE, 257, BY_NAME["ecdsap256sha256"], SECRETS["ecdsap256sha256"][0], Timing(publish=NOW - 900, activate=NOW + 1000)
    )
    silent = Key(ZONE, 257, made, SECRETS["ed25519"][1], Timing(publish=NOW - 500))
    with pytest.raises(GslbError, match="no key would sign the zone from 2027-01-15 08:16:40 UTC on"):
        ds_seen(ZoneKeys(ZONE, (coming, silent)), NOW, 600, DURATIONS)


def test_a_key_that_is_not_in_the_zone_yet_is_not_rolled():
    """With more time to sign it would be the one that signs, before anybody finds it."""
    made = BY_NAME["ed25519"]
    entry = Key(ZONE, 257, made, SECRETS["ed25519"][0], Timing(publish=NOW - 500, activate=NOW - 1000))
    hidden = Key(ZONE, 256, made, SECRETS["ed25519"][1], Timing(publish=NOW + 1, activate=NOW - 1000, inactive=NOW - 900))
    keys = ZoneKeys(ZONE, (entry, hidden))
    assert keys.at(NOW).usable
    with pytest.raises(GslbError, match=f"key {hidden.tag} is not in the zone, by the Publish"):
        begin(keys, "zsk", None, NOW, DURATIONS)


def _applied(keys: ZoneKeys, plan: Plan) -> ZoneKeys:
    """Through the text of files."""
    changed = {key.tag: key for key in plan.changed}
    made = [Key(ZONE, new.flags, new.algorithm, SECRETS[new.algorithm.name][3], new.timing) for new in plan.new]
    return ZoneKeys(ZONE, tuple(_read_again(changed.get(key.tag, key)) for key in (*keys.keys, *made)))


def _read_again(key: Key) -> Key:
    if key.timing == Timing():
        return key  # a file without any times is one of before there were any
    found = read_private(private_text(key, b"\1" * 32).encode())
    assert found.timing == key.timing
    return key
