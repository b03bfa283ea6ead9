"""A tracker on virtual time: sites that answer as told, rounds as the scheduler makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from gslb.model import (
    CheckSettings,
    Configuration,
    Event,
    Location,
    ProbeSettings,
    Service,
    Site,
    StandingKey,
    World,
)
from gslb.state import EventBook, Restored, TargetKey, Tracker
from probes.model import Exchange, Result, Timings
from probes.verdict import Verdict

HOST = "knoppix.example"
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REGIONS = ("us",) * 3 + ("eu",) * 3 + ("jp",) * 7
VANTAGE = "tokyo"
SITE = "jp-7"


def site(number: int, region: str, *more: str) -> Site:
    addresses = tuple(ip_address(each) for each in (f"192.0.2.{number}", *more))
    return Site(f"{region}-{number}", region, None, Location(10.0, number), addresses, f"http://m{number}.example/")


def thirteen() -> tuple[Site, ...]:
    return tuple(site(number, region) for number, region in enumerate(REGIONS, 1))


def configuration(sites: tuple[Site, ...] | None = None, **probes: Any) -> Configuration:
    settings = replace(ProbeSettings(vantage=VANTAGE, location=Location(35.7, 139.8)), **probes)
    return Configuration(
        node="node-1",
        state_dir="/nowhere",
        sites=thirteen() if sites is None else sites,
        services=(Service(HOST, CheckSettings(path="/index.idx")),),
        probes=settings,
    )


def outcome(key: str, verdict: Verdict, reason: str = "", connect_ms: float = 10.0, response: str = "") -> Result:
    named = TargetKey.parse(key)
    return Result(
        key=key,
        site=named.site,
        address=str(named.address),
        verdict=verdict,
        reason=reason or ("answered 200" if verdict.ok else verdict.value),
        timings=Timings(connect_ms=connect_ms, first_byte_ms=3 * connect_ms, total_ms=3 * connect_ms),
        exchange=Exchange(command=f"curl http://{named.address}/", response=response),
        at_monotonic=0.0,
        at_utc=START,
    )


@dataclass
class Scene:
    """`verdicts` is what sites answer at present, by site; the rest is well."""

    configuration: Configuration = field(default_factory=configuration)
    restored: Restored | None = None
    now_s: float = 1000.0
    utc: datetime = START
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    latency_ms: dict[str, float] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    worlds: list[World] = field(default_factory=list)
    published_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tracker = Tracker(
            self.configuration, now_s=self.now_s, utc=self.utc, restored=self.restored, book=EventBook(len(self.events))
        )
        self.publish()

    @property
    def world(self) -> World:
        return self.worlds[-1]

    def publish(self) -> None:
        world = self.tracker.next_world(self.now_s, self.utc)
        if world is not None:
            self.worlds.append(world)
            self.published_s.append(self.now_s)

    def told(self, events: Iterable[Event]) -> None:
        self.events += events
        self.publish()

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def wait(self, seconds: float, step_s: float = 1.0) -> None:
        """Time goes by, with a tick a second and no result."""
        while seconds > 0:
            passed = min(step_s, seconds)
            seconds -= passed
            self.now_s += passed
            self.utc += timedelta(seconds=passed)
            self.told(self.tracker.tick(self.now_s, self.utc))

    def round(
        self,
        *,
        recheck: bool = False,
        only: Callable[[str], bool] = lambda site: True,
        vantage: str | None = None,
    ) -> None:
        """One result of every target, at this moment."""
        for target in self.tracker.targets:
            if only(target.site):
                self.result(target.key, recheck=recheck, vantage=vantage)
        self.told([])

    def result(self, key: str, *, recheck: bool = False, vantage: str | None = None) -> None:
        where = TargetKey.parse(key).site
        verdict = self.verdicts.get(where, Verdict.OK)
        found = replace(outcome(key, verdict, connect_ms=self.latency_ms.get(where, 10.0)), at_utc=self.utc)
        self.told(self.tracker.observe(found, recheck, self.now_s, self.utc, vantage))

    def rounds(self, count: int, interval_s: float | None = None) -> None:
        """Rounds an interval apart, the first one after an interval."""
        for _ in range(count):
            self.wait(interval_s or self.configuration.probes.interval_s)
            self.round()

    def start(self) -> Scene:
        """The first round is in, everything is as `verdicts` says."""
        self.round()
        self.told(self.tracker.round_complete(self.now_s, self.utc))
        self.wait(1.0)
        return self

    def fail(self, site_id: str, verdict: Verdict = Verdict.REFUSED) -> None:
        """A failure and its re-checks, a second apart."""
        self.verdicts[site_id] = verdict
        self.round(only=lambda each: each == site_id)
        for _ in range(2):
            self.wait(1.0)
            self.round(recheck=True, only=lambda each: each == site_id)

    def standing(self, site_id: str, door: str = "dns", family: int = 4):
        return next(standing for key, standing in self.world.standings.items() if key[1:] == (door, site_id, family))

    def key(self, site_id: str, door: str = "dns", family: int = 4) -> StandingKey:
        return next(key for key in self.world.standings if key[1:] == (door, site_id, family))


def running(**settings) -> Scene:
    scene = Scene(configuration(**settings)).start()
    scene.rounds(3)
    scene.events.clear()
    return scene


def down(scene: Scene, verdict: Verdict = Verdict.REFUSED) -> Scene:
    scene.fail(SITE, verdict)
    scene.wait(1.0)
    return scene


def flap(scene: Scene, times: int) -> None:
    """A minute each: three failures, then five good rounds and the return."""
    for _ in range(times):
        scene.fail(SITE)
        scene.verdicts.clear()
        scene.rounds(6)


def restarted(scene: Scene, after_s: float) -> Scene:
    return Scene(
        scene.configuration,
        restored=scene.tracker.freeze(),
        now_s=77.0,  # another boot, another monotonic clock
        utc=scene.utc + timedelta(seconds=after_s),
    )
