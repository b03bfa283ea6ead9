"""Events of what operators order, in words for people."""

from __future__ import annotations

from datetime import datetime

from gslb.model import Drain, Event, Maintenance, Override, Reweight, Severity
from gslb.state.events import EventBook
from gslb.state.overrides import words


def drained(book: EventBook, utc: datetime, drain: Drain) -> Event:
    by = f" for {drain.owner}" if drain.owner else ""
    message = f"{drain.site} is drained{by} {_until(drain.until, 'until it is enabled')}: {drain.reason}"
    return book.event(utc, "drain", Severity.INFO, drain.site, message, drain.who)


def enabled(book: EventBook, utc: datetime, site: str, who: str) -> Event:
    return book.event(utc, "enable", Severity.INFO, site, f"{site} is enabled; it starts slowly", who)


def drain_ended(book: EventBook, utc: datetime, drain: Drain, still: Maintenance | None = None) -> Event:
    then = "it starts slowly" if still is None else f"its maintenance goes on ({still.reason})"
    message = f"the drain of {drain.site} is over ({drain.reason}); {then}"
    return book.event(utc, "drain-ended", Severity.INFO, drain.site, message, drain.who)


def overridden(book: EventBook, utc: datetime, override: Override) -> Event:
    until = _until(override.until, "until it is taken back")
    message = f"{words(override.change)} {until}: {override.reason}"
    return _about(book, utc, "override", override, message, override.who)


def override_ended(book: EventBook, utc: datetime, override: Override) -> Event:
    message = f"the override of {override.who} is over ({words(override.change)}): it is as configured again"
    return _about(book, utc, "override-ended", override, message, override.who)


def taken_back(book: EventBook, utc: datetime, override: Override, who: str, why: str) -> Event:
    message = f"the override of {override.who} is taken back ({words(override.change)})" + (f": {why}" if why else "")
    return _about(book, utc, "override-ended", override, message, who)


def override_dropped(book: EventBook, utc: datetime, override: Override, why: str) -> Event:
    message = f"the override of {override.who} is dropped ({words(override.change)}): {why} any more"
    return _about(book, utc, "override-dropped", override, message, override.who, Severity.WARNING)


def maintenance_planned(book: EventBook, utc: datetime, each: Maintenance) -> Event:
    message = f"maintenance of {each.site} is planned from {_told(each.start)} to {_told(each.end)}: {each.reason}"
    return _of(book, utc, "maintenance-planned", each, message, each.who)


def maintenance_began(book: EventBook, utc: datetime, each: Maintenance) -> Event:
    by = f" by {each.owner}" if each.owner else ""
    message = f"maintenance of {each.site}{by} begins, it is drained {_until(each.end, '')}: {each.reason}"
    return _of(book, utc, "maintenance-began", each, message, each.who)


def maintenance_ended(book: EventBook, utc: datetime, each: Maintenance, who: str | None = None) -> Event:
    message = f"the maintenance of {each.site} is over ({each.reason})"
    return _of(book, utc, "maintenance-ended", each, message, who or each.who)


def maintenance_missed(book: EventBook, utc: datetime, each: Maintenance) -> Event:
    message = f"maintenance of {each.site} was planned until {_told(each.end)}, and this node was not there to drain it"
    return _of(book, utc, "maintenance-ended", each, message, each.who)


def maintenance_cancelled(book: EventBook, utc: datetime, each: Maintenance, who: str) -> Event:
    """Without `who`: the site is not configured any more."""
    why = "" if who else ": there is no such site any more"
    message = f"maintenance of {each.site} from {_told(each.start)} is cancelled ({each.reason}){why}"
    severity = Severity.INFO if who else Severity.WARNING
    return book.event(utc, "maintenance-cancelled", severity, each.site, message, who or each.who, {"maintenance": each.id})


def _of(book: EventBook, utc: datetime, kind: str, each: Maintenance, message: str, who: str) -> Event:
    return book.event(utc, kind, Severity.INFO, each.site, message, who, {"maintenance": each.id})


def _about(
    book: EventBook, utc: datetime, kind: str, override: Override, message: str, who: str, severity: Severity = Severity.INFO
) -> Event:
    change = override.change
    subject = change.site if isinstance(change, Reweight) else change.service
    return book.event(utc, kind, severity, subject, message, who, {"override": override.id})


def _until(at: datetime | None, otherwise: str) -> str:
    return otherwise if at is None else f"until {at:%Y-%m-%d %H:%M:%S} UTC"


def _told(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
