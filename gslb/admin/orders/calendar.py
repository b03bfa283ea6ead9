"""The maintenance calendar as iCalendar (RFC 5545), for the calendars that people have anyway."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from gslb.model import Maintenance, MaintenanceState
from gslb.model.text import printable

MEDIA_TYPE: Final = "text/calendar"
LINE_OCTETS: Final = 75  # without the end of line (section 3.1)
_NAME: Final = re.compile(r"[^A-Za-z0-9.-]")
_STATUS: Final = {MaintenanceState.CANCELLED: "CANCELLED"}


def calendar(plans: Iterable[Maintenance], node: str, now: datetime) -> str:
    """`node` is in each UID, so that calendars of two nodes can be laid over each other. `now` is when this was made (UTC)."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//gslb//maintenance//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    for each in plans:
        lines += _event(each, node, now)
    return "".join(f"{line}\r\n" for text in (*lines, "END:VCALENDAR") for line in [folded(text)])


def _event(each: Maintenance, node: str, now: datetime) -> Iterator[str]:
    by = f" by {each.owner}" if each.owner else ""
    yield "BEGIN:VEVENT"
    yield f"UID:{_NAME.sub('-', each.id)}@{_NAME.sub('-', node)}"
    yield f"DTSTAMP:{_utc(now)}"
    yield f"DTSTART:{_utc(each.start)}"
    yield f"DTEND:{_utc(each.end)}"
    yield f"SUMMARY:{escaped(f'{each.site}: {each.reason}')}"
    yield f"DESCRIPTION:{escaped(f'Maintenance of {each.site}{by}, planned by {each.who}; {each.state.value}.')}"
    yield f"LOCATION:{escaped(each.site)}"
    yield f"STATUS:{_STATUS.get(each.state, 'CONFIRMED')}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def escaped(text: str) -> str:
    """TEXT (section 3.3.11) of one line: what would begin another one, or drive a terminal, is replaced."""
    return printable(text).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def folded(line: str) -> str:
    """Cut into lines of at most 75 octets, never within a character (section 3.1)."""
    parts, part, octets = [], "", 0
    for character in line:
        size = len(character.encode())
        if octets + size > LINE_OCTETS:
            parts.append(part)
            part, octets = "", 1  # the space in front counts
        part, octets = part + character, octets + size
    return "\r\n ".join([*parts, part])


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
