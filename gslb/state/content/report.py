"""All that is known of release sets, for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gslb.model import Address, Door, Family, Hold
from gslb.state.clock import Clock
from gslb.state.content.book import ContentBook
from gslb.state.content.keys import ContentKey
from gslb.state.content.record import ContentRecord
from gslb.state.content.sets import SetState
from probes.content.model import ContentResult, Fault, Look


@dataclass(frozen=True, slots=True)
class ScanReport:
    """The last scan of all files, as it came out. `at` is when it ended, UTC; `hashed` counts files that were read whole."""

    at: datetime
    look: Look
    reason: str
    checked: int
    hashed: int
    lacking: int
    wrong: int
    faults: tuple[Fault, ...]
    curl: str


@dataclass(frozen=True, slots=True)
class PlaceReport:
    """One set on one site, at one address through one door. Times are UTC.

    `lag_s` is for how long the generation that is served has been known, while the site has an older one: 0.0 where it has that
    or a newer one, None before anybody has looked. `scanned`: every file of the generation was found good since it is there.
    """

    site: str
    door: Door
    family: Family
    address: Address
    hold: Hold
    reason: str
    since: datetime
    generation: str
    scanned: bool
    lag_s: float | None
    looked: datetime | None
    checked: int
    full: bool
    lacking: int
    wrong: int
    faults: tuple[Fault, ...]
    curl: str
    scan: ScanReport | None


@dataclass(frozen=True, slots=True)
class GenerationReport:
    """`sites` hold it in good order, through some door over some family, up or not."""

    name: str
    first_seen: datetime
    modified: datetime | None
    files: int | None
    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetReport:
    """`served` is "" while no generation is known. `shortage` says why not a newer one, or that few hold it."""

    service: str
    content: str
    served: str
    since: datetime | None
    short: bool
    rolling: bool
    shortage: str
    carrying: tuple[str, ...]
    generations: tuple[GenerationReport, ...]
    places: tuple[PlaceReport, ...]


def reports(book: ContentBook, clock: Clock) -> tuple[SetReport, ...]:
    """In the order of the configuration."""
    places: dict[tuple[str, str], list[PlaceReport]] = {key: [] for key in book.sets}
    for key in book.records:
        places[key.set].append(_place(book, key, clock))
    return tuple(
        SetReport(
            service=key.service,
            content=key.content,
            served=state.served,
            since=state.since,
            short=state.short,
            rolling=state.rolling,
            shortage=state.words,
            carrying=tuple(site.id for site in book.carrying(key)),
            generations=_generations(book, state, places[key]),
            places=tuple(places[key]),
        )
        for key, state in book.sets.items()
    )


def _generations(book: ContentBook, state: SetState, places: list[PlaceReport]) -> tuple[GenerationReport, ...]:
    """The newest first."""
    found = []
    for each in sorted(state.generations, key=lambda each: each.age, reverse=True):
        sites = dict.fromkeys(place.site for place in places if place.hold is Hold.GOOD and place.generation == each.name)
        manifest = book.manifests.in_world.get(each.name)
        files = None if manifest is None else len(manifest.files)
        found.append(GenerationReport(each.name, each.first, each.modified, files, tuple(sites)))
    return tuple(found)


def _place(book: ContentBook, key: ContentKey, clock: Clock) -> PlaceReport:
    record, result = book.records[key], book.results.get(str(key))
    return PlaceReport(
        site=key.site,
        door=key.door,
        family=key.family,
        address=key.address,
        hold=record.hold,
        reason=_reason(record),
        since=clock.utc_of(record.since_s),
        generation=record.generation,
        scanned=bool(record.scanned) and record.scanned == record.generation,
        lag_s=_lag_s(book.sets[key.set], record.generation, clock) if record.last_s is not None else None,
        looked=None if record.last_s is None else clock.utc_of(record.last_s),
        checked=0 if result is None else result.checked,
        full=result is not None and result.full,
        lacking=0 if result is None else result.lacking,
        wrong=0 if result is None else result.wrong,
        faults=() if result is None else result.faults,
        curl="" if result is None else result.exchange.command,
        scan=_scan(book.scans.get(str(key))),
    )


def _reason(record: ContentRecord) -> str:
    """Whoever has mended a file reads that it was seen, and what it waits for."""
    if record.hold is not Hold.WRONG or not record.goods:
        return record.reason
    rounds = f"{record.goods} good round{'s' if record.goods > 1 else ''}"
    return f"{record.reason}; since then {rounds}{', and a scan of all files is to come' if record.wants_scan else ''}"


def _scan(result: ContentResult | None) -> ScanReport | None:
    if result is None:
        return None
    return ScanReport(
        at=result.at_utc,
        look=result.look,
        reason=result.reason,
        checked=result.checked,
        hashed=result.hashed,
        lacking=result.lacking,
        wrong=result.wrong,
        faults=result.faults,
        curl=result.exchange.command,
    )


def _lag_s(state: SetState, generation: str, clock: Clock) -> float:
    served, own = state.generation(state.served), state.generation(generation)
    if served is None or generation == state.served or (own is not None and own.age > served.age):
        return 0.0
    return max(0.0, (clock.utc - served.first).total_seconds())
