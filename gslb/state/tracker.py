"""What is true now: results, time and operators go in, Worlds and events come out.

No I/O and no clock: `now_s` is the monotonic clock, `utc` an aware datetime. A caller observes each result,
ticks when `seconds_to_next_tick` says, and after either asks for the next World. Nothing here blocks, and
nothing here may be called from two threads at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from gslb.errors import UsageError
from gslb.model import Change, Configuration, Drain, Event, Family, Location, State, World, overlaid
from gslb.state import course, events, report, stamps, vantage, worlds
from gslb.state.canonical import digest_of
from gslb.state.clock import Clock, to_midnight_s
from gslb.state.content import Around, ContentBook, SetReport, reports
from gslb.state.events import EventBook
from gslb.state.history import Observation
from gslb.state.latency import LatencyBook
from gslb.state.ledger import Ledger
from gslb.state.orders import Orders
from gslb.state.outages import Left, OutageBook
from gslb.state.panel import Panel
from gslb.state.report import SiteReport, TargetReport
from gslb.state.restored import Restored, rebased
from gslb.state.standing import StandingBook
from gslb.state.targets import TargetKey, targets
from gslb.state.vantage import Freeze
from probes.content.model import ContentResult
from probes.model import Result, Target

WORLD_INTERVAL_S = 1.0
SHORTEST_TICK_S = 0.01


class Tracker:
    """`restored` is what `freeze` gave before a restart. `book` numbers the events, also those of others."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        now_s: float,
        utc: datetime,
        restored: Restored | None = None,
        book: EventBook | None = None,
    ) -> None:
        self.book = book or EventBook()
        self.ready = False
        self._clock = Clock(now_s, utc)
        self._ledger = Ledger()
        self._latency = LatencyBook()
        self.orders = Orders(self.book)
        self._outages = OutageBook(self.book)
        self._slow: frozenset[str] = frozenset()
        self._number = 0
        self._published: World | None = None
        self._published_s = float("-inf")
        self._stirred = True  # something that an answer depends on may have changed
        self._moved = True  # a state or a drain may have: look for outages
        self._later: list[Event] = []  # what the last World has to tell, at the next tick
        self._steered_of: tuple[Configuration, tuple[Change, ...]] | None = None
        self._configure(configuration)
        self._panel = Panel(configuration, self._keys)
        self.content = ContentBook(configuration, self.book, now_s)
        if restored is not None:
            self._restore(rebased(restored, now_s, utc))

    # What is known

    @property
    def configuration(self) -> Configuration:
        return self._configuration

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(self._targets.values())

    @property
    def drains(self) -> dict[str, Drain]:
        return self.orders.drains()

    @property
    def world_number(self) -> int:
        """Of the World published last; 0 before the first of all."""
        return self._number

    def is_down(self, key: str) -> bool:
        """Whether a failure of this target needs no second look."""
        return self._ledger.state(key) in course.ILL

    # What happens

    def observe(self, result: Result, recheck: bool, now_s: float, utc: datetime, vantage: str | None = None) -> list[Event]:
        """Take a result of our own vantage, or of another. One of a target that is not ours is ignored."""
        self._clock = Clock(now_s, utc)
        name = vantage or self._configuration.probes.vantage
        before = self._panel.state(name, result.key)
        record = self._panel.take(name, result, now_s, recheck=recheck)
        if record is None:
            return []
        key = self._keys[result.key]
        self._ledger.note(Observation(name, recheck, result))
        told = self._measure(name, key.site, result)
        if record.state is not before:
            told += self._watch(name, key.family)
        return told + self._look([result.key])

    def observe_content(self, result: ContentResult, now_s: float, utc: datetime) -> list[Event]:
        """Take a look at a release set of a site; one of a target that is not ours is ignored."""
        self._clock = Clock(now_s, utc)
        return self._hear(self.content.observe(result, self._clock))

    def round_complete(self, now_s: float, utc: datetime) -> list[Event]:
        """The first round of probes is in."""
        self._clock = Clock(now_s, utc)
        if self.ready:
            return []
        self.ready = self._stirred = True
        ill = {key.site for text, key in self._keys.items() if self._ledger.state(text) is not State.UP}
        sites = len(self._configuration.sites)
        return [events.ready(self.book, utc, self._configuration.node, sites - len(ill), sites)]

    def tick(self, now_s: float, utc: datetime) -> list[Event]:
        """What time alone does: silence, slow starts, ends of drains, of holds and of freezes."""
        self._clock = Clock(now_s, utc)
        told = self._heed(self.orders.tick(self._configuration, self._clock))
        told += [events.thawed(self.book, utc, freeze) for freeze in self._panel.thaw(now_s)]
        self._panel.forget(now_s)
        self._latency.forget(now_s)
        told += self._note_slow() + self._look(self._keys)
        told += self._hear(self.content.tick(self._clock)) + self._later
        self._later = []
        return told

    def drain(
        self, site: str, reason: str, who: str, for_s: float | None, now_s: float, utc: datetime, owner: str | None = None
    ) -> list[Event]:
        """Take a site out, for a time or until it is enabled. Raises UsageError if it is not ours."""
        self._need(site)
        return self.order(lambda orders, clock: orders.drain(site, reason, who, for_s, clock, owner), now_s, utc)

    def enable(self, site: str, who: str, now_s: float, utc: datetime) -> list[Event]:
        """End a drain; no event if there is none. A failing site stays down. Raises UsageError as `drain`."""
        self._need(site)
        return self.order(lambda orders, clock: orders.enable(site, who, clock), now_s, utc)

    def order(self, given: Callable[[Orders, Clock], list[Event]], now_s: float, utc: datetime) -> list[Event]:
        """Let an operator order something: `given` does it, and tells what it did."""
        self._clock = Clock(now_s, utc)
        return self._heed(given(self.orders, self._clock))

    def reconfigure(self, configuration: Configuration, now_s: float, utc: datetime) -> list[Event]:
        """Go on under another configuration; what is the same target keeps its health."""
        self._clock = Clock(now_s, utc)
        had = self._targets
        self._configure(configuration)
        same = frozenset(key for key, target in self._targets.items() if had.get(key) == target)
        self._panel.reconfigure(configuration, self._keys, same)
        self._ledger.keep(same)
        sites = frozenset(site.id for site in configuration.sites)
        self._latency.keep_sites(sites)
        self.content.reconfigure(configuration, now_s)
        told = self.orders.reconfigure(configuration, self._clock)
        self._overlay()
        self._stirred = self._moved = True
        return told + self._note_slow() + self._look(self._keys)

    # What comes of it

    def next_world(self, now_s: float, utc: datetime) -> World | None:
        """The next World: at once, but one a second; None if nothing that answers depend on has changed."""
        last = self._published
        if now_s - self._published_s < WORLD_INTERVAL_S:
            return None
        if last is not None and not self._stirred and last.today == utc.date():
            return None
        self._stirred = False
        self._later += self.content.settle(self._around, Clock(now_s, utc))
        world = self._world(self._number + 1, utc)
        if last is not None and world.digest == last.digest and _ships_alike(world, last):
            return None
        self._number, self._published_s, self._published = world.number, now_s, world
        return world

    def seconds_to_next_tick(self, now_s: float) -> float:
        """How long nothing will happen by itself, or a World that is due has to wait; at most an interval."""
        settings = self._configuration.probes
        starts = [*self._ledger.ramps.values(), *self.orders.ramps.values()]
        due: list[float | None] = [course.next_ramp_s(since_s, settings, now_s) for since_s in starts]
        due += [now_s + settings.interval_s, *self.orders.next_s(self._clock)]
        due += [freeze.until_s for freeze in self._panel.freezes.values()]
        due += [self._published_s + WORLD_INTERVAL_S] if self._stirred else []
        due += [now_s] if self._later else []
        due.append(self._clock.now_s + to_midnight_s(self._clock.utc))  # rules end by the day
        return max(SHORTEST_TICK_S, min(at_s for at_s in due if at_s is not None) - now_s)

    def report(self, site: str) -> SiteReport:
        """All there is to say of a site. Raises UsageError if it is not ours."""
        self._need(site)
        measured = [
            report.latency_report(name, record, self._clock)
            for (name, where), record in self._latency.records.items()
            if where == site
        ]
        return report.site_report(
            site,
            self._configuration.site(site).region,
            [self._target_report(text, self._keys[text]) for text in self._of_site.get(site, ())],
            measured,
            self.orders.drain_of(site),
            self._site_ramp(site),
            site in self._slow,
            self._clock,
        )

    def stamps(self) -> dict[str, stamps.Stamp]:
        drains = self.orders.drains()
        return stamps.stamps(self._of_site, self._ledger, self._latency.records, self._slow, drains, self._site_ramp)

    def content_reports(self, now_s: float, utc: datetime) -> tuple[SetReport, ...]:
        """Of every release set that is scanned."""
        return reports(self.content, Clock(now_s, utc))

    def freeze(self) -> Restored:
        """All that should survive a restart, as of the last call that brought a time."""
        return Restored(
            number=self._number,
            now_s=self._clock.now_s,
            utc=self._clock.utc,
            ready=self.ready,
            records={name: dict(records) for name, records in self._panel.records.items()},
            courses=dict(self._ledger.courses),
            latency=dict(self._latency.records),
            ramps=dict(self.orders.ramps),
            fingerprints=self._fingerprints,
            drains=self.orders.ordered_drains,
            overrides=self.orders.overrides,
            maintenance=self.orders.maintenance,
            content=self.content.freeze(),
        )

    # How

    @property
    def _around(self) -> Around:
        return Around(self.is_down, self.orders.drains())

    def _hear(self, heard: tuple[bool, list[Event]]) -> list[Event]:
        self._stirred |= heard[0]
        return heard[1]

    def _configure(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._targets = {target.key: target for target in targets(configuration)}
        self._keys = {text: TargetKey.parse(text) for text in self._targets}
        self._of_site = stamps.by_site(self._keys)
        self._standings = StandingBook(configuration, self._keys, self._ledger.bearing)
        self._left = Left(self._standings)
        self._fingerprints = {key: digest_of(target) for key, target in self._targets.items()}
        self._overlay()
        own = configuration.probes
        self._places: dict[str, Location] = {own.vantage: own.location} if own.location else {}

    def _overlay(self) -> None:
        """What answers go by is the configuration as operators have changed it; what is probed is the configuration itself."""
        made_of = self._configuration, self.orders.in_force()
        if self._steered_of is None or self._steered_of[0] is not made_of[0] or self._steered_of[1] != made_of[1]:
            self._steered_of, self._steered = made_of, overlaid(*made_of)
            self._map_digest = worlds.configuration_digest(self._steered)

    def _heed(self, told: list[Event]) -> list[Event]:
        """Follow what was ordered, or has ended."""
        changes = self.orders.take_changes()
        if changes.overrides:
            self._overlay()
        self._stirred |= changes.overrides or changes.out
        self._moved |= changes.out
        return told + self._look([text for site in sorted(changes.back) for text in self._of_site.get(site, ())])

    def _restore(self, old: Restored) -> None:
        self._number = old.number
        sites = frozenset(site.id for site in self._configuration.sites)
        self._later += self.orders.restore(old, self._configuration)
        self._overlay()
        same = frozenset(key for key, known in self._fingerprints.items() if old.fingerprints.get(key) == known)
        self._panel.restore(old.records, same)
        for text in same & old.courses.keys():
            ramp = self._site_ramp(self._keys[text].site)
            self._ledger.adopt(text, old.courses[text], ramp, self._configuration.probes, self._clock)
        self._latency.records = dict(old.latency)
        self._latency.keep_sites(sites)
        self.ready = old.ready and any(self._panel.records.values())
        self.content.restore(old.content, old.now_s)
        self._outages.restore(self._left, self.orders.drains())

    def _need(self, site: str) -> None:
        if all(site != known.id for known in self._configuration.sites):
            raise UsageError(f"there is no site {site}")

    def _look(self, texts: Iterable[str]) -> list[Event]:
        """Follow what the vantages say of some targets, and tell what that changes."""
        told: list[Event] = []
        for text in texts:
            told += self._follow(text)
        return told + self._note_outages() if self._moved else told

    def _follow(self, text: str, reinstate: bool = False) -> list[Event]:
        key, clock = self._keys[text], self._clock
        votes = self._panel.votes(text, clock.now_s)
        ramp = self._site_ramp(key.site)
        turn = self._ledger.look(text, votes, ramp, self._configuration.probes, clock, reinstate=reinstate)
        self._stirred |= turn.stirred
        self._moved |= turn.old.state is not turn.new.state
        if turn.reworded:
            self._standings.changed(text)
        if turn.new.state in course.ILL and turn.old.state not in course.ILL:
            self.content.went_away(text, clock.now_s)
        told = events.turned(self.book, clock.utc, key, turn.old, turn.new, first_round=not self.ready)
        return [told] if told else []

    def _watch(self, name: str, family: Family) -> list[Event]:
        """Whether it is the vantage that fails: then what it took down in error is up again."""
        freeze = self._panel.watch(name, family, self._clock.now_s)
        if freeze is None:
            return []
        told = [events.frozen(self.book, self._clock.utc, freeze)]
        for text in self._taken_down(freeze):
            told += self._follow(text, reinstate=True)
        return told

    def _taken_down(self, freeze: Freeze) -> list[str]:
        window_s = vantage.FALL_INTERVALS * self._configuration.probes.interval_s
        return [
            text
            for text, state in freeze.before.items()
            if state is State.UP and self._ledger.course(text, freeze.since_s).since_s >= freeze.since_s - window_s
        ]

    def _note_outages(self) -> list[Event]:
        self._moved = False
        self.content.moved()
        return self._outages.note(self._left, self._configuration, self.orders.drains(), self._clock.utc)

    def _measure(self, name: str, site: str, result: Result) -> list[Event]:
        settings, timings = self._configuration.probes, result.timings
        sample_ms = timings.first_byte_ms if settings.latency == "first_byte" else timings.connect_ms
        if not result.ok or sample_ms is None:
            return []
        self._stirred |= self._latency.take(name, site, sample_ms, settings, self._clock.now_s)
        return self._note_slow()

    def _note_slow(self) -> list[Event]:
        had, self._slow = self._slow, self._latency.slow_sites()
        self._stirred |= had != self._slow
        utc = self._clock.utc
        return [
            *(events.slow(self.book, utc, site) for site in sorted(self._slow - had)),
            *(events.slow_over(self.book, utc, site) for site in sorted(had - self._slow)),
        ]

    def _site_ramp(self, site: str) -> int:
        return self.orders.ramp(site, self._configuration.probes, self._clock.now_s)

    def _world(self, number: int, utc: datetime) -> World:
        content, found = self.content.world(self._standings.now(), self._clock.now_s)
        return worlds.build(
            self._steered,
            found,
            content=content,
            map_digest=self._map_digest,
            today=utc.date(),
            ready=self.ready,
            drains=self.orders.drains(),
            latency_ms=self._latency.used_ms(),
            vantages=self._places,
            slow=self._slow,
            number=number,
            overrides=self.orders.overrides,
        )

    def _target_report(self, text: str, key: TargetKey) -> TargetReport:
        seen = [
            report.vantage_report(name, records[text], self._panel.frozen_state(name, text), self._clock)
            for name, records in self._panel.records.items()
            if text in records
        ]
        found = self._ledger.course(text, self._clock.now_s)
        bearing, history = self._ledger.bearing(text), self._ledger.history(text)
        return report.target_report(key, found, bearing, history, seen, self._clock)


def _ships_alike(world: World, last: World) -> bool:
    """What goes with a World, and is not in its digest."""
    return world.configuration is last.configuration and world.manifests is last.manifests
