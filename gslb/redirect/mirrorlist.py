"""`?mirrorlist`: the sites in order for this client and why, as a page for people or as JSON for programs."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Any, Final

from gslb.model import ADDRESS_BITS, Decision, Request, SiteTrace, View
from gslb.redirect.location import Target, location, plain_path
from gslb.redirect.pages import decision_field, url_of
from gslb.redirect.peers import Peer
from gslb.redirect.reply import Reply, write_head
from gslb.redirect.serving import Serving, Wish
from gslb.steering import decide
from gslb.steering.sample import network_of

_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "li{margin:.6rem 0}small{display:block;color:#555}a{overflow-wrap:anywhere}"
)
# No script, no other source of anything: what stands in a path can do nothing, even if it were not escaped.
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Mirrors of {service}</title><style>{style}</style></head>
<body><h1>Mirrors of {service}</h1>
<p>For <code>{path}</code>, in the order in which clients in {client} are sent there ({why}).</p>
<ol>
{sites}</ol>
{dropped}</body></html>
"""


def write_mirrorlist(
    serving: Serving, service: str, view: View, client: Peer, target: Target, wish: Wish, stale: bool, accept: bytes
) -> Reply:
    located = serving.locator.find(service, client.family, client.address, ADDRESS_BITS[client.family])
    request = Request(service, view, plain_path(target.path), wish.nth, wish.avoid, wish.pledged)
    decision = decide(serving.world, located.client, request)
    listed = _listed(serving, service, view, client, target, decision, stale)
    as_json = wants_json(accept)
    body = _json(listed) if as_json else _html(listed)
    first = decision.choices[0].site if decision.choices else ""
    fields = (
        ("Content-Type", "application/json" if as_json else "text/html; charset=utf-8"),
        ("Cache-Control", "private, no-store"),
        ("Vary", "Accept"),
        ("Content-Security-Policy", _POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("GSLB-Decision", decision_field(first, decision.why, decision.world, stale)),
    )
    return Reply(200, write_head(200, fields, len(body)), body)


def _listed(
    serving: Serving, service: str, view: View, client: Peer, target: Target, decision: Decision, stale: bool
) -> dict[str, Any]:
    kept = [trace for trace in decision.trace if trace.rank is not None]
    return {
        "service": service,
        "path": target.suffix.decode("ascii"),
        "client": network_of(serving.world, service, client.family, client.address),
        "why": decision.why.value,
        "world": decision.world,
        "stale": stale,
        "ttl_s": decision.ttl_s,
        "sites": [_site(serving, view, target, trace) for trace in kept],
        "dropped": [
            {"site": trace.site, "filter": trace.filter, "reason": trace.reason} for trace in decision.trace if trace.rank is None
        ],
    }


def _site(serving: Serving, view: View, target: Target, trace: SiteTrace) -> dict[str, Any]:
    """Of a site that is kept, so it has a url of this scheme. Raises Refusal where a redirect there would be too long."""
    site = serving.pages.sites[trace.site]
    url = url_of(site, view) or site.url
    return {
        "site": site.id,
        "rank": trace.rank,
        "url": location(url.encode("ascii"), target.suffix).decode("ascii"),
        "region": site.region,
        "country": site.country,
        "filter": trace.filter,
        "reason": trace.reason,
    }


def _json(listed: dict[str, Any]) -> bytes:
    return json.dumps(listed, indent=1).encode("ascii") + b"\n"


def _html(listed: dict[str, Any]) -> bytes:
    sites = "".join(
        f'<li><a href="{escape(one["url"])}">{escape(one["url"])}</a>'
        f"<small>{escape(one['site'])}, {escape(one['region'])}: {escape(one['reason'])}</small></li>\n"
        for one in listed["sites"]
    )
    drops = "".join(f"<li>{escape(one['site'])}<small>{escape(one['reason'])}</small></li>\n" for one in listed["dropped"])
    return _PAGE.format(
        service=escape(listed["service"]),
        style=_STYLE,
        path=escape(listed["path"]),
        client=escape(listed["client"]),
        why=escape(listed["why"]),
        sites=sites,
        dropped=f"<h2>Not now</h2>\n<ul>\n{drops}</ul>\n" if drops else "",
    ).encode()


def wants_json(accept: bytes) -> bool:
    """RFC 9110 section 12.5.1, for two types to choose from; people get the page when both are as welcome."""
    weights = dict(_ranges(accept.decode("latin-1").lower()))
    return _weight(weights, "application/json") > _weight(weights, "text/html")


def _weight(weights: dict[str, float], media_type: str) -> float:
    group = media_type.partition("/")[0] + "/*"
    return next((weights[name] for name in (media_type, group, "*/*") if name in weights), 0.0)


def _ranges(accept: str) -> list[tuple[str, float]]:
    found = []
    for text in accept.split(","):
        name, *parameters = (part.strip() for part in text.split(";"))
        quality = next((value[2:] for value in parameters if value.startswith("q=")), "1")
        try:
            found.append((name, float(quality)))
        except ValueError:
            found.append((name, 0.0))
    return found
