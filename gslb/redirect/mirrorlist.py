"""`?mirrorlist`: the sites in order for this client and why, as a page for people, as JSON for programs, and as plain text
for apt, whose method `mirror+http` reads a URL and its priority in each line (apt-transport-mirror(1)).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from gslb.model import Decision, Location, SiteTrace
from gslb.redirect.accept import preferred, read_accept
from gslb.redirect.mirrorpage import POLICY, write_page
from gslb.redirect.pages import decision_field
from gslb.redirect.reply import TEXT, Reply, write_head
from gslb.redirect.visit import Visit
from gslb.steering.sample import network_of

_HTML: Final = "text/html"
_PLAIN: Final = "text/plain"
_JSON: Final = "application/json"
_NAMED: Final[Mapping[bytes, str]] = {b"html": _HTML, b"json": _JSON, b"txt": _PLAIN, b"text": _PLAIN}

Listed = dict[str, Any]


def write_mirrorlist(visit: Visit) -> Reply:
    decision = visit.decide(trace=True)
    listed = _listed(visit, decision)
    form = form_of(visit.target.listed_as, visit.fields.get(b"accept", b""))
    content_type, write = _FORMS[form]
    body = write(listed, visit.place().place.location)
    first = decision.choices[0].site if decision.choices else ""
    fields = (
        ("Content-Type", content_type),
        ("Cache-Control", "private, no-store"),
        ("Vary", "Accept"),
        ("Content-Security-Policy", POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("GSLB-Decision", decision_field(first, decision.why, decision.world, visit.stale)),
    )
    return Reply(200, write_head(200, fields, len(body)), body)


def form_of(named: bytes, accept: bytes) -> str:
    """By `?mirrorlist=txt` or the like, else by Accept. Who takes any text, as apt does, is no browser: those name HTML."""
    if named in _NAMED:
        return _NAMED[named]
    ranges = read_accept(accept)
    offers = (_HTML, _PLAIN, _JSON)
    if "text/*" in ranges and _HTML not in ranges:
        offers = (_PLAIN, _HTML, _JSON)
    return preferred(ranges, offers)


def _listed(visit: Visit, decision: Decision) -> Listed:
    serving, most = visit.serving, visit.serving.world.configuration.limits.listed_sites
    kept = [trace for trace in decision.trace if trace.rank is not None]
    dropped = [trace for trace in decision.trace if trace.rank is None]
    return {
        "service": visit.service,
        "path": visit.target.suffix.decode("ascii"),
        "client": network_of(serving.world, visit.service, visit.client.family, visit.client.address),
        "why": decision.why.value,
        "world": decision.world,
        "stale": visit.stale,
        "ttl_s": decision.ttl_s,
        "sites": [_kept(visit, trace) for trace in kept[:most]],
        "dropped": [_dropped(visit, trace) for trace in dropped[:most]],
        "left_out": max(0, len(kept) - most) + max(0, len(dropped) - most),
    }


def _kept(visit: Visit, trace: SiteTrace) -> Listed:
    """Of a site that is kept, so it has a url of this scheme. Raises Refusal where a redirect there would be too long."""
    site = visit.serving.pages.sites[trace.site]
    return {
        "site": site.id,
        "rank": trace.rank,
        "url": visit.url(site),
        "region": site.region,
        "country": site.country,
        "location": list(site.location),
        "filter": trace.filter,
        "reason": trace.reason,
    }


def _dropped(visit: Visit, trace: SiteTrace) -> Listed:
    location = list(visit.serving.pages.sites[trace.site].location)
    return {"site": trace.site, "location": location, "filter": trace.filter, "reason": trace.reason}


def _json(listed: Listed, where: Location | None) -> bytes:
    return json.dumps(listed, indent=1).encode("ascii") + b"\n"


def _plain(listed: Listed, where: Location | None) -> bytes:
    return "".join(f"{one['url']}\tpriority:{one['rank']}\n" for one in listed["sites"]).encode("ascii")


_FORMS: Final[Mapping[str, tuple[str, Callable[[Listed, Location | None], bytes]]]] = {
    _HTML: ("text/html; charset=utf-8", write_page),
    _PLAIN: (TEXT, _plain),
    _JSON: (_JSON, _json),
}
