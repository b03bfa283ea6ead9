"""The filters, each a small function over (scene, field); `policy` of a service names them in order.

The usual order: up, content, nearest, fastest, spill, sticky, first. A filter marks candidates or rearranges blocks and
removes nothing, so a chain without one of them, or in another order, works: what a filter does not find is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from gslb.model import ENOUGH, Door, Site, capacities
from gslb.steering import geometry
from gslb.steering.candidates import Block, Candidate, Field, Mode
from gslb.steering.classes import Group, Kind
from gslb.steering.geometry import Tiers
from gslb.steering.holding import Level, Need
from gslb.steering.scene import Scene

Filter = Callable[[Scene, Field], Field]

EQUAL_MS = 10.0
_ORDERED: tuple[Kind, Kind] = ("region", "last")
UNREACHABLE = ("address", "https")
SPOILT = "spoilt"  # by a file of the set that is not what it should be
UNWELL = ("down", "drained", "wrong", SPOILT)


def run_chain(scene: Scene) -> Field:
    field = enter_all(scene)
    for name in scene.service.policy:
        field = FILTERS[name](scene, field)
    return field


def enter_all(scene: Scene) -> Field:
    """The sites that the client may use, without any order but what its rules and last resorts give."""
    groups = scene.client_class.groups
    blocks = [Block(*group) for group in groups if group.kind == "rule"]
    blocks += [_flat(groups, kind) for kind in _ORDERED if any(group.kind == kind for group in groups)]
    entered = scene.standings.entered
    return Field({name: entered(name) for block in blocks for tier in block.tiers for name in tier}, tuple(blocks))


def _flat(groups: Sequence[Group], kind: Kind) -> Block:
    names = (name for group in groups if group.kind == kind for tier in group.tiers for name in tier)
    return Block(kind, "", (tuple(names),))


def up(scene: Scene, field: Field) -> Field:
    """Sites whose probes and operators say that they serve."""
    stood = scene.standings.stood
    marked = {name: candidate if candidate.dropped else stood(name, scene.mode) for name, candidate in field.candidates.items()}
    return replace(field, candidates=marked)


def content(scene: Scene, field: Field) -> Field:
    """Sites that hold what is asked for. DNS sees no path: every set, as long as enough sites have them all."""
    if not scene.need.sets:
        return field
    levels = {name: _levels(scene, name) for name in field.candidates}
    spoilt = _spoilt(scene, field, levels)
    left = [name for name in field.eligible() if name not in spoilt]
    kept, note = (_by_count if scene.door is Door.DNS else _by_level)(scene, levels, left)
    marked = {name: _marked(candidate, name in spoilt, name in kept) for name, candidate in field.candidates.items()}
    return replace(field, candidates=marked, notes=(*field.notes, *note))


def _levels(scene: Scene, name: str) -> tuple[Level, ...]:
    return tuple(scene.standings.held(name, one, scene.need).level for one in scene.need.sets)


def _spoilt(scene: Scene, field: Field, levels: Mapping[str, Sequence[Level]]) -> frozenset[str]:
    """Wrong bytes are worse than none: who has any of the set is out, and not even fail-open lets him in.

    DNS can't tell for which of several sets it is asked. There such a site is out while any other is in; where all have
    wrong files of one set, the others must still be had.
    """
    some = frozenset(name for name, each in levels.items() if Level.WRONG in each)
    if scene.mode is Mode.OPEN or any(name not in some for name in field.eligible()):
        return some
    return frozenset(name for name in some if all(level is Level.WRONG for level in levels[name]))


def _marked(candidate: Candidate, spoilt: bool, kept: bool) -> Candidate:
    if candidate.dropped in UNREACHABLE or not (spoilt or not kept):
        return candidate
    return candidate._replace(dropped=SPOILT if spoilt else "content", returns=False)


_Kept = tuple[frozenset[str], tuple[str, ...]]  # which sites may stay, and what there is to tell of it


def _by_level(scene: Scene, levels: Mapping[str, Sequence[Level]], left: Sequence[str]) -> _Kept:
    """Those that hold the one set best. Who surely has nothing of it is no better than who is down."""
    name = scene.need.sets[0].name
    if all(each[0] <= Level.ABSENT for each in levels.values()):
        return frozenset(levels), (f"no site holds {name}, as far as is known",)
    best = max((levels[site][0] for site in left), default=max(each[0] for each in levels.values()))
    least = max(best, Level.OTHER)
    kept = frozenset(site for site, each in levels.items() if each[0] >= least)
    note = f"no site that is up holds the generation of {name} that is wanted: another one is used"
    return kept, (note,) if best is Level.OTHER else ()


def _by_count(scene: Scene, levels: Mapping[str, Sequence[Level]], left: Sequence[str]) -> _Kept:
    """Those that hold all sets; where that leaves less than half of the capacity, those that hold most."""
    counts = {name: sum(level >= Level.UNKNOWN for level in each) for name, each in levels.items()}
    shares = capacities(scene.sites[name] for name in left)
    enough = ENOUGH * sum(shares.values())
    least = 0
    for least in sorted({counts[name] for name in left}, reverse=True):
        if sum(shares[name] for name in left if counts[name] >= least) >= enough:
            break
    return frozenset(name for name in levels if counts[name] >= least), _shortage(scene.need, least)


def _shortage(need: Need, least: int) -> tuple[str, ...]:
    if least == len(need.sets):
        return ()
    if least == 0:
        return (f"no site has to hold {', '.join(sorted(one.name for one in need.sets))}: too few do",)
    return (f"too few sites hold all {len(need.sets)} release sets: those with {least} are used",)


def nearest(scene: Scene, field: Field) -> Field:
    """Regions in the order of the home region; inside a region, tiers of sites that are equally near."""
    return replace(field, blocks=tuple(Block(*group) for group in scene.client_class.groups), plain=None)


def fastest(scene: Scene, field: Field) -> Field:
    """Near a vantage, what it measures outranks distance, inside a region only."""
    if not scene.client_class.vantages or scene.mode is not Mode.NORMAL:
        return field
    blocks = tuple(
        block._replace(tiers=_by_latency(scene, block.tiers)) if block.kind == "region" and block.region else block
        for block in field.blocks
    )
    return field if blocks == field.blocks else replace(field, blocks=blocks, plain=field.plain or field.blocks)


def _by_latency(scene: Scene, tiers: Tiers) -> Tiers:
    """The measured sites by latency, up or not, so that one that goes down moves its own clients only."""
    used = scene.world.latency_ms
    names = [name for tier in tiers for name in tier]
    for vantage in scene.client_class.vantages:
        values = {name: used[vantage, name] for name in names if (vantage, name) in used}
        if values:
            rest = (tuple(name for name in tier if name not in values) for tier in tiers)
            return geometry.windows(values, list(values), equal_ms) + tuple(tier for tier in rest if tier)
    return tiers


def equal_ms(best: float) -> float:
    return max(geometry.EQUAL_RATIO * best, best + EQUAL_MS)


def spill(scene: Scene, field: Field) -> Field:
    """A region short of capacity gives a share of its slots to the next. A returning site counts fully."""
    if scene.mode is not Mode.NORMAL:
        return field
    sites = scene.sites
    blocks = tuple(
        block._replace(keep=_keep(block, field, sites)) if block.kind == "region" and block.region else block
        for block in field.blocks
    )
    return replace(field, blocks=blocks)


def _keep(block: Block, field: Field, sites: Mapping[str, Site]) -> float:
    dropped = {name: field.candidates[name].dropped for tier in block.tiers for name in tier}
    shares = capacities(sites[name] for name in dropped if dropped[name] in ("", *UNWELL))
    whole = sum(shares.values())
    left = sum(share for name, share in shares.items() if not dropped[name])
    return min(1.0, left / (ENOUGH * whole)) if whole else 1.0


def sticky(scene: Scene, field: Field) -> Field:
    """Each slot has its own order of equals, the same whenever they are."""
    return replace(field, sticky=True)


def first(scene: Scene, field: Field) -> Field:
    """How many sites the client is told."""
    return replace(field, told=scene.service.answers if scene.door is Door.DNS else 1)


FILTERS: Mapping[str, Filter] = {
    "up": up,
    "content": content,
    "nearest": nearest,
    "fastest": fastest,
    "spill": spill,
    "sticky": sticky,
    "first": first,
}
