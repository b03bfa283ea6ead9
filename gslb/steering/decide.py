"""Which site should this client use now? The one answer that both doors write down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gslb.model import Address, Client, Decision, Door, Request, Service, View, Why, World
from gslb.steering.arrange import Plan, order, plan_of, ttl_s, verdict
from gslb.steering.bounded import Bounded
from gslb.steering.candidates import Candidate, Field, Mode
from gslb.steering.classes import ClientClass
from gslb.steering.filters import UNREACHABLE, UNWELL, run_chain
from gslb.steering.holding import Need, needed
from gslb.steering.map import map_of
from gslb.steering.scene import Scene
from gslb.steering.standings import Standings
from gslb.steering.trace import Outcome, explain_sites


class Judged(NamedTuple):
    """The field after the chain; `nothing` says why there is no eligible site, if so."""

    scene: Scene
    field: Field
    nothing: Why | None


def decide(world: World, client: Client, request: Request, trace: bool = True) -> Decision:
    """Whole: sites in order, how many to tell, how long and for which prefix it holds, and why of every site."""
    steering = map_of(world)
    stage = _stage_of(world, request)
    service = stage.standings.service
    slot = steering.slot(service.host, client)
    need = needed(world, service, request.view.door, request.path, request.pledged)
    judged, plan = stage.plan(steering.classify(service.host, client), need)
    ordered = [] if judged.nothing else order(plan.stands, slot, plan.sticky)
    chosen, avoided = _picked(ordered, request)
    why, ttl = _why_and_ttl(judged, plan, slot, ordered)
    outcome = Outcome(judged.scene, judged.field, client, slot, chosen, avoided, why)
    return Decision(
        why=why,
        choices=tuple(stage.standings.choice(candidate.site) for candidate in chosen),
        told=min(told_of(judged), len(chosen)),
        ttl_s=ttl,
        scope=steering.scope(service.host, client),
        world=world.number,
        addresses=fallback(service, request.view) if why is Why.ALL_DOWN_ADDRESSES else (),
        trace=explain_sites(outcome) if trace else (),
    )


def judged_for(world: World, client: Client, request: Request) -> tuple[Judged, Plan]:
    """What `decide` goes by, before it comes to the client's own slot."""
    stage = _stage_of(world, request)
    need = needed(world, stage.standings.service, request.view.door, request.path, request.pledged)
    return stage.plan(map_of(world).classify(stage.standings.service.host, client), need)


class _Stage:
    """One view of one service in one World, with what was found out about classes there."""

    def __init__(self, standings: Standings) -> None:
        self.standings = standings
        self._plans: Bounded[tuple[ClientClass, Need], tuple[Judged, Plan]] = Bounded(_KEPT_PLANS)

    def plan(self, client_class: ClientClass, need: Need) -> tuple[Judged, Plan]:
        found = self._plans.get((client_class, need))
        if found is None:
            judged = judge(self.standings, client_class, need)
            found = (judged, plan_of(judged.scene, judged.field))
            self._plans.put((client_class, need), found)
        return found


_KEPT_PLANS = 1024
_stages: tuple[World | None, dict[tuple[str, View], _Stage]] = (None, {})


def _stage_of(world: World, request: Request) -> _Stage:
    """Kept for as long as the same World is asked."""
    global _stages
    latest, stages = _stages
    if latest is not world:
        stages = {}
        _stages = (world, stages)
    stage = stages.get((request.service, request.view))
    if stage is None:
        service = world.configuration.service(request.service)
        stage = stages[request.service, request.view] = _Stage(Standings(world, service, request.view))
    return stage


def judge(standings: Standings, client_class: ClientClass, need: Need) -> Judged:
    """Run the chain, and a second time without health when that leaves nothing and the service fails open."""
    mode = Mode.NORMAL if standings.world.ready else Mode.STARTING
    scene = Scene(standings, client_class, need, mode)
    field = run_chain(scene)
    if field.any_eligible:
        return Judged(scene, field, None)
    nothing = _why_nothing(scene, field)
    if nothing is Why.ALL_DOWN and scene.service.when_all_down == "open" and mode is Mode.NORMAL:
        opened = scene._replace(mode=Mode.OPEN)
        again = run_chain(opened)
        if again.any_eligible:
            return Judged(opened, again, None)
    return Judged(scene, field, nothing)


def _why_nothing(scene: Scene, field: Field) -> Why:
    reasons = {candidate.dropped for candidate in field.candidates.values()}
    if not reasons:
        usable = any(not scene.standings.entered(site).dropped for site in scene.sites)
        return Why.RESTRICTED if usable else Why.NO_ADDRESS
    if reasons <= set(UNREACHABLE):
        return Why.NO_ADDRESS
    if reasons.isdisjoint(UNWELL):
        return Why.RESTRICTED
    return Why.ALL_DOWN_ADDRESSES if isinstance(scene.service.when_all_down, tuple) else Why.ALL_DOWN


def _why_and_ttl(judged: Judged, plan: Plan, slot: int, ordered: Sequence[Candidate]) -> tuple[Why, int]:
    service, interval_s = judged.scene.service, judged.scene.world.configuration.probes.interval_s
    if judged.nothing is not None:
        return judged.nothing, service.ttl_min_s
    why, checks = verdict(plan, slot, ordered[0])
    return why, ttl_s(checks, interval_s, service.ttl_min_s, service.ttl_max_s)


def _picked(ordered: list[Candidate], request: Request) -> tuple[list[Candidate], frozenset[str]]:
    """With the N-th best first, as `/@N/` asks, and without those to avoid, unless nothing else is left."""
    left = [candidate for candidate in ordered if candidate.site not in request.avoid]
    avoided = request.avoid if left else frozenset[str]()
    left = left or ordered
    if request.nth > 1 and left:
        index = min(request.nth, len(left)) - 1
        left = [left[index], *left[:index], *left[index + 1 :]]
    return left, avoided


def told_of(judged: Judged) -> int:
    """How many choices the door tells; without the filter `first`, all of them in DNS."""
    if judged.scene.door is Door.HTTP:
        return 1
    return len(judged.field.candidates) if judged.field.told is None else judged.field.told


def fallback(service: Service, view: View) -> tuple[Address, ...]:
    """What `when_all_down: [addresses]` gives: DNS can answer it, a redirect can't."""
    if view.door is Door.HTTP or isinstance(service.when_all_down, str):
        return ()
    return tuple(address for address in service.when_all_down if address.version == view.family)
