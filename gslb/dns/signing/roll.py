"""How keys follow one another so that no resolver, whatever it has cached, ever finds an answer bogus.

A roll is nothing but times in key files. What waits for caches has its second when the roll begins; what waits for the
parent gets it when somebody has seen the DS there. With T the TTL of the DNSKEY set, L the longest TTL in the zone, D that
of the DS, and P the time until every server of the zone has what a node has:

- **CSK** (double-KSK of RFC 6781 section 4.1.2 and pre-publication of 4.1.1 in one). Begin: the new key is in the DNSKEY
  set, and signs it. After T + P every cached set has it: CDS and CDNSKEY change to it. When the parent has its DS, after D
  more: it signs the data, the old one no more. After L + P nobody has a signature of the old one: it leaves.
- **KSK** of a split pair (RFC 7583 section 3.3.1). The same, but when nobody has the old DS, the old key leaves at once.
- **ZSK** (RFC 7583 section 3.2.1). Published; after T + P it signs; after L + P the old one leaves.
- **CSK of another algorithm** (RFC 6781 section 4.1.4: who signs a set with an algorithm of the DNSKEY set signs all with
  it). The new key signs data, and after L + P it is published; after T + P CDS and CDNSKEY change. When the parent has its
  DS, after D the old one leaves the DNSKEY set, and after T + P it stops to sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gslb.dns.names import is_below, wire_name
from gslb.dns.signing.algorithms import Algorithm
from gslb.dns.signing.keys import SEP, ZONE_KEY, Key, Timing, ZoneKeys
from gslb.dns.signing.steps import Part, living, next_step, part_of, written
from gslb.dns.zone import REFRESH_S
from gslb.errors import GslbError
from gslb.model import Service, Zone

SLOWEST_NODE_S: Final = 300


@dataclass(frozen=True, slots=True)
class Durations:
    """How long what was served is still about: T, L and P of above."""

    key_ttl_s: int
    longest_ttl_s: int
    propagation_s: int

    @classmethod
    def of(cls, zone: Zone, services: Iterable[Service]) -> Durations:
        """A node sees new files within seconds. A secondary that missed the NOTIFY comes at its refresh."""
        apex = wire_name(zone.name)
        steered = [service.ttl_max_s for service in services if is_below(wire_name(service.host), apex)]
        longest_s = max([zone.ttl_s, zone.negative_ttl_s, *(record.ttl_s for record in zone.records), *steered])
        propagation_s = min(SLOWEST_NODE_S, 3 * zone.ttl_s)
        return cls(zone.ttl_s, longest_s, propagation_s + (REFRESH_S if zone.transfer is not None else 0))

    @property
    def known_s(self) -> int:
        """Until every cached DNSKEY set has a new key."""
        return self.key_ttl_s + self.propagation_s

    @property
    def forgotten_s(self) -> int:
        """Until no cached signature is of a key that signs no more."""
        return self.longest_ttl_s + self.propagation_s


@dataclass(frozen=True, slots=True)
class NewKey:
    flags: int
    algorithm: Algorithm
    timing: Timing


@dataclass(frozen=True, slots=True)
class Plan:
    """What a command changes: keys to make, and keys with other times."""

    new: tuple[NewKey, ...] = ()
    changed: tuple[Key, ...] = ()


def first_keys(algorithm: Algorithm, split: bool, now: int, durations: Durations) -> Plan:
    """A zone that was not signed till now: the parent may know when no resolver has an unsigned answer any more."""
    sync = now + durations.forgotten_s
    entry = NewKey(ZONE_KEY | SEP, algorithm, Timing(created=now, publish=now, activate=now, sync_publish=sync))
    zsk = NewKey(ZONE_KEY, algorithm, Timing(created=now, publish=now, activate=now))
    return Plan((entry, zsk) if split else (entry,))


def begin(keys: ZoneKeys, part: Part | None, algorithm: Algorithm | None, now: int, durations: Durations) -> Plan:
    """The first step of a roll; `algorithm` None keeps the one there is. Raises GslbError if it can't begin."""
    alive = living(keys, now)
    parts = {part_of(key, alive) for key in alive}
    if not alive:
        raise GslbError(f"{keys.zone} has no key to roll; `gslb dnssec keygen` makes the first")
    if part is None:
        if "zsk" in parts:
            raise GslbError(f"{keys.zone} has a KSK and a ZSK: say which, --part ksk or --part zsk")
        part = "csk"
    if part not in parts:
        raise GslbError(f"{keys.zone} has no {part.upper()}, but {' and '.join(sorted(each.upper() for each in parts))}")
    those = [key for key in alive if part_of(key, alive) == part]
    if len(those) > 1 or those[0].timing.delete is not None:
        raise GslbError(f"{keys.zone}: a roll is under way, one at a time: {next_step(keys, now).text}")
    if those[0].timing.sync_publish is not None and those[0].timing.sync_publish > now:
        raise GslbError(
            f"{keys.zone}: key {those[0].tag} is so new that no parent knows it before {written(those[0].timing.sync_publish)}; "
            f"wait, or take its files away and make another"
        )
    if not those[0].published(now):
        raise GslbError(
            f"{keys.zone}: key {those[0].tag} is not in the zone, by the Publish of its file: there is nothing to roll"
        )
    old, algorithm = those[0], algorithm or those[0].algorithm
    if part == "zsk":
        return _begin_zsk(old, _same(algorithm, old), now, durations)
    if part == "ksk":
        return _begin_entry(old, _same(algorithm, old), now, now, durations, activate=now)
    if algorithm is old.algorithm:
        return _begin_entry(old, algorithm, now, now, durations, activate=None)
    return _begin_entry(old, algorithm, now, now + durations.forgotten_s, durations, activate=now)


