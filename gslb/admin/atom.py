"""/alerts.atom: incidents for feed readers (RFC 4287). An entry is an incident; it is updated, never told anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from gslb.admin.gate import Reader
from gslb.admin.incidents import seen_by, sees
from gslb.admin.node import Node
from gslb.admin.problems import documented
from gslb.model import Configuration
from gslb.model.text import printable
from gslb.state.incidents import Incident
from gslb.state.incidents.words import for_whom

MEDIA_TYPE: Final = "application/atom+xml"
ENTRIES_MOST: Final = 50
_BEYOND_XML: Final = re.compile("[\ufffe\uffff]")  # XML 1.0 section 2.2; the rest `printable` takes out

router = APIRouter(tags=["incidents"], responses=documented(401, 403, 429))


@router.get("/alerts.atom", responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}})
async def feed(request: Request, principal: Reader) -> Response:
    """The newest incidents for a feed reader, which has to send a token as `Authorization: Bearer`, or be on loopback."""
    node: Node = request.app.state.node
    found = [seen_by(principal, each) for each in node.incidents.page(4 * ENTRIES_MOST, None) if sees(principal, each)]
    text = atom(found[:ENTRIES_MOST], node.configuration, node.status().started)
    return Response(text.encode(), media_type=f"{MEDIA_TYPE}; charset=utf-8")


def atom(incidents: list[Incident], configuration: Configuration, started: datetime) -> str:
    """The whole document; `started` is when it was updated last while there is nothing in it."""
    authority = configuration.services[0].host
    own = dashboard(configuration)
    updated = max((_updated(each) for each in incidents), default=started)
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">',
        _element("id", f"tag:{authority},2026:{configuration.node}/incidents"),
        _element("title", f"{configuration.node}: incidents"),
        _element("updated", _time(updated)),
        f"<author>{_element('name', configuration.node)}</author>",
        f'<link rel="self" type="{MEDIA_TYPE}" href="{_escaped(own)}alerts.atom"/>',
        f'<link rel="alternate" type="text/html" href="{_escaped(own)}incidents"/>',
        *(line for each in incidents for line in _entry(each, own)),
        "</feed>\n",
    ]
    return "\n".join(parts)


def _entry(incident: Incident, own: str) -> Iterator[str]:
    over = "" if incident.open else ", over"
    yield "<entry>"
    yield _element("id", incident.tag)
    yield _element("title", f"{incident.title} ({incident.severity.value}{over})")
    yield _element("published", _time(incident.opened))
    yield _element("updated", _time(_updated(incident)))
    yield f'<link rel="alternate" type="text/html" href="{_escaped(own)}incidents/{incident.number}"/>'
    yield f'<category term="{incident.severity.value}"/>'
    yield _element("summary", incident.cause or incident.title, type="text")
    yield _element("content", "\n".join(_lines(incident)), type="text")
    yield "</entry>"


def _lines(incident: Incident) -> Iterator[str]:
    yield incident.cause or incident.title
    yield for_whom(incident.impact)
    if incident.open:
        yield f"What to do: {incident.what_now}"
    for moment in incident.timeline:
        yield f"{_time(moment.at)} {moment.kind}: {moment.message}" + (f" ({moment.who})" if moment.who else "")


def dashboard(configuration: Configuration) -> str:
    """The address of this node for people; it ends with a slash."""
    configured, admin = configuration.alerts.dashboard, configuration.listen.admin
    return configured or (f"http://{admin}/" if admin is not None else "http://localhost/")


def _updated(incident: Incident) -> datetime:
    return max(incident.changed, incident.closed or incident.changed)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _element(name: str, text: str, **attributes: str) -> str:
    written = "".join(f' {key}="{_escaped(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{_escaped(text)}</{name}>"


def _escaped(text: str) -> str:
    shown = "\n".join(printable(line) for line in text.split("\n"))
    return escape(_BEYOND_XML.sub("\N{REPLACEMENT CHARACTER}", shown))
