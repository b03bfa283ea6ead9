"""What is wrong now, one thing at a time. Pure: a World and some facts of the node go in, findings come out.

A drained site is no finding: somebody wanted it so. What is covered by something worse is told all the same, and grouped
with it by the book.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gslb.model import Hold, SetKey, Severity, Standing, StandingKey, State, World
from gslb.state.worlds import UNSEEN, outages

MESSAGE_LIMIT = 500  # reasons are what somebody else's server said


@dataclass(frozen=True, slots=True)
class Finding:
    """`key` names it as long as it holds, `group` what it belongs to. `message` is a sentence without a full stop."""

    key: str
    kind: str
    group: str
    severity: Severity
    message: str
    sites: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What no World knows. `refused` is the first fault of a configuration that was refused, `short` the release sets of
    which few sites have what is served, with the reason."""

    stale: bool = False
    refused: str = ""
    store_failing: bool = False
    workers: int = 0
    workers_wanted: int = 0
    deaf: tuple[str, ...] = ()
    overdue: tuple[str, ...] = ()
    keys_refused: bool = False
    short: Mapping[SetKey, str] = field(default_factory=dict)


def findings(world: World, facts: NodeFacts) -> tuple[Finding, ...]:
    """The widest first: services, then regions, sites, release sets, and the node itself."""
    sides = _sides(world)
    sites = [found for site in world.configuration.sites if (found := _of_site(site.id, site.region, sides, world))]
    return (*_of_services(world), *_dark_regions(world, sides), *sites, *_of_content(world, facts), *_of_node(facts))


def _sides(world: World) -> dict[str, list[tuple[StandingKey, Standing]]]:
    found: dict[str, list[tuple[StandingKey, Standing]]] = {}
    for key, standing in world.standings.items():
        found.setdefault(key.site, []).append((key, standing))
    return found


def _of_services(world: World) -> Iterator[Finding]:
    dark: dict[str, list[str]] = {}
    for outage in sorted(outages(world.configuration, world.standings, world.drains)):
        dark.setdefault(outage.service, []).append(f"{outage.door.value.upper()} over IPv{outage.family}")
    regions = {site.id: site.region for site in world.configuration.sites}
    for host, where in dark.items():
        sites = tuple(dict.fromkeys(key.site for key in world.standings if key.service == host))
        down = world.configuration.service(host).when_all_down
        then = {"open": "all but drained and wrong sites are tried", "closed": "clients get no answer"}
        what = then[down] if isinstance(down, str) else "clients get the addresses configured for this"
        message = f"No site of {host} is well for {_listed(where)}: {what}"
        touched = tuple(dict.fromkeys(regions[site] for site in sites))
        yield Finding(f"service:{host}", "service", f"service:{host}", Severity.ERROR, message, sites, (host,), touched)


def _dark_regions(world: World, sides: Mapping[str, list[tuple[StandingKey, Standing]]]) -> Iterator[Finding]:
    """Regions of several sites, none of which is of use, though some are down and not merely drained."""
    regions: dict[str, list[str]] = {}
    for site in world.configuration.sites:
        regions.setdefault(site.region, []).append(site.id)
    for region, sites in regions.items():
        usable = [site for site in sites if site not in world.drains and _usable(sides.get(site, ()))]
        ill = [site for site in sites if site not in world.drains and not _usable(sides.get(site, ()))]
        if len(sites) > 1 and ill and not usable:
            services = tuple(dict.fromkeys(key.service for site in sites for key, _ in sides.get(site, ())))
            message = f"No site in {region} is of use: all its clients go to other regions"
            yield Finding(
                f"region:{region}", "region", f"sites:{region}", Severity.ERROR, message, tuple(sites), services, (region,)
            )


def _usable(sides: list[tuple[StandingKey, Standing]] | tuple[()]) -> bool:
    return not sides or any(standing.state in (State.UP, State.UNKNOWN) for _, standing in sides)


