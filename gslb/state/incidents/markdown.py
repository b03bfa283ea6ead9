"""An incident as a document: what goes into a ticket or a report, in Markdown (CommonMark).

Reasons are words of other people's servers, so whatever could be markup in them is escaped: they can't make a link, a heading,
HTML or another row of a table.
"""

from __future__ import annotations

import re
from typing import Final

from gslb.model.text import printable
from gslb.state.incidents import words
from gslb.state.incidents.incident import Incident, Moment

# Every ASCII sign may be escaped by a backslash (CommonMark 2.4). These mean something within a line, `:`, `@` and `www.` to
# GitHub, which makes links of bare addresses; the others only at its beginning.
_WITHIN: Final = re.compile(r"[\\`*_\[\]<>!|~&$:@]|(?<=www)\.", re.IGNORECASE)
_BEGINNING: Final = re.compile(r"^(?:([#+=-])|(\d{1,9})([.)]))")


def escaped(text: str) -> str:
    """One line that shows what `text` says, whatever it is."""
    line = _WITHIN.sub(r"\\\g<0>", printable(text).strip())
    return _BEGINNING.sub(_at_the_beginning, line)


def _at_the_beginning(found: re.Match[str]) -> str:
    return f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}"


def markdown(incident: Incident) -> str:
    """The whole document, ending with a line break."""
    parts = [
        f"# Incident {incident.number}: {escaped(incident.title)}",
        _facts(incident),
        "## What is wrong",
        escaped(incident.cause or incident.title),
        "## For whom",
        escaped(words.for_whom(incident.impact)),
        "## What to do",
        escaped(incident.what_now or "Nothing."),
    ]
    if incident.acknowledged is not None:
        noted = incident.acknowledged
        parts += ["## Who looks after it", f"{escaped(noted.who)}, {_time(noted.at)}: {escaped(noted.note or 'no note')}"]
    parts += ["## Timeline", _timeline(incident.timeline)]
    return "\n\n".join(parts) + "\n"


def _facts(incident: Incident) -> str:
    until = "still open" if incident.closed is None else f"{_time(incident.closed)}, after {_lasted(incident)}"
    rows = [
        ("Severity", incident.severity.value),
        ("Since", _time(incident.opened)),
        ("Until", until),
        ("Sites", ", ".join(incident.sites)),
        ("Services", ", ".join(incident.services)),
        ("Regions", ", ".join(incident.regions)),
    ]
    if incident.merged is not None:
        rows.append(("Goes on as", f"incident {incident.merged}"))
    return "| | |\n| --- | --- |\n" + "\n".join(f"| {name} | {escaped(value) or '–'} |" for name, value in rows)


def _timeline(moments: tuple[Moment, ...]) -> str:
    lines = [
        f"- {_time(moment.at)} **{escaped(moment.kind)}** {escaped(moment.message)}"
        + (f" ({escaped(moment.who)})" if moment.who else "")
        for moment in moments
    ]
    return "\n".join(lines) or "Nothing is known."


def _time(at: object) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _lasted(incident: Incident) -> str:
    assert incident.closed is not None  # noqa: S101 - asked of closed ones alone
    minutes, seconds = divmod(max(0, int((incident.closed - incident.opened).total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
