"""Events of what is true now, in words for people, and the one count of all events of a node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from gslb.model import Configuration, Event, Severity, State
from gslb.state.course import Course
from gslb.state.targets import TargetKey
from gslb.state.vantage import Freeze
from gslb.state.worlds import Outage


class EventBook:
    """Numbers the events of a node; the numbers go on after a restart with `last`."""

    def __init__(self, last: int = 0) -> None:
        self.last = last

    def event(
        self,
        utc: datetime,
        kind: str,
        severity: Severity,
        subject: str,
        message: str,
        who: str = "",
        data: Mapping[str, str] | None = None,
    ) -> Event:
        self.last += 1
        return Event(self.last, utc, kind, severity, subject, message, who, dict(data or {}))


def turned(
    book: EventBook, utc: datetime, key: TargetKey, old: Course, new: Course, *, first_round: bool = False
) -> Event | None:
    """A target's change of state, or of being held down; None for what is no news, such as what is up at the start."""
    where = f"{key.site} ({key.address}) for {key.service} by {key.door}"
    data = {"service": key.service, "door": key.door.value, "address": str(key.address)}
    data |= {"from": old.state.value, "to": new.state.value}
    if new.held and not old.held:
        return book.event(utc, "flapping", Severity.WARNING, key.site, f"{where}: {new.reason}", data=data)
    if new.state is old.state or (first_round and new.state is State.UP):
        return None
    kind, severity, words = _WORDS[new.state]
    return book.event(utc, kind, severity, key.site, f"{where} {words}: {new.reason}", data=data)


_WORDS = {
    State.UP: ("site-up", Severity.INFO, "is up"),
    State.DOWN: ("site-down", Severity.WARNING, "is down"),
    State.WRONG: ("site-wrong", Severity.ERROR, "serves wrong content and is not used"),
    State.UNKNOWN: ("site-unknown", Severity.WARNING, "is unknown"),
}


def frozen(book: EventBook, utc: datetime, freeze: Freeze) -> Event:
    message = (
        f"more than half of the sites in every region went down over IPv{freeze.family} at once, "
        f"as {freeze.vantage} sees it: its verdicts are frozen for {freeze.until_s - freeze.since_s:g} s"
    )
    return book.event(utc, "vantage-frozen", Severity.ERROR, freeze.vantage, message)


def thawed(book: EventBook, utc: datetime, freeze: Freeze) -> Event:
    message = f"the verdicts of {freeze.vantage} over IPv{freeze.family} apply again"
    return book.event(utc, "vantage-thawed", Severity.INFO, freeze.vantage, message)


def all_down(book: EventBook, utc: datetime, outage: Outage, configuration: Configuration, last_resort: bool) -> Event:
    """`last_resort`: there is a site that is neither drained nor wrong."""
    policy = configuration.service(outage.service).when_all_down
    opened = "answering with all but drained and wrong ones" if last_resort else "all are drained or wrong, answering with none"
    then = {"open": opened, "closed": "answering with none"}
    what = then[policy] if isinstance(policy, str) else "answering with the addresses configured for it"
    message = f"every site of {outage.service} is down for {outage.door} over IPv{outage.family}: {what}"
    return book.event(utc, "all-down", Severity.ERROR, outage.service, message, data=_of(outage))


def all_down_over(book: EventBook, utc: datetime, outage: Outage) -> Event:
    message = f"{outage.service} has a site again for {outage.door} over IPv{outage.family}"
    return book.event(utc, "all-down-over", Severity.INFO, outage.service, message, data=_of(outage))


def _of(outage: Outage) -> dict[str, str]:
    return {"door": outage.door.value, "family": str(outage.family)}


def ready(book: EventBook, utc: datetime, node: str, well: int, sites: int) -> Event:
    message = f"{node} is ready: the first round of probes is in, and {well} of {sites} sites are up"
    return book.event(utc, "ready", Severity.INFO, node, message)


def slow(book: EventBook, utc: datetime, site: str) -> Event:
    message = f"{site} answers three times as slowly as is usual for it: it ranks last among its equals"
    return book.event(utc, "slow", Severity.WARNING, site, message)


def slow_over(book: EventBook, utc: datetime, site: str) -> Event:
    return book.event(utc, "slow-over", Severity.INFO, site, f"{site} answers as fast as usual again")


def set_aside(book: EventBook, utc: datetime, path: str, aside: str) -> Event:
    message = f"{path} is damaged: it is set aside as {aside}, and the state begins anew"
    return book.event(utc, "state-set-aside", Severity.ERROR, path, message)


def unreadable(book: EventBook, utc: datetime, path: str, faults: Sequence[str]) -> Event:
    message = f"{len(faults)} entries of {path} can't be read and are left out, the first: {faults[0]}"
    return book.event(utc, "state-unreadable", Severity.WARNING, path, message)