def _same(algorithm: Algorithm, old: Key) -> Algorithm:
    if algorithm is not old.algorithm:
        raise GslbError(f"{old.zone}: a split pair keeps its algorithm, {old.algorithm.name}; only a CSK can change to another")
    return algorithm


def _begin_zsk(old: Key, algorithm: Algorithm, now: int, durations: Durations) -> Plan:
    takes_over = now + durations.known_s
    timing = Timing(created=now, publish=now, activate=takes_over)
    retired = _ended(old, inactive=takes_over, delete=takes_over + durations.forgotten_s)
    return Plan((NewKey(ZONE_KEY, algorithm, timing),), (retired,))


def _begin_entry(old: Key, algorithm: Algorithm, now: int, publish: int, durations: Durations, *, activate: int | None) -> Plan:
    sync = publish + durations.known_s
    timing = Timing(created=now, publish=publish, activate=activate, sync_publish=sync)
    return Plan((NewKey(ZONE_KEY | SEP, algorithm, timing),), (_ended(old, sync_delete=sync),))


def ds_seen(keys: ZoneKeys, now: int, ds_ttl_s: int, durations: Durations) -> Plan:
    """The parent's servers have the DS of the newest key-signing key, all of them. Raises GslbError if that is too early, or
    is said already."""
    entries = [key for key in living(keys, now) if key.sep]
    if not entries:
        raise GslbError(f"{keys.zone} has no key that a parent could point to; `gslb dnssec keygen` makes one")
    new, old = entries[-1], entries[:-1]
    if new.timing.ds_publish is not None and all(key.timing.delete is not None for key in old):
        raise GslbError(f"{keys.zone}: the DS of key {new.tag} was seen before; {next_step(keys, now).text}")
    known = max(new.timing.sync_publish or 0, (new.timing.publish or 0) + durations.known_s if old else 0)
    if now < known:
        raise GslbError(
            f"{keys.zone}: it is too early for the DS of key {new.tag}: some resolvers may not know the key before "
            f"{written(known)}; take the DS out of the parent if it is there"
        )
    if not new.published(now):
        raise GslbError(
            f"{keys.zone}: key {new.tag} is not in the zone yet: no parent can point to it; {next_step(keys, now).text}"
        )
    if not old:
        return Plan(changed=(new.at(ds_publish=now),))
    plan = _change_over(new, old, part_of(new, living(keys, now)), now, now + ds_ttl_s, durations)
    _check(keys, plan, now)
    return plan


def _check(keys: ZoneKeys, plan: Plan, now: int) -> None:
    """Times that were set by hand must not leave the zone without a key that signs it, then or later."""
    changed = {key.rdata: key for key in plan.changed}
    after = ZoneKeys(keys.zone, tuple(changed.get(key.rdata, key) for key in keys.keys))
    for at in sorted({now, *(at for key in (*keys.keys, *after.keys) for at in key.steps() if at > now)}):
        left, had = after.at(at), keys.at(at)
        if (left.overdue and not had.overdue) or (had.usable and not left.usable):
            raise GslbError(
                f"{keys.zone}: no key would sign the zone from {written(at)} on, by the times in its files; "
                f"give {plan.changed[0].stem}.private an Activate and let all resolvers see its signatures first"
            )


def _change_over(new: Key, old: Sequence[Key], part: Part, now: int, followed: int, durations: Durations) -> Plan:
    """`followed` is when no resolver has the old DS. Said again after a command that was cut short, it ends the same."""
    seen = new.at(ds_publish=now, inactive=None, delete=None)
    if part == "ksk":
        return Plan(changed=(seen, *(_ended(key, delete=followed, inactive=followed) for key in old)))
    if any(key.algorithm is not new.algorithm for key in old):
        silent = followed + durations.known_s
        return Plan(changed=(seen, *(_ended(key, delete=followed, inactive=silent) for key in old)))
    # Never later than its file says: it may be the only one that signs by then, or does so already, past its time.
    begins = followed if new.timing.activate is None else min(new.timing.activate, followed)
    gone = followed + durations.forgotten_s
    return Plan(changed=(seen.at(activate=begins), *(_ended(key, inactive=followed, delete=gone) for key in old)))


def _ended(key: Key, **ends: int) -> Key:
    """What was to begin after its end never begins: somebody has set times by hand."""
    times: dict[str, int | None] = dict(ends)
    for begin_, end in (("publish", "delete"), ("activate", "inactive"), ("sync_publish", "sync_delete")):
        begins = getattr(key.timing, begin_)
        if end in ends and begins is not None and begins > ends[end]:
            times[begin_] = None
    return key.at(**times)
