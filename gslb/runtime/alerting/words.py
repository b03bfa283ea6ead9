"""What a message says to a person, the same in every shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gslb.model.text import printable
from gslb.state.alerts import Notice, NoticeKind
from gslb.state.incidents import Incident
from gslb.state.incidents.incident import ORDER
from gslb.state.incidents.words import for_whom

_FIRST: Final = {
    NoticeKind.OPENED: "{severity}: {title}",
    NoticeKind.RISEN: "now {severity}: {title}",
    NoticeKind.REPEAT: "still {severity}: {title}",
    NoticeKind.CLOSED: "over: {title}",
}


def headline(notice: Notice, node: str) -> str:
    """One line."""
    count = len(notice.incidents) + notice.more
    if notice.kind is NoticeKind.TEST:
        return f"{node}: this is a test"
    if notice.kind in _FIRST and notice.incidents:
        incident = notice.incidents[0]
        return printable(f"{node}: {_FIRST[notice.kind].format(severity=incident.severity.value, title=incident.title)}")
    what = "in quiet hours" if notice.kind is NoticeKind.SUMMARY else "to tell of"
    worst = max((each.severity for each in notice.incidents), key=ORDER.index, default=ORDER[0])
    return f"{node}: {count} incident{'s' if count != 1 else ''} {what}, the worst: {worst.value}"


def paragraphs(notice: Notice, dashboard: str) -> Iterator[str]:
    """Of one line each."""
    if notice.kind is NoticeKind.TEST:
        yield "Whoever reads this is told of incidents of this node. Nothing is wrong."
    for incident in notice.incidents:
        yield from about(incident, dashboard, alone=len(notice.incidents) == 1)
    if notice.more:
        yield f"And {notice.more} more: {dashboard}incidents"


def about(incident: Incident, dashboard: str, *, alone: bool) -> Iterator[str]:
    since = f"since {incident.opened:%Y-%m-%d %H:%M} UTC"
    if incident.closed is not None:
        since = f"from {incident.opened:%Y-%m-%d %H:%M} to {incident.closed:%Y-%m-%d %H:%M} UTC, over"
    yield printable(f"{incident.title} ({incident.severity.value}, {since})")
    if incident.merged is not None:
        yield f"It goes on as incident {incident.merged}."
    elif alone or incident.open:
        yield printable(incident.cause or incident.title)
        if incident.open:
            yield for_whom(incident.impact)
        if alone and incident.open and incident.what_now:
            yield printable(f"What to do: {incident.what_now}")
    yield f"{dashboard}incidents/{incident.number}"
