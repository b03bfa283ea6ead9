"""The vantages and what each says: a health record per vantage and target, and the freezes.

The one place that holds several vantages. Everything behind it (course, World, report) sees their
consensus.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from gslb.model import Configuration, Family, ProbeSettings, State
from gslb.state import health, vantage
from gslb.state.health import HealthRecord
from gslb.state.quorum import Vote
from gslb.state.targets import TargetKey
from gslb.state.vantage import Freeze, Sight
from probes.model import Result

VANTAGES_LIMIT = 64  # names come from reports: bounded


class Panel:
    """`keys` are the targets by their text; results of others are not taken."""

    def __init__(self, configuration: Configuration, keys: Mapping[str, TargetKey]) -> None:
        self.records: dict[str, dict[str, HealthRecord]] = {configuration.probes.vantage: {}}
        self.freezes: dict[tuple[str, Family], Freeze] = {}
        self._disarmed: set[tuple[str, Family]] = set()
        self._fell_s: dict[tuple[str, Family], float] = {}  # when a target went down last
        self.reconfigure(configuration, keys, frozenset())

    def reconfigure(self, configuration: Configuration, keys: Mapping[str, TargetKey], same: frozenset[str]) -> None:
        """Forget what is gone, and what is not the same target any more."""
        self._settings: ProbeSettings = configuration.probes
        self._keys = dict(keys)
        self._regions = {site.id: site.region for site in configuration.sites}
        self.restore(self.records, same)

    def restore(self, records: Mapping[str, Mapping[str, HealthRecord]], same: frozenset[str]) -> None:
        """Take these records, as far as they are of the same targets."""
        for name in [*records][:VANTAGES_LIMIT]:
            self.records[name] = {key: each for key, each in records[name].items() if key in same}
            for key, each in self.records[name].items():
                self._note_fall(name, key, each)

    def state(self, name: str, key: str) -> State:
        record = self.records.get(name, {}).get(key)
        return record.state if record else State.UNKNOWN

    def take(self, name: str, result: Result, now_s: float, *, recheck: bool) -> HealthRecord | None:
        """The record after a result; None if the target is not ours, or one vantage too many reports."""
        if result.key not in self._keys or (name not in self.records and len(self.records) >= VANTAGES_LIMIT):
            return None
        records = self.records.setdefault(name, {})
        before = records.get(result.key) or health.fresh_record(now_s)
        records[result.key] = health.step(
            before,
            health.outcome_of(result),
            result.reason,
            self._settings,
            now_s,
            recheck=recheck,
            retry_after_s=result.retry_after_s,
        )
        self._note_fall(name, result.key, records[result.key])
        return records[result.key]

    def _note_fall(self, name: str, key: str, record: HealthRecord) -> None:
        if record.state is State.DOWN:
            own = (name, self._keys[key].family)
            self._fell_s[own] = max(record.since_s, self._fell_s.get(own, record.since_s))

    def forget(self, now_s: float) -> None:
        for records in self.records.values():
            for key, record in records.items():
                records[key] = health.forget(record, now_s)

    def votes(self, key: str, now_s: float) -> list[Vote]:
        """In the order in which the vantages were first heard of."""
        return [self._vote(name, key, records[key], now_s) for name, records in self.records.items() if key in records]

    def _vote(self, name: str, key: str, record: HealthRecord, now_s: float) -> Vote:
        fresh = record.fresh(now_s)
        frozen = self.frozen_state(name, key)
        if frozen is not None and record.state is not State.WRONG and frozen is not record.state:
            return Vote(name, frozen, f"verdicts of {name} are frozen; it says: {record.reason}", fresh)
        checks = health.checks_to_change(record, self._settings)
        return Vote(name, record.state, record.reason, fresh, record.failures > 0, checks)

    def frozen_state(self, name: str, key: str) -> State | None:
        freeze = self.freezes.get((name, self._keys[key].family))
        return freeze.before.get(key) if freeze else None

    def watch(self, name: str, family: Family, now_s: float) -> Freeze | None:
        """The freeze that this vantage has just earned, if it has."""
        own = (name, family)
        window_s = vantage.FALL_INTERVALS * self._settings.interval_s
        if own not in self._disarmed and now_s - self._fell_s.get(own, -math.inf) > window_s:
            return None  # nothing fell: no need to look at all
        outage = vantage.is_outage(self._sights(name, family, now_s))
        if not outage:
            if own not in self.freezes and not vantage.is_outage(self._sights(name, family, None)):
                self._disarmed.discard(own)
            return None
        if own in self._disarmed or self._agreed(own, now_s):
            return None
        self._disarmed.add(own)
        self.freezes[own] = self._freeze(name, family, now_s)
        return self.freezes[own]

    def thaw(self, now_s: float) -> list[Freeze]:
        """The freezes that are over. What the vantage has reached again since is taken for up at once."""
        over = [freeze for freeze in self.freezes.values() if now_s >= freeze.until_s or self._doubted(freeze, now_s)]
        for freeze in over:
            del self.freezes[(freeze.vantage, freeze.family)]
            records = self.records.get(freeze.vantage, {})
            for key, state in freeze.before.items():
                if state is State.UP and key in records:
                    records[key] = health.vouched(records[key], now_s)
        return over

    def _doubted(self, freeze: Freeze, now_s: float) -> bool:
        return self._agreed((freeze.vantage, freeze.family), now_s)

    def _agreed(self, own: tuple[str, Family], now_s: float) -> bool:
        """Whether another vantage with fresh reports sees the same outage."""
        name, family = own
        others = (other for other in self.records if other != name)
        return any(self._heard(other, now_s) and vantage.is_outage(self._sights(other, family, None)) for other in others)

    def _heard(self, name: str, now_s: float) -> bool:
        return any(record.fresh(now_s) for record in self.records[name].values())

    def _sights(self, name: str, family: Family, now_s: float | None) -> Iterator[Sight]:
        """A site fell if something of it did just now; without `now_s`, if nothing of it is up."""
        by_site: dict[str, list[HealthRecord]] = {}
        for key, record in self.records[name].items():
            if self._keys[key].family == family:
                by_site.setdefault(self._keys[key].site, []).append(record)
        for site, records in by_site.items():
            if now_s is None:
                fell = all(record.state is not State.UP for record in records)
            else:
                fell = any(self._fell(record, now_s) for record in records)
            yield Sight(self._regions[site], fell)

    def _fell(self, record: HealthRecord, now_s: float) -> bool:
        window_s = vantage.FALL_INTERVALS * self._settings.interval_s
        return record.state is State.DOWN and record.before is State.UP and now_s - record.since_s <= window_s

    def _freeze(self, name: str, family: Family, now_s: float) -> Freeze:
        before = {
            key: record.before if self._fell(record, now_s) else record.state
            for key, record in self.records[name].items()
            if self._keys[key].family == family
        }
        until_s = now_s + vantage.FREEZE_INTERVALS * self._settings.interval_s
        return Freeze(name, family, now_s, until_s, before)
