"""A tracker on virtual time whose sites hold release sets: each look, and each scan that the tracker asks for, as told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from ipaddress import ip_address

from gslb.model import Configuration, ContentSet, Door, Edition, Hold, Holding, HoldingKey, SetKey, Site
from gslb.state.content import ContentKey
from probes.content.model import ContentResult, FileFact, Look
from probes.model import Exchange
from tests.state import scene as base
from tests.state.scene import HOST, START

KNOPPIX = ContentSet("knoppix", "/knoppix/", manifest="SHA256SUMS")
KEY = SetKey(HOST, "knoppix")
OLD, NEW = "a" * 64, "b" * 64
FILES = {OLD: {"kernel": FileFact("0" * 64)}, NEW: {"kernel": FileFact("1" * 64), "more": FileFact("2" * 64)}}
BUILT = {OLD: START - timedelta(days=30), NEW: START - timedelta(days=1)}


@dataclass(frozen=True)
class Shown:
    """What a site has: `look` is what a round finds, `scan` what a full scan does; nobody can look without them."""

    generation: str = OLD
    look: Look = Look.GOOD
    scan: Look = Look.GOOD
    reason: str = ""
    modified: datetime | None = None


@dataclass
class Library(base.Scene):
    """`shown` is by site, or by site and address."""

    shown: dict[str | tuple[str, str], Shown] = field(default_factory=dict)
    scans: list[str] = field(default_factory=list)  # sites that were scanned because the tracker asked

    def stock(self, sites, **what) -> None:
        for site in sites:
            self.shown[site] = Shown(**what)

    def look(self, only=lambda site: True, *, full: bool = False) -> None:
        """One look at every target; and the scans that are asked for after it."""
        for target in self.tracker.content.targets:
            if only(target.site):
                self.hear(target.key, full=full)
        for target in self.tracker.content.targets:
            if self.tracker.content.scan_due(target.key, self.now_s):
                self.scans.append(target.site)
                self.hear(target.key, full=True)

    def hear(self, key: str, *, full: bool = False) -> None:
        named = ContentKey.parse(key)
        shown = self.shown.get((named.site, str(named.address))) or self.shown.get(named.site, Shown())
        found = shown.scan if full else shown.look
        known = found is not Look.UNKNOWN
        result = ContentResult(
            key=key,
            site=named.site,
            address=str(named.address),
            look=found,
            reason=shown.reason or f"the look says {found}",
            generation=shown.generation if known else "",
            files=FILES.get(shown.generation) if known else None,
            modified_utc=shown.modified or BUILT.get(shown.generation),
            checked=2,
            full=full,
            at_monotonic=self.now_s,
            at_utc=self.utc,
            exchange=Exchange(command="curl …"),
        )
        self.told(self.tracker.observe_content(result, self.now_s, self.utc))

    def turns(self, count: int = 1, *, looks: bool = True) -> None:
        """Rounds of both probes, an interval apart."""
        for _ in range(count):
            self.rounds(1)
            if looks:
                self.look()
            self.wait(2.0)  # a World, and what it has to tell

    def begin(self) -> Library:
        """Every site has been looked at and scanned."""
        self.start()
        self.look()
        self.wait(2.0)
        return self

    def again(self, after_s: float) -> Library:
        """The node after a restart."""
        return Library(
            self.configuration,
            restored=self.tracker.freeze(),
            now_s=77.0,
            utc=self.utc + timedelta(seconds=after_s),
            shown=dict(self.shown),
        )

    @property
    def edition(self) -> Edition:
        return self.world.editions[KEY]

    def holding(self, site: str, door: Door = Door.DNS, family=4) -> Holding:
        return self.world.holdings[HoldingKey(HOST, "knoppix", door, site, family)]

    def holds(self, site: str, door: Door = Door.DNS, family=4) -> Hold:
        return self.holding(site, door, family).hold

    def reason(self, site: str) -> str:
        """As it is known now: Worlds are not made for words."""
        (report,) = self.tracker.content_reports(self.now_s, self.utc)
        return next(place.reason for place in report.places if place.site == site)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events if event.kind.startswith("content")]


def carried(*sites: Site, content: tuple[ContentSet, ...] = (KNOPPIX,), **probes) -> Configuration:
    plain = base.configuration(sites or None, **probes)
    return replace(plain, services=(replace(plain.services[0], content=content),))


def library(*sites: Site, generation: str = OLD) -> Library:
    configuration = carried(*sites)
    scene = Library(configuration)
    scene.stock([site.id for site in configuration.sites], generation=generation)
    scene.begin()
    scene.turns(3)
    scene.events.clear()
    scene.scans.clear()
    return scene


def two_addresses(number: int = 1) -> Site:
    return replace(base.site(number, "us"), addresses=(ip_address("192.0.2.1"), ip_address("192.0.2.101")))
