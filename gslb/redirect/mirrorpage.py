"""`?mirrorlist` as a page for people: a map, the sites in order, and the reason of each."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from typing import Any, Final

from gslb.model import Location
from gslb.redirect import mirrormap
from gslb.redirect.mirrormap import Spot, draw_map

_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "li{margin:.6rem 0}small{display:block;color:#555}a{overflow-wrap:anywhere}" + mirrormap.STYLE
)
# No script, no other source of anything: what stands in a path can do nothing, even if it were not escaped.
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Mirrors of {service}</title><style>{style}</style></head>
<body><h1>Mirrors of {service}</h1>
<p>For <code>{path}</code>, in the order in which clients in {client} are sent there ({why}).</p>
{map}
<ol>
{sites}</ol>
{dropped}</body></html>
"""


def write_page(listed: dict[str, Any], where: Location | None) -> bytes:
    """`listed` is what programs get; `where` is where the client seems to be."""
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
        map=draw_map(_spots(listed, where)),
        sites=sites,
        dropped=f"<h2>Not now</h2>\n<ul>\n{drops}</ul>\n" if drops else "",
    ).encode()


def _spots(listed: dict[str, Any], where: Location | None) -> Iterator[Spot]:
    for one in listed["dropped"]:
        yield Spot("dropped", Location(*one["location"]), f"{one['site']}: {one['reason']}")
    for one in reversed(listed["sites"]):
        kind = "chosen" if one["rank"] == 1 else "kept"
        yield Spot(kind, Location(*one["location"]), f"{one['rank']}. {one['site']}: {one['reason']}")
    if where is not None:
        yield Spot("client", where, "you, as far as is known")
