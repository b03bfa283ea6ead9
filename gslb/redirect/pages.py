"""The pages: every answer of a World, written but for the path. Control writes them; workers only look up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gslb.model import Choice, Configuration, ContentSet, Decision, Door, Limits, Service, Site, View, Why, World
from gslb.redirect.hosts import Hosts, hosts_of
from gslb.redirect.links import Links, links_to
from gslb.redirect.location import LOCATION_MAX
from gslb.redirect.own import own_url
from gslb.redirect.peers import Trust, trust_of
from gslb.redirect.reply import TEXT, write_head

if TYPE_CHECKING:
    from gslb.steering import Outcome, Table

NOTHING: Final[Mapping[Why, str]] = {
    Why.ALL_DOWN: "No mirror is up. Please try again in a while.",
    Why.ALL_DOWN_ADDRESSES: "No mirror is up. Please try again in a while.",
    Why.RESTRICTED: "No mirror serves this network.",
    Why.NO_ADDRESS: "No mirror can be reached this way (address family, or https).",
}
_NOTHING_ELSE: Final = "No mirror can serve this now. Please try again in a while."


@dataclass(frozen=True, slots=True)
class Page:
    """A redirect: `start`, the path, and `fresh` or `stale`. Without a site `start` is empty and `fresh` a whole 503.

    `room` is how many octets of path a Location has room for; `body` is what a 503 says. `links` tell of other sites too;
    the table's pages are without.
    """

    start: bytes
    fresh: bytes
    stale: bytes
    room: int
    body: bytes
    service: str
    why: Why
    sites: tuple[str, ...]
    ttl_s: int
    counter: tuple[str, ...]
    links: Links | None = None


@dataclass(frozen=True, slots=True)
class Prefixes:
    """Release sets of a service that some site may lack, the longest prefix first.

    A set that every site carries, and that nobody scans, takes no site away, so the table has the answer.
    """

    sets: tuple[tuple[str, ContentSet | None], ...] = ()

    def find(self, path: str) -> ContentSet | None:
        """The set that decides about this decoded path, None if none does."""
        for prefix, content in self.sets:
            if path.startswith(prefix):
                return content
        return None


@dataclass(frozen=True, slots=True)
class Pages:
    """`outcomes` are in the order of the table's; None is one of the other door. `own` are our own URLs, by service and
    whether with TLS: "" where none is known.
    """

    world: int
    hosts: Hosts
    trust: Trust
    prefixes: Mapping[str, Prefixes]
    sites: Mapping[str, Site]
    own: Mapping[tuple[str, bool], str]
    outcomes: tuple[Page | None, ...]


def build_pages(world: World, table: Table) -> Pages:
    configuration = world.configuration
    sites = {site.id: site for site in configuration.sites}
    return Pages(
        world.number,
        hosts_of(configuration.services),
        trust_of(configuration.listen.trusted_proxies),
        {service.host: _prefixes(service, configuration) for service in configuration.services},
        sites,
        {(one.host, tls): own_url(configuration, one, tls) or "" for one in configuration.services for tls in (False, True)},
        tuple(_page(outcome, sites, world.number) for outcome in table.outcomes),
    )


def _prefixes(service: Service, configuration: Configuration) -> Prefixes:
    carried = [site.content for site in configuration.sites if site.content is not None]
    decide = {one for one in service.content if one.scanned or any(one.name not in content for content in carried)}
    longest = sorted(service.content, key=lambda one: -len(one.prefix))
    return Prefixes(tuple((one.prefix, one if one in decide else None) for one in longest)) if decide else Prefixes()


def _page(outcome: Outcome, sites: Mapping[str, Site], world: int) -> Page | None:
    if outcome.view.door is not Door.HTTP:
        return None
    return write_page(outcome.service, outcome.view, outcome.why, outcome.choices, outcome.ttl_s, sites, world)


def write_decision(decision: Decision, service: str, view: View, pages: Pages, limits: Limits) -> Page:
    """The same, for what the table does not have, with links."""
    told = decision.choices[: decision.told]
    page = write_page(service, view, decision.why, told, decision.ttl_s, pages.sites, decision.world)
    if not page.start or not limits.links:
        return page
    linked = [pages.sites[choice.site] for choice in decision.choices[: limits.links]]
    urls = [(site, url_of(site, view) or site.url) for site in linked]
    return replace(page, links=links_to(urls, pages.own[service, view.tls], limits.link_octets))


def write_page(
    service: str, view: View, why: Why, told: Sequence[Choice], ttl_s: int, sites: Mapping[str, Site], world: int
) -> Page:
    names = tuple(choice.site for choice in told)
    counter = ("gslb_http_steered_total", service, names[0] if names else "", why.value)
    url = url_of(sites[names[0]], view) if names else None
    if url is None:
        text = f"{NOTHING.get(why, _NOTHING_ELSE)}\n".encode()
        fresh, stale = (_unavailable(why, world, ttl_s, len(text), mark) for mark in (False, True))
        return Page(b"", fresh, stale, 0, text, service, why, (), ttl_s, counter)
    start = f"HTTP/1.1 302 Found\r\nLocation: {url[:-1]}".encode("ascii")
    fresh, stale = (_rest(names[0], why, world, mark) for mark in (False, True))
    return Page(start, fresh, stale, LOCATION_MAX - len(url) + 1, b"", service, why, names, ttl_s, counter)


def url_of(site: Site, view: View) -> str | None:
    return site.url_https if view.tls else site.url


def decision_field(site: str, why: Why, world: int, stale: bool) -> str:
    """RFC 8941 section 3.3: a string with parameters; the empty string is no site."""
    return f'"{site}";why={why.value};world={world}' + (";stale" if stale else "")


def _rest(site: str, why: Why, world: int, stale: bool) -> bytes:
    """Behind the path. A redirect that somebody keeps pins a client to a site that may die (RFC 9111 section 5.2.2)."""
    told = decision_field(site, why, world, stale)
    return f"\r\nContent-Length: 0\r\nCache-Control: private, no-store\r\nGSLB-Decision: {told}\r\n".encode("ascii")


def _unavailable(why: Why, world: int, ttl_s: int, octets: int, stale: bool) -> bytes:
    fields = (
        ("Retry-After", str(ttl_s)),
        ("Content-Type", TEXT),
        ("Cache-Control", "private, no-store"),
        ("GSLB-Decision", decision_field("", why, world, stale)),
    )
    return write_head(503, fields, octets)
