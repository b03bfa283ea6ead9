"""All that is known of release sets: looks go in, what a World has of them and events come out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from gslb.model import (
    Configuration,
    Edition,
    Event,
    Family,
    Hold,
    Holding,
    SetKey,
    Site,
    Standing,
    StandingKey,
)
from gslb.state.canonical import digest_of
from gslb.state.clock import Clock
from gslb.state.content import events, record, sets
from gslb.state.content.editions import Holders
from gslb.state.content.holdings import WORST_FIRST, Holdings
from gslb.state.content.keys import ContentKey, carrying, content_targets, scanned_sets
from gslb.state.content.manifests import Manifests
from gslb.state.content.record import PATIENCE_S, ContentRecord
from gslb.state.content.sets import SetState, Sight
from gslb.state.events import EventBook
from gslb.state.worlds import NO_CONTENT, Content
from probes.content.model import ContentResult, ContentTarget

REASON_LIMIT = 500


@dataclass(frozen=True, slots=True)
class ContentMemory:
    """What survives a restart. `fingerprints` tell whether a record is still of the same target."""

    records: Mapping[str, ContentRecord] = field(default_factory=dict)
    sets: Mapping[SetKey, SetState] = field(default_factory=dict)
    fingerprints: Mapping[str, str] = field(default_factory=dict)


class Around(NamedTuple):
    """What else is known of sites: whether the probes of a target say that it is ill, and which sites are drained."""

    is_ill: Callable[[str], bool]
    drained: Container[str]


class _Group(NamedTuple):
    """Of what a change is told once, whatever the door."""

    set: SetKey
    site: str
    family: Family


class ContentBook:
    def __init__(self, configuration: Configuration, book: EventBook, now_s: float) -> None:
        self.results: dict[str, ContentResult] = {}  # the last look at each target, without its files
        self.scans: dict[str, ContentResult] = {}  # the same of scans
        self.manifests = Manifests()
        self._book = book
        self._records: dict[ContentKey, ContentRecord] = {}
        self._sets: dict[SetKey, SetState] = {}
        self._began_s: dict[SetKey, float] = {}  # sets of which not every site has been looked at yet, and since when
        self._first_s: dict[SetKey, float] = {}  # the same; the choice of a generation waits less long
        self._few_since_s: dict[SetKey, float] = {}
        self._looked: set[ContentKey] = set()
        self._told: dict[_Group, Hold] = {}
        self._lost = 0
        self._unsettled: dict[SetKey, None] = {}  # of which something has changed since `settle`
        self._configure(configuration, now_s)

    # What is known

    @property
    def targets(self) -> tuple[ContentTarget, ...]:
        return tuple(self._targets.values())

    @property
    def records(self) -> Mapping[ContentKey, ContentRecord]:
        return self._records

    @property
    def sets(self) -> Mapping[SetKey, SetState]:
        return self._sets

    def carrying(self, key: SetKey) -> tuple[Site, ...]:
        return self._carrying[key]

    def scan_due(self, text: str, now_s: float) -> bool:
        """Whether a target should be scanned now, before it is used again. That is told once, until it had time."""
        key = self._keys.get(text)
        if key is None or not self._records[key].scan_due(now_s):
            return False
        self._records[key] = record.asked(self._records[key], self._settings, now_s)
        return True

    # What happens

    def observe(self, result: ContentResult, clock: Clock) -> tuple[bool, list[Event]]:
        """Take a look; one of a target that is not ours is ignored. Whether an answer may depend on it, and what is to tell."""
        key = self._keys.get(result.key)
        if key is None:
            return False, []
        result = replace(result, reason=_plain(result.reason))
        self.results[result.key] = replace(result, files=None)
        if result.full:
            self.scans[result.key] = self.results[result.key]
        first = key not in self._looked
        self._looked.add(key)
        if result.generation:
            self._sets[key.set] = sets.sighted(self._sets[key.set], result.generation, result.modified_utc, clock.utc)
        old = self._records[key]
        new = record.step(old, result, self._targets[result.key].every_s, self._settings, clock.now_s)
        self._records[key] = new
        fresh = new.hold is Hold.GOOD and self.manifests.take(new.generation, result.files)
        if not (first or fresh or _shown(old) != _shown(new) or old.waits_since_s != new.waits_since_s):
            return False, []
        self._changed(key)
        return True, self._tell(_Group(key.set, key.site, key.family), clock)

    def tick(self, clock: Clock) -> tuple[bool, list[Event]]:
        """What time alone does: silence, and the end of waiting."""
        aged = {key: record.aged(old, self._settings, clock.now_s) for key, old in self._records.items()}
        changed = [key for key, new in aged.items() if new is not self._records[key]]
        told: list[Event] = []
        for key in changed:
            self._records[key] = aged[key]
            self._changed(key)
            told += self._tell(_Group(key.set, key.site, key.family), clock)
        self._unsettled |= dict.fromkeys(self._late(clock.now_s))
        return bool(self._unsettled), told + self._lose_manifests(clock)

    def went_away(self, target: str, now_s: float) -> None:
        """A target of health is down: who comes back is scanned first."""
        for key in self._by_target.get(target, ()):
            self._records[key] = record.away(self._records[key], now_s)
            self._changed(key)

    def moved(self) -> None:
        """Sites have gone or come back, by their probes or by operators."""
        self._unsettled |= dict.fromkeys(self._sets)

    def settle(self, around: Around, clock: Clock) -> list[Event]:
        """Choose anew what is served of the sets of which something has changed. Once for a World: looks come by thousands."""
        told: list[Event] = []
        unsettled, self._unsettled = self._unsettled, {}
        for key in unsettled:
            old = self._sets[key]
            sight = self._sight(key, around, clock.now_s)
            new = self._sets[key] = self._lasting(key, sets.follow(old, sight, clock.utc), clock.now_s)
            if sight.settled:
                told += events.turned(self._book, clock.utc, key, old, new, sight.holders)
        return told

    def reconfigure(self, configuration: Configuration, now_s: float) -> None:
        had = self._fingerprints
        records, known, kept, scans = self._records, self._sets, self.results, self.scans
        self._configure(configuration, now_s)
        same = {key for key in self._records if key in records and had.get(str(key)) == self._fingerprints[str(key)]}
        self._records |= {key: records[key] for key in same}
        self._sets |= {key: state for key, state in known.items() if key in self._sets}
        self.results = {str(key): kept[str(key)] for key in same if str(key) in kept}
        self.scans = {str(key): scans[str(key)] for key in same if str(key) in scans}
        self._looked &= same
        for key in known:
            self._began_s.pop(key, None)
            self._first_s.pop(key, None)
        self._few_since_s = {key: since_s for key, since_s in self._few_since_s.items() if key in self._sets}
        self._told = {group: hold for group, hold in self._told.items() if group in self._groups}
        for each in same:
            self._changed(each)

    # What comes of it

    def world(self, standings: Mapping[StandingKey, Standing], now_s: float) -> tuple[Content, dict[StandingKey, Standing]]:
        """For a World; and the standings as they are without the addresses that have wrong files."""
        if not self._records:
            return NO_CONTENT, dict(standings)
        self._keep_manifests()
        editions: dict[SetKey, Edition] = {key: state.edition for key, state in self._sets.items()}
        holdings, standings = self._holdings.now(self._records, standings)
        self._first_s = {key: since_s for key, since_s in self._first_s.items() if self._is_first(key, since_s, now_s)}
        for place, each in holdings.items():
            if SetKey(place.service, place.content) in self._first_s:
                holdings[place] = _doubted(each)
        return Content(holdings, editions, self.manifests.in_world), standings

    def freeze(self) -> ContentMemory:
        records = {str(key): each for key, each in self._records.items() if each.last_s is not None}
        return ContentMemory(records, dict(self._sets), dict(self._fingerprints))

    def restore(self, memory: ContentMemory, now_s: float) -> None:
        """What is served goes on. What sites hold is taken over where the target is the same."""
        for text, old in memory.records.items():
            key = self._keys.get(text)
            if key is not None and memory.fingerprints.get(text) == self._fingerprints[text]:
                self._records[key] = record.kept(old, now_s)
                self._changed(key)
                if old.hold is not Hold.UNKNOWN:
                    self._told[_Group(key.set, key.site, key.family)] = self._worst(_Group(key.set, key.site, key.family))
        self._sets |= {key: state for key, state in memory.sets.items() if key in self._sets}

    # How

    def _configure(self, configuration: Configuration, now_s: float) -> None:
        self._settings, self._limits = configuration.probes, configuration.limits
        self._patience_s = record.FRESH_INTERVALS * self._settings.interval_s
        self._targets = {target.key: target for target in content_targets(configuration)}
        self._keys = {text: ContentKey.parse(text) for text in self._targets}
        self._fingerprints = {text: digest_of(replace(target, key="")) for text, target in self._targets.items()}
        self._records = {key: record.fresh_record(now_s) for key in self._keys.values()}
        self._carrying = {
            SetKey(service.host, content.name): carrying(configuration, service, content)
            for service, content in scanned_sets(configuration)
        }
        self._sets = {key: SetState() for key in self._carrying}
        self._unsettled = dict.fromkeys(self._sets)
        self._holdings = Holdings(self._records)
        self._began_s = dict.fromkeys(self._sets, now_s)
        self._first_s = dict.fromkeys(self._sets, now_s)
        self._groups: dict[_Group, list[ContentKey]] = {}
        self._by_target: dict[str, list[ContentKey]] = {}
        self._by_set: dict[SetKey, list[ContentKey]] = {key: [] for key in self._sets}
        for key in self._keys.values():
            self._groups.setdefault(_Group(key.set, key.site, key.family), []).append(key)
            self._by_target.setdefault(str(key.target), []).append(key)
            self._by_set[key.set].append(key)

    def _worst(self, group: _Group) -> Hold:
        return min((self._records[key].hold for key in self._groups[group]), key=WORST_FIRST.index)

    def _tell(self, group: _Group, clock: Clock) -> list[Event]:
        """Once for both doors, and not again for what was told."""
        was, now = self._told.get(group, Hold.UNKNOWN), self._worst(group)
        of = next(self._records[key] for key in self._groups[group] if self._records[key].hold is now)
        if now is was or now is Hold.UNKNOWN or (now is Hold.ABSENT and of.waits_since_s is not None):
            return []  # to wait for a scan is a part of every roll-out
        self._told[group] = now
        event = events.held(self._book, clock.utc, group.set, group.site, group.family, was, of)
        return [event] if event else []

    def _changed(self, key: ContentKey) -> None:
        self._unsettled[key.set] = None
        self._holdings.changed(key)

    def _lasting(self, key: SetKey, state: SetState, now_s: float) -> SetState:
        """A shortage that is over in a moment is none: in a roll-out sites change one after another."""
        if not state.few:
            self._few_since_s.pop(key, None)
            return replace(state, short=False)
        since_s = self._few_since_s.setdefault(key, now_s)
        return replace(state, short=state.short or now_s - since_s >= self._patience_s)

    def _late(self, now_s: float) -> list[SetKey]:
        """Sets of which something is told because time has gone by."""
        waited = [key for key, began_s in self._began_s.items() if now_s - began_s >= PATIENCE_S]
        return waited + [
            key for key, since_s in self._few_since_s.items() if now_s - since_s >= self._patience_s and not self._sets[key].short
        ]

    def _sight(self, key: SetKey, around: Around, now_s: float) -> Sight:
        held: dict[str, set[str]] = {}
        likely: dict[str, set[str]] = {}
        known: set[str] = set()
        for each in self._by_set[key]:
            found = self._records[each]
            known.add(found.generation)
            if each.site in around.drained or around.is_ill(str(each.target)):
                continue
            if found.hold is Hold.GOOD:
                held.setdefault(found.generation, set()).add(each.site)
            elif found.waits_since_s is not None and now_s - found.waits_since_s < PATIENCE_S:
                likely.setdefault(found.generation, set()).add(each.site)
        holders = Holders(_frozen(held), self._carrying[key], _frozen(likely))
        return Sight(holders, self._settled(key, now_s), frozenset(known - {""}))

    def _settled(self, key: SetKey, now_s: float) -> bool:
        began_s = self._began_s.get(key)
        if began_s is None:
            return True
        if now_s - began_s < PATIENCE_S and any(self._is_new(each) for each in self._by_set[key]):
            return False
        del self._began_s[key]
        return True

    def _is_first(self, key: SetKey, since_s: float, now_s: float) -> bool:
        """Whether the first scans of a set are under way: till then who was scanned first must not get everybody's clients."""
        late_s = max((self._targets[str(each)].every_s for each in self._by_set[key]), default=0.0)
        unknown = (each for each in self._by_set[key] if self._records[each].hold is Hold.UNKNOWN)
        return now_s - since_s < late_s and any(self._is_new(each) for each in unknown)

    def _is_new(self, key: ContentKey) -> bool:
        """Whether it has yet to be looked at, or to be scanned for the first time."""
        found = self._records[key]
        return key not in self._looked or (found.hold is Hold.UNKNOWN and found.waits_since_s is not None)

    def _keep_manifests(self) -> None:
        served = [state.served for state in self._sets.values()]
        ages = {each.name: each.age for state in self._sets.values() for each in state.generations}
        held = {each.generation for each in self._records.values() if each.hold in (Hold.GOOD, Hold.UNKNOWN)}
        wanted = [*served, *sorted(held & ages.keys(), key=lambda name: ages[name], reverse=True)]
        self.manifests.keep(wanted, self._limits.manifest_files)

    def _lose_manifests(self, clock: Clock) -> list[Event]:
        had, self._lost = self._lost, self.manifests.left_out
        return [events.left_out(self._book, clock.utc, self._lost, self._limits.manifest_files)] if self._lost > had else []


def _doubted(holding: Holding) -> Holding:
    if holding.hold is not Hold.GOOD:
        return holding
    return replace(holding, hold=Hold.UNKNOWN, reason=f"{holding.reason}; other sites are still being scanned")


def _frozen(sites: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {name: frozenset(each) for name, each in sites.items()}


def _shown(found: ContentRecord) -> tuple[Hold, str, str]:
    return (found.hold, found.generation, found.reason)


def _plain(text: str) -> str:
    """As it can be stored and shown: names of files came from a mirror."""
    cut = text if len(text) <= REASON_LIMIT else f"{text[: REASON_LIMIT - 1]}…"
    return cut.replace("\x00", "").encode("utf-8", "replace").decode()