def _of_site(site: str, region: str, sides: Mapping[str, list[tuple[StandingKey, Standing]]], world: World) -> Finding | None:
    own = sides.get(site, [])
    if site in world.drains or not own:
        return None
    ill = [(key, standing) for key, standing in own if standing.state in (State.DOWN, State.WRONG)]
    unseen = [(key, standing) for key, standing in own if standing.state is State.UNKNOWN and standing.reason != UNSEEN.reason]
    if ill:
        kind, words = _condition(own, ill)
    elif len(unseen) == len(own):
        ill, kind, words = unseen, "unknown", "is unknown: no probe tells how it is"
    elif site in world.slow:
        message = f"{site} answers three times as slowly as usual: it ranks last among its equals"
        return Finding(f"site:{site}", "slow", f"sites:{region}", Severity.INFO, message, (site,), (), (region,))
    else:
        return None
    message = cut(f"{site} {words}: {ill[0][1].reason}")
    services = tuple(dict.fromkeys(key.service for key, _ in ill))
    return Finding(f"site:{site}", kind, f"sites:{region}", Severity.WARNING, message, (site,), services, (region,))


def _condition(own: list[tuple[StandingKey, Standing]], ill: list[tuple[StandingKey, Standing]]) -> tuple[str, str]:
    flapping = any(standing.flapping for _, standing in ill)
    if len(ill) < len(own):
        where = dict.fromkeys(f"{key.service} by {key.door.value.upper()} over IPv{key.family}" for key, _ in ill)
        return "partial", f"fails in part ({_listed(list(where))})"
    if any(standing.state is State.WRONG for _, standing in ill):
        return "wrong", "serves wrong content and is not used"
    return ("flapping", "changes too often and is held back") if flapping else ("down", "is down")


def _of_content(world: World, facts: NodeFacts) -> Iterator[Finding]:
    regions = {site.id: site.region for site in world.configuration.sites}
    for key, words in facts.short.items():
        holds = [each.hold for found, each in world.holdings.items() if (found.service, found.content) == key]
        severity = Severity.ERROR if holds and all(hold is Hold.WRONG for hold in holds) else Severity.WARNING
        message = cut(f"Release set {key.content} of {key.service} is short: {words}")
        yield Finding(_set(key), "content", _set(key), severity, message, (), (key.service,))
    seen: set[tuple[str, str, str]] = set()
    for held, each in world.holdings.items():
        place = (held.service, held.content, held.site)
        if each.hold is not Hold.WRONG or place in seen or held.site in world.drains:
            continue
        seen.add(place)
        group = _set(SetKey(held.service, held.content))
        message = cut(f"{held.site} has wrong files of {held.content} ({held.service}) and is not used for it: {each.reason}")
        region = (regions[held.site],) if held.site in regions else ()
        yield Finding(f"{group}/{held.site}", "files", group, Severity.WARNING, message, (held.site,), (held.service,), region)


def _set(key: SetKey) -> str:
    return f"content:{key.service}/{key.content}"


def _of_node(facts: NodeFacts) -> Iterator[Finding]:
    def found(kind: str, severity: Severity, message: str) -> Finding:
        return Finding(f"node:{kind}", kind, f"node:{kind}", severity, cut(message))

    if facts.stale:
        yield found("stale", Severity.ERROR, "Answers go by an old state of things: a worker has not heard of control")
    if facts.deaf:
        yield found("deaf", Severity.ERROR, f"The node does not answer its own question on {_listed(list(facts.deaf))}")
    if facts.workers < facts.workers_wanted:
        message = f"{facts.workers} of {facts.workers_wanted} workers answer; the others are being restarted"
        yield found("workers", Severity.WARNING if facts.workers else Severity.ERROR, message)
    if facts.refused:
        yield found("reload", Severity.WARNING, f"The configuration was refused, the one before it runs on: {facts.refused}")
    if facts.store_failing:
        yield found("store", Severity.WARNING, "The state can't be kept: a restart would forget what happens from now on")
    if facts.overdue:
        message = f"The time of all signing keys of {_listed(list(facts.overdue))} is over; the last go on signing"
        yield found("dnssec", Severity.ERROR, message)
    if facts.keys_refused:
        yield found("keys", Severity.WARNING, "Changed DNSSEC keys were refused; the old ones go on signing")


def cut(text: str) -> str:
    return text if len(text) <= MESSAGE_LIMIT else f"{text[: MESSAGE_LIMIT - 1]}…"


_LISTED = 4


def _listed(names: list[str]) -> str:
    if len(names) > _LISTED + 1:
        names = [*names[:_LISTED], f"{len(names) - _LISTED} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
