"""Why every site was kept or dropped, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gslb.geo.distance import distance_km
from gslb.model import RAMP_STEPS, Client, Drain, Site, SiteTrace, State, Why
from gslb.steering.byhand import ByHand
from gslb.steering.candidates import Block, Candidate, Field, Mode
from gslb.steering.filters import SPOILT
from gslb.steering.geometry import location_of
from gslb.steering.holding import Held, Level
from gslb.steering.scene import Scene
from gslb.steering.slots import SLOW, UNKNOWN, WELL, admitted, kept
from gslb.steering.standings import standing_of


class Outcome(NamedTuple):
    """A decision before it is told: all that its trace goes by."""

    scene: Scene
    field: Field
    client: Client
    slot: int
    chosen: Sequence[Candidate]
    avoided: frozenset[str]
    why: Why


def explain_sites(outcome: Outcome) -> tuple[SiteTrace, ...]:
    """Of every configured site: the kept in their order, then the dropped in the order of the configuration."""
    sites = outcome.scene.world.configuration.sites
    by_id = {site.id: site for site in sites}
    ranked = [candidate.site for candidate in outcome.chosen]
    keeper = _Keeper(outcome)
    keeps = [keeper.trace(by_id[name], rank) for rank, name in enumerate(ranked, 1)]
    hand = ByHand(outcome.scene.world, outcome.scene.service.host, outcome.client)
    restricted = {
        site: (name, reason + (hand.drops(by_id[site]) if name == "rules" else ""))
        for site, name, reason in outcome.scene.client_class.dropped
    }
    drops = [
        SiteTrace(site.id, None, *(restricted.get(site.id) or _dropped(outcome, site))) for site in sites if site.id not in ranked
    ]
    return (*keeps, *drops)


def _dropped(outcome: Outcome, site: Site) -> tuple[str, str]:
    """(filter, reason)"""
    candidate = outcome.field.candidates.get(site.id)
    if candidate is None:
        return "nearest", f"region {site.region} is not used for this client"
    if site.id in outcome.avoided and not candidate.dropped:
        return "avoid", "the request asked to avoid it"
    return _drop_words(outcome.scene, site, candidate.dropped)


def _drop_words(scene: Scene, site: Site, dropped: str) -> tuple[str, str]:
    world, view = scene.world, scene.view
    if dropped == "https":
        return "address", "has no https URL (url_https), and the request came over https"
    if dropped == "address":
        return "address", f"has no IPv{view.family} address"
    if dropped == "drained":
        return "up", _drain_words(world.drains[site.id])
    if dropped in ("content", SPOILT):
        return "content", _content_words(scene, site)
    standing = standing_of(world, scene.service.host, view, site)
    word = "wrong content, never served" if dropped == "wrong" else "held down, flapping" if standing.flapping else "down"
    return "up", f"{word}: {standing.reason}"


def _drain_words(drain: Drain) -> str:
    until = "" if drain.until is None else f" until {drain.until:%Y-%m-%d %H:%M} UTC"
    return f"drained by {drain.who}{until}: {drain.reason}"


def _content_words(scene: Scene, site: Site) -> str:
    """Of every set that keeps this site out."""
    told = {one.name: scene.standings.held(site.id, one, scene.need) for one in scene.need.sets}
    wanting = {name: each for name, each in told.items() if each.level < Level.UNKNOWN} or told
    looked = [f"{name}: {_held_words(each)}" for name, each in wanting.items() if each.holding is not None]
    sets = ", ".join(site.content or ()) or "no release set"
    return "; ".join(looked) or f"holds {sets}, which is not what is asked for"


def _held_words(held: Held) -> str:
    holding = held.holding
    if holding is None or held.level is not Level.OTHER:
        return "" if holding is None else holding.reason
    return f"is at another generation ({holding.generation[:12]})"


def _kept_words(held: Held) -> str:
    holding = held.holding
    if holding is None or held.level is Level.OTHER:
        return "at another generation" + (f" ({holding.generation[:12]})" if holding else "")
    if held.level is Level.HELD:
        return f"at {holding.generation[:12]}" if holding.generation else "in good order"
    return f"{holding.hold}: {holding.reason}"


class _Keeper:
    """Says of an eligible site where it stands and what put it there."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._blocks = outcome.field.blocks
        self._hand = ByHand(outcome.scene.world, outcome.scene.service.host, outcome.client)
        self._where = {
            name: (number, block, tier) for number, block in enumerate(self._blocks) for tier in block.tiers for name in tier
        }
        self._location = location_of(outcome.client.place)
        self._moved = _spilled_regions(outcome)
        self._plain_tiers = {tier for block in outcome.field.plain or () for tier in block.tiers}

    def trace(self, site: Site, rank: int) -> SiteTrace:
        number, block, tier = self._where[site.id]
        parts = [*self._notes(rank), self._distance(site, rank), self._place(block, tier, rank), self._after(number, block)]
        parts += [
            self._hand.weight(site),
            self._latency(site),
            self._health(site, tier),
            self._spill(number, block),
            self._content(site),
        ]
        return SiteTrace(site.id, rank, self._filter(site, block, rank), ", ".join(part for part in parts if part))

    def _filter(self, site: Site, block: Block, rank: int) -> str:
        if block.kind == "rule":
            return "rules"
        if rank == 1 and self._outcome.why in (Why.SPILL, Why.FASTEST):
            return self._outcome.why.value
        return "nearest"

    def _distance(self, site: Site, rank: int) -> str:
        if self._location is None:
            return "nobody knows where the client is" if rank == 1 else ""
        return f"{distance_km(self._location, site.location):,.0f} km away"

    def _place(self, block: Block, tier: tuple[str, ...], rank: int) -> str:
        if block.kind == "rule":
            return f"a rule prefers {block.region}{self._hand.prefers(block.region)}"
        if block.kind == "last":
            return "weight 0: a last resort"
        if not block.region:
            return ""
        well = [left for names in block.tiers if (left := self._well(names))]
        equals = self._well(tier)
        if equals != well[0]:
            return f"behind {'faster' if self._is_by_latency(tier) else 'nearer'} sites in {block.region}"
        if len(equals) == 1:
            return f"{self._superlative(block, tier)} in {block.region}"
        own = f" (slot {self._outcome.slot} is its own)" if rank == 1 else ""
        return f"one of {len(equals)} equals in {block.region}{own}"

    def _after(self, number: int, block: Block) -> str:
        before = [each.region for each in self._blocks[:number] if each.kind == "region"]
        return f"{block.region} comes after {before[-1]}" if block.kind == "region" and block.region and before else ""

    def _well(self, names: tuple[str, ...]) -> list[str]:
        return [name for name in names if not self._outcome.field.candidates[name].dropped]

    def _superlative(self, block: Block, tier: tuple[str, ...]) -> str:
        if self._location is None:
            return "first"
        if self._is_by_latency(tier):
            return "fastest"
        return "nearest" if tier == block.tiers[0] else "nearest of those left"

    def _is_by_latency(self, tier: tuple[str, ...]) -> bool:
        return self._outcome.field.plain is not None and tier not in self._plain_tiers

    def _latency(self, site: Site) -> str:
        used = self._outcome.scene.world.latency_ms
        for vantage in self._outcome.scene.client_class.vantages:
            if (vantage, site.id) in used:
                return f"{used[vantage, site.id]:.0f} ms from {vantage}"
        return ""

    def _health(self, site: Site, tier: tuple[str, ...]) -> str:
        candidate = self._outcome.field.candidates[site.id]
        scene = self._outcome.scene
        standing = standing_of(scene.world, scene.service.host, scene.view, site)
        if scene.mode is Mode.STARTING and standing.state is State.UNKNOWN:
            return ""
        if scene.mode is not Mode.NORMAL:
            return f"{standing.state.value}: {standing.reason}"
        if candidate.ramp < RAMP_STEPS:
            taken = admitted(site.id, candidate.ramp, self._outcome.slot)
            return f"slow start, step {candidate.ramp} of {RAMP_STEPS}" + ("" if taken else ": not yet for this client")
        if candidate.rank == SLOW:
            return "slower than usual, so last of its equals"
        if candidate.rank == UNKNOWN:
            return f"state unknown: {standing.reason}" + (", so behind its equals that are up" if self._has_better(tier) else "")
        return ""

    def _content(self, site: Site) -> str:
        """What is known of each set that was looked at."""
        scene = self._outcome.scene
        told = {one.name: scene.standings.held(site.id, one, scene.need) for one in scene.need.sets}
        looked = {name: held for name, held in told.items() if held.holding is not None}
        if scene.mode is Mode.STARTING:
            looked = {name: held for name, held in looked.items() if held.level is not Level.UNKNOWN}
        return ", ".join(f"{name} {_kept_words(held)}" for name, held in looked.items())

    def _has_better(self, tier: tuple[str, ...]) -> bool:
        candidates = [self._outcome.field.candidates[name] for name in self._well(tier)]
        return any(candidate.rank == WELL for candidate in candidates)

    def _spill(self, number: int, block: Block) -> str:
        if number in self._moved:
            return f"{block.region} is short of capacity and keeps {block.keep:.0%} of its clients: not this one"
        return ""

    def _notes(self, rank: int) -> Sequence[str]:
        if rank > 1:
            return ()
        opening = {
            Why.FAIL_OPEN: "every site is down, so all are tried",
            Why.STARTING: "the first round of probes is not in, so health does not count yet",
        }.get(self._outcome.why)
        return (*([opening] if opening else []), *self._outcome.field.notes)


def _spilled_regions(outcome: Outcome) -> frozenset[int]:
    slot = outcome.slot
    return frozenset(
        number
        for number, block in enumerate(outcome.field.blocks)
        if block.keep < 1.0 and not kept(block.region, block.keep, slot)
    )
