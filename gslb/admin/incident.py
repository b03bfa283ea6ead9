"""What is the matter, in a sentence that somebody woken at three in the morning understands."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

import gslb
from gslb.admin.node import Node
from gslb.admin.views import Condition, HeadlineView, ServiceView, SiteView, StatusView
from gslb.model import Hold, Severity
from gslb.state.content import PlaceReport, SetReport

_ORDER: Final = (Severity.INFO, Severity.WARNING, Severity.ERROR)
_WORDS: Final[dict[Condition, str]] = {
    "wrong": "serves wrong content and is not used",
    "down": "is down",
    "partial": "is well in part",
    "unknown": "is unknown",
    "drained": "is drained",
    "starting": "is coming back slowly",
}


def status_view(node: Node, sites: Sequence[SiteView], services: Sequence[ServiceView]) -> StatusView:
    status, world = node.status(), node.world
    return StatusView(
        node=node.configuration.node,
        version=gslb.__version__,
        ready=status.ready,
        stale=status.stale,
        started=status.started,
        world=world.number,
        world_at=status.world_at,
        world_digest=world.digest,
        workers=status.workers,
        workers_wanted=status.workers_wanted,
        configuration_accepted=status.reload.accepted,
        last_event=node.feed.last,
        incident=incident(node, sites, services),
    )


def incident(node: Node, sites: Sequence[SiteView], services: Sequence[ServiceView]) -> HeadlineView:
    """The worst thing is the headline; the rest are details."""
    found = [*_of_services(services), *_of_node(node), *_of_sites(sites), *_of_content(node, sites, bool(services))]
    found.sort(key=lambda each: -_ORDER.index(each[0]))
    if not found:
        return HeadlineView(level=Severity.INFO, headline=_all_well(sites), details=[])
    (level, headline), *rest = found
    return HeadlineView(level=level, headline=headline, details=[text for _, text in rest])


Finding = tuple[Severity, str]


def _of_services(services: Sequence[ServiceView]) -> Iterator[Finding]:
    for service in services:
        dark = [side for side in service.sides if side.all_down]
        if not dark:
            continue
        where = (
            "everywhere" if len(dark) == len(service.sides) else ", ".join(f"{s.door.upper()} over IPv{s.family}" for s in dark)
        )
        yield Severity.ERROR, f"No site of {service.host} is well ({where}): {_then(service)}."


def _then(service: ServiceView) -> str:
    if service.when_all_down == "open":
        return "all but drained and wrong ones are tried"
    return "nothing is answered" if service.when_all_down == "closed" else "the addresses configured for this are answered"


def _of_node(node: Node) -> Iterator[Finding]:
    status = node.status()
    if status.stale:
        yield Severity.ERROR, "Answers go by an old state of things: the probes have told nothing for three intervals."
    if not status.ready:
        yield Severity.WARNING, "Starting: until the first round of probes is in, clients are steered by geography alone."
    if not status.reload.accepted:
        faults = status.reload.faults
        first = f" {faults[0]}" if faults else ""
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        yield Severity.WARNING, f"The configuration file was refused, the one before it runs on:{first}{more}"
    if not status.kept:
        yield Severity.WARNING, "Nothing can be written to the state directory: what is ordered now is lost with a restart."
    if status.workers < status.workers_wanted:
        yield Severity.WARNING, f"{status.workers} of {status.workers_wanted} workers answer; the others are being restarted."


def _of_sites(sites: Sequence[SiteView]) -> Iterator[Finding]:
    """One site by name and reason; more of them by number, and each as a detail."""
    ill = [site for site in sites if site.condition in ("down", "wrong", "partial")]
    if len(ill) > 1:
        yield Severity.WARNING, f"{len(ill)} of {len(sites)} sites have trouble; their clients go elsewhere."
    for site in ill:
        flaps = " and changes too often, so it is held back" if site.flapping else ""
        then = "; its clients go elsewhere." if len(ill) == 1 else "."
        yield Severity.WARNING, f"{site.id} {_WORDS[site.condition]}{flaps}: {site.reason}{then}"
    for site in sites:
        if site.condition == "drained" and site.drain:
            until = f" until {site.drain.until:%Y-%m-%d %H:%M} UTC" if site.drain.until else ""
            yield Severity.INFO, f"{site.id} is drained by {site.drain.who}{until}: {site.drain.reason}."
        elif site.condition == "starting":
            yield Severity.INFO, f"{site.id} is coming back slowly: {site.ramp} of 10 steps."
        elif site.slow:
            yield Severity.INFO, f"{site.id} is three times slower than usual, so it ranks last among its equals."


def _of_content(node: Node, sites: Sequence[SiteView], all_seen: bool) -> Iterator[Finding]:
    """Release sets that are short, and sites that are out of one."""
    for report in node.content():
        name = f"{report.content} of {report.service}"
        held = not report.short or any(each.name == report.served and each.sites for each in report.generations)
        if all_seen and report.short:
            yield _short(report, name, held)
        elif all_seen and report.rolling:
            yield Severity.INFO, f"Release set {name} is being rolled out: {report.shortage or _behind(report)}."
        yield from _out_of_set(report, name, {site.id for site in sites}, held)


def _short(report: SetReport, name: str, held: bool) -> Finding:
    told = f"Release set {name} is short: {report.shortage}"
    if held:
        return Severity.WARNING, f"{told}."
    if report.places and all(place.hold is Hold.WRONG for place in report.places):
        return Severity.ERROR, f"{told}; over HTTP its files are answered with 503, as every site has wrong ones."
    return Severity.WARNING, f"{told}; sites that have nothing wrong are used all the same."


def _behind(report: SetReport) -> str:
    places = [place for place in report.places if place.hold is Hold.GOOD and place.generation != report.served]
    behind = list(dict.fromkeys(place.site for place in places))
    served = f"generation {report.served[:12]} is served"
    return f"{served}, and {_listed(behind)} {'have' if len(behind) > 1 else 'has'} an older one" if behind else served


def _out_of_set(report: SetReport, name: str, seen: Collection[str], held: bool) -> Iterator[Finding]:
    """Sites of one reason together; the families are told, doors and addresses are in the details of the site."""
    for hold, level in _OUT.items():
        out: dict[str, list[PlaceReport]] = {}
        for place in report.places:
            if place.hold is hold and place.site in seen:
                out.setdefault(place.site, []).append(place)
        alike: dict[str, list[str]] = {}
        for site, places in out.items():
            families = " and ".join(f"IPv{family}" for family in sorted({place.family for place in places}))
            alike.setdefault(f"{name} (over {families}): {places[0].reason}.", []).append(site)
        for what, ids in alike.items():
            yield level, f"{_listed(ids)} {_verb(hold, len(ids) > 1, held)} {what}"


_OUT: Final = {Hold.WRONG: Severity.WARNING, Hold.ABSENT: Severity.INFO}
_LISTED = 4


def _verb(hold: Hold, many: bool, held: bool) -> str:
    if hold is Hold.WRONG:
        return "have wrong files and are not used for" if many else "has wrong files and is not used for"
    if held:
        return "are not used for" if many else "is not used for"
    return "do not hold" if many else "does not hold"


def _listed(ids: Sequence[str]) -> str:
    if len(ids) == 1:
        return ids[0]
    *first, last = [*ids[:_LISTED], f"{len(ids) - _LISTED} more"] if len(ids) > _LISTED + 1 else ids
    return f"{', '.join(first)} and {last}"


def _all_well(sites: Sequence[SiteView]) -> str:
    unknown = sum(site.condition == "unknown" for site in sites)
    if unknown:
        return f"{len(sites) - unknown} of {len(sites)} sites are up, {unknown} unknown."
    return f"All {len(sites)} sites are up." if len(sites) > 1 else "The one site is up."
