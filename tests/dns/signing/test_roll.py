"""A key roll as resolvers see it: with whatever they have cached, from whichever node, no answer is ever bogus.

The resolver of this test is one that caches all it gets for as long as it may, asks nodes that are behind, and validates
what it has against what it has: a DS of the parent, a DNSKEY set, and a set of data, each of another moment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.dns.signing import Key, KeyState, ZoneKeys, load_zone_keys
from gslb.dns.signing.algorithms import ALGORITHMS, BY_NAME
from gslb.dns.signing.directory import make_key, rewrite_times
from gslb.dns.signing.keys import Timing, state
from gslb.dns.signing.roll import Durations, Plan, begin, ds_seen, first_keys
from gslb.dns.signing.steps import living, next_step
from gslb.errors import GslbError
from gslb.model import Record, Service, Transfer
from gslb.model.configuration import CheckSettings
from tests.dns.signing.makers import NOW, ZONE, zone

DURATIONS = Durations(key_ttl_s=300, longest_ttl_s=3600, propagation_s=120)
DS_TTL_S = 1000
P256, ED25519 = BY_NAME["ecdsap256sha256"], BY_NAME["ed25519"]

_POOL: list[Key] = []
ALGORITHM: dict[int, int] = {}  # of the pool's keys, by tag


def apply(keys: ZoneKeys, plan: Plan) -> ZoneKeys:
    """In memory, with keys that are made once for all tests."""
    changed = {key.tag: key for key in plan.changed}
    kept = tuple(changed.get(key.tag, key) for key in keys.keys)
    made = tuple(_fresh(new.flags, new.algorithm.number, kept).at(**_times(new.timing)) for new in plan.new)
    return ZoneKeys(keys.zone, (*kept, *made))


def _times(timing) -> dict[str, int | None]:
    return {name: getattr(timing, name) for name in timing.__slots__}


def _fresh(flags: int, number: int, used: tuple[Key, ...]) -> Key:
    for key in _POOL:
        if (key.flags, key.algorithm.number) == (flags, number) and all(key.tag != other.tag for other in used):
            return key
    algorithm = ALGORITHMS[number]
    made = Key(ZONE, flags, algorithm, algorithm.load(algorithm.generate()), Timing())
    ALGORITHM[made.tag] = number
    _POOL.append(made)
    return made


@dataclass
class History:
    """What the key files held from when on, and which keys the parent pointed to."""

    files: list[tuple[int, ZoneKeys]]
    parent: list[tuple[int, frozenset[int]]]

    @property
    def now(self) -> ZoneKeys:
        return self.files[-1][1]

    def at(self, utc_s: int):
        keys = next((keys for since, keys in reversed(self.files) if since <= utc_s), self.files[0][1])
        return keys.at(utc_s)

    def ds(self, utc_s: int) -> frozenset[int]:
        return next((tags for since, tags in reversed(self.parent) if since <= utc_s), self.parent[0][1])

    def do(self, at: int, plan: Plan) -> None:
        self.files.append((at, apply(self.now, plan)))

    def moments(self, durations: Durations, ds_ttl_s: int) -> list[int]:
        """Where something can go wrong: at each change, a second to each side, and as far away as a cache or a slow node is."""
        changes = {at for _, keys in self.files for key in keys.keys for at in key.steps()}
        changes |= {at for at, _ in self.files} | {at for at, _ in self.parent}
        far = (0, durations.propagation_s, durations.key_ttl_s, durations.longest_ttl_s, ds_ttl_s)
        found = {at + sign * shift + near for at in changes for shift in far for sign in (-1, 1) for near in (-1, 0, 1)}
        return sorted(at for at in found if at >= self.files[0][0] + durations.longest_ttl_s + durations.propagation_s)


def bogus(history: History, now: int, durations: Durations, ds_ttl_s: int) -> str | None:
    """What a resolver that knows all that may be cached at `now` would refuse; None if nothing."""
    lag = durations.propagation_s
    parents = {history.ds(at) for at in _span(history, now - ds_ttl_s, now)}
    sets = {_dnskey(history.at(at)) for at in _span(history, now - durations.key_ttl_s - lag, now)}
    data = {_data(history.at(at)) for at in _span(history, now - durations.longest_ttl_s - lag, now)}
    for ds, (published, signed_by) in product(parents, sets):
        if not ds & published & signed_by:
            return f"DNSKEY {published} signed by {signed_by} under DS {ds}"
    for (published, _), signers in product(sets, data):
        if not published & signers:
            return f"data signed by {signers} with DNSKEY {published}"
        if not {ALGORITHM[tag] for tag in published} <= {ALGORITHM[tag] for tag in signers}:  # RFC 4035 section 2.2
            return f"data signed by {signers}, not by every algorithm of DNSKEY {published}"
    return None


def _span(history: History, first: int, last: int) -> set[int]:
    """Moments of which one at least is in each state between two."""
    changes = {at for _, keys in history.files for key in keys.keys for at in key.steps()}
    changes |= {at for at, _ in history.files} | {at for at, _ in history.parent}
    return {first, last} | {at for at in changes if first <= at <= last}


def _dnskey(found) -> tuple[frozenset[int], frozenset[int]]:
    return frozenset(key.tag for key in found.published), frozenset(key.tag for key in found.set_signers)


def _data(found) -> frozenset[int]:
    return frozenset(key.tag for key in found.data_signers)


def started(durations: Durations, *, split: bool = False) -> History:
    """Signed long enough for the parent to point to it."""
    keys = apply(ZoneKeys(ZONE), first_keys(P256, split, NOW, durations))
    at = NOW + durations.forgotten_s
    entry = next(key for key in keys.keys if key.sep)
    history = History([(NOW, keys)], [(NOW, frozenset({entry.tag})), (at, frozenset({entry.tag}))])
    history.do(at, ds_seen(keys, at, DS_TTL_S, durations))
    return history


def roll_entry(history: History, at: int, durations: Durations, ds_ttl_s: int, slow_s: int, part, algorithm=None) -> None:
    """The parent changes `slow_s` after it may, and somebody says so as long after."""
    before = set(history.now.keys)
    history.do(at, begin(history.now, part, algorithm, at, durations))
    (new,) = (key for key in history.now.keys if key.sep and key.tag not in {old.tag for old in before})
    assert new.timing.sync_publish is not None
    changed = new.timing.sync_publish + slow_s
    history.parent.append((changed, frozenset({new.tag})))
    seen = changed + slow_s
    history.do(seen, ds_seen(history.now, seen, ds_ttl_s, durations))


durations = st.builds(
    Durations, key_ttl_s=st.integers(1, 5000), longest_ttl_s=st.integers(1, 5000), propagation_s=st.integers(0, 400)
).map(lambda found: replace(found, longest_ttl_s=max(found.key_ttl_s, found.longest_ttl_s)))


@given(durations=durations, ds_ttl_s=st.integers(1, 5000), slow_s=st.integers(0, 3000), other=st.booleans())
def test_no_moment_of_a_csk_roll_is_bogus_to_a_resolver_with_any_cache(durations, ds_ttl_s, slow_s, other):
    history = started(durations)
    begins = NOW + 100_000
    roll_entry(history, begins, durations, ds_ttl_s, slow_s, "csk", ED25519 if other else P256)
    for moment in history.moments(durations, ds_ttl_s):
        assert bogus(history, moment, durations, ds_ttl_s) is None
    _ended(history, ED25519 if other else P256)


@given(durations=durations, ds_ttl_s=st.integers(1, 5000), slow_s=st.integers(0, 3000))
def test_no_moment_of_the_rolls_of_a_split_pair_is_bogus(durations, ds_ttl_s, slow_s):
    history = started(durations, split=True)
    begins = NOW + 100_000
    history.do(begins, begin(history.now, "zsk", None, begins, durations))
    roll_entry(history, begins + slow_s, durations, ds_ttl_s, slow_s, "ksk")  # both at once, too
    for moment in history.moments(durations, ds_ttl_s):
        assert bogus(history, moment, durations, ds_ttl_s) is None
    _ended(history, P256)


def _ended(history: History, algorithm) -> None:
    last = max(at for key in history.now.keys for at in key.steps())
    found = history.now.at(last)
    assert not found.overdue
    assert all(key.algorithm is algorithm for key in (*found.published, *found.data_signers))
    assert found.synced == tuple(key for key in found.published if key.sep)
    assert next_step(history.now, last).text == "nothing is to be done"


def test_the_resolver_of_this_test_does_see_a_roll_that_is_too_fast():
    """Each wait is there for a reason: without it, there is a moment at which something is bogus."""
    hurried = (
        replace(DURATIONS, key_ttl_s=0, propagation_s=0),
        replace(DURATIONS, longest_ttl_s=0, propagation_s=0),
    )
    for shorter in hurried:
        history = started(DURATIONS)
        roll_entry(history, NOW + 100_000, shorter, DS_TTL_S, 0, "csk")
        assert any(bogus(history, moment, DURATIONS, DS_TTL_S) for moment in history.moments(DURATIONS, DS_TTL_S))
    history = started(DURATIONS, split=True)
    roll_entry(history, NOW + 100_000, DURATIONS, 0, 0, "ksk")
    assert any(bogus(history, moment, DURATIONS, DS_TTL_S) for moment in history.moments(DURATIONS, DS_TTL_S))


# ----------------------------------------------------------------------------------------- what an operator does


def test_a_csk_roll_goes_through_its_states_by_the_clock_alone(tmp_path):
    keys = _written(tmp_path, ZoneKeys(ZONE), first_keys(P256, False, NOW, DURATIONS))
    (old,) = keys.keys
    keys = _written(tmp_path, keys, ds_seen(keys, NOW + 4000, DS_TTL_S, DURATIONS))
    begins = NOW + 10_000
    keys = _written(tmp_path, keys, begin(keys, None, None, begins, DURATIONS))
    new = next(key for key in keys.keys if key.tag != old.tag)
    assert [state(key, begins) for key in living(keys, begins)] == [KeyState.ACTIVE, KeyState.PUBLISHED]
    assert "comes into CDS" in next_step(keys, begins).text
    told = begins + DURATIONS.known_s
    assert ([key.tag for key in keys.at(told - 1).synced], [key.tag for key in keys.at(told).synced]) == ([old.tag], [new.tag])
    step = next_step(keys, told)
    assert (step.at, step.command) == (None, f"roll FILE {ZONE} --ds-seen")
    keys = _written(tmp_path, keys, ds_seen(keys, told, DS_TTL_S, DURATIONS))
    followed = told + DS_TTL_S
    assert ([*_data(keys.at(followed - 1))], [*_data(keys.at(followed))]) == ([old.tag], [new.tag])
    gone = followed + DURATIONS.forgotten_s
    assert (len(keys.at(gone - 1).published), len(keys.at(gone).published)) == (2, 1)
    assert load_zone_keys(ZONE, tmp_path).at(gone) == keys.at(gone)


def _written(directory: Path, keys: ZoneKeys, plan: Plan) -> ZoneKeys:
    for new in plan.new:
        make_key(ZONE, new, directory, [key.tag for key in keys.keys])
    for key in plan.changed:
        rewrite_times(key)
    return load_zone_keys(ZONE, directory)


def test_a_ds_that_comes_too_early_is_refused_with_the_time_at_which_it_may():
    history = started(DURATIONS)
    begins = NOW + 100_000
    history.do(begins, begin(history.now, None, None, begins, DURATIONS))
    with pytest.raises(GslbError, match=r"too early for the DS of key \d+: .* before 2027-01-16 11:53:40 UTC"):
        ds_seen(history.now, begins + DURATIONS.known_s - 1, DS_TTL_S, DURATIONS)


def test_said_twice_is_told_and_changes_nothing():
    history = started(DURATIONS)
    roll_entry(history, NOW + 100_000, DURATIONS, DS_TTL_S, 0, "csk")
    with pytest.raises(GslbError, match="was seen before"):
        ds_seen(history.now, history.files[-1][0] + 1, DS_TTL_S, DURATIONS)


@pytest.mark.parametrize("algorithm", [P256, ED25519])
def test_a_command_that_was_cut_short_between_two_files_is_said_again(algorithm):
    history = started(DURATIONS)
    begins = NOW + 100_000
    history.do(begins, begin(history.now, None, algorithm, begins, DURATIONS))
    new = living(history.now, begins)[-1]
    told = new.timing.sync_publish or 0
    history.parent.append((told, frozenset({new.tag})))
    whole = ds_seen(history.now, told, DS_TTL_S, DURATIONS)
    history.do(told, replace(whole, changed=whole.changed[:1]))
    again = told + 50_000
    history.do(again, ds_seen(history.now, again, DS_TTL_S, DURATIONS))
    for moment in history.moments(DURATIONS, DS_TTL_S):
        assert bogus(history, moment, DURATIONS, DS_TTL_S) is None
    _ended(history, algorithm)


def test_one_roll_at_a_time():
    history = started(DURATIONS)
    history.do(NOW + 9000, begin(history.now, None, None, NOW + 9000, DURATIONS))
    with pytest.raises(GslbError, match=r"a roll is under way, one at a time: at .* comes into CDS"):
        begin(history.now, None, None, NOW + 9001, DURATIONS)


def test_what_can_not_be_rolled_is_said():
    with pytest.raises(GslbError, match="has no key to roll; `gslb dnssec keygen`"):
        begin(ZoneKeys(ZONE), None, None, NOW, DURATIONS)
    split, csk = started(DURATIONS, split=True).now, started(DURATIONS).now
    with pytest.raises(GslbError, match="--part ksk or --part zsk"):
        begin(split, None, None, NOW, DURATIONS)
    with pytest.raises(GslbError, match="has no ZSK, but CSK"):
        begin(csk, "zsk", None, NOW, DURATIONS)
    with pytest.raises(GslbError, match="a split pair keeps its algorithm"):
        begin(split, "zsk", ED25519, NOW, DURATIONS)


def test_the_longest_ttl_counts_records_and_steered_names_of_the_zone():
    found = zone(ttl_s=60)
    steered = [
        Service("boot.example.org", CheckSettings(), ttl_max_s=900),
        Service("boot.example.net", CheckSettings(), ttl_max_s=9000),
    ]
    assert Durations.of(found, ()) == Durations(60, 60, 180)
    assert Durations.of(found, steered).longest_ttl_s == 900
    long = replace(found, records=(Record("a.example.org", 7200, 16, b"\x01x"),), transfer=Transfer())
    assert Durations.of(long, steered) == Durations(60, 7200, 180 + 3600)
    assert Durations.of(replace(found, ttl_s=1, negative_ttl_s=1), ()) == Durations(1, 1, 3)
