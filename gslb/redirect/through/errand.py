"""What one client is to get, and which sites may give it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple
from urllib.parse import urlsplit

from gslb.model import Address, Client, Door, Hold, HoldingKey, ManifestFile, Request, Site, View, Why, named_by_content
from gslb.redirect.pages import url_of
from gslb.redirect.serving import Serving, Wish
from gslb.redirect.through.heads import Asked
from gslb.redirect.through.origin import Source
from gslb.steering import decide
from gslb.steering.holding import file_of, same_file


class Errand(NamedTuple):
    """`target` is path and query as the site is to get them, `path` the decoded path; `owner` is whom the stream counts for.

    `serving` gives the newest: a site that stops in the middle may have been found down since.
    """

    service: str
    view: View
    client: Client
    owner: Hashable
    wish: Wish
    target: bytes
    path: str
    asked: Asked
    if_range: bytes | None
    serving: Callable[[], Serving]
    stale: bool = False

    @property
    def method(self) -> bytes:
        return b"HEAD" if self.asked.head else b"GET"


class Offer(NamedTuple):
    why: Why
    world: int
    sources: tuple[Source, ...]


def offer(errand: Errand) -> Offer:
    """Who may serve it, best first: the first address of each site, then the others, for a site with one dead address."""
    serving, wish = errand.serving(), errand.wish
    request = Request(errand.service, errand.view, wish.path, wish.nth, wish.avoid, wish.pledged)
    decision = decide(serving.world, errand.client, request, trace=False)
    found: list[tuple[int, Source]] = []
    for choice in decision.choices:
        site = serving.pages.sites.get(choice.site)
        if site is not None:
            found += enumerate(_sources(serving, errand, site, choice.addresses))
    return Offer(decision.why, decision.world, tuple(source for _, source in sorted(found, key=lambda one: one[0])))


def _sources(serving: Serving, errand: Errand, site: Site, addresses: tuple[Address, ...]) -> list[Source]:
    url = urlsplit(url_of(site, errand.view) or site.url)
    tls = url.scheme == "https"
    name, port = url.hostname or "", url.port or (443 if tls else 80)
    target = url.path.encode("ascii")[:-1] + errand.target
    return [
        Source(site.id, address, port, tls, url.netloc, name, target, *_generation(serving, errand, site, address.version))
        for address in addresses
    ]


def _generation(serving: Serving, errand: Errand, site: Site, family: int) -> tuple[str, bool]:
    """At which the site holds the release set of the path, "" where nobody knows, or no set has it; and whether that is sure.

    What it had last is what its files are held to, though nobody could look lately; to put two sites together takes more.
    """
    key = HoldingKey(errand.service, errand.wish.content, Door.HTTP, site.id, 4 if family == 4 else 6)
    holding = serving.world.holdings.get(key)
    if holding is None or holding.hold not in (Hold.GOOD, Hold.UNKNOWN):
        return "", False
    return holding.generation, holding.hold is Hold.GOOD


def known_file(errand: Errand, generation: str) -> ManifestFile | None:
    """What the manifest of that generation says of this file."""
    if not generation:
        return None
    serving = errand.serving()
    content = serving.pages.prefixes[errand.service].find(errand.path)
    if content is None or content.name != errand.wish.content:
        return None
    return file_of(serving.world, generation, content, errand.path)


def surely_same(errand: Errand, here: ManifestFile | None, first: str, then: str) -> bool | None:
    """Whether two generations have the same octets there; None: nobody knows, and the validators have to tell.

    `here` is what the manifest of the `first` said when it began.
    """
    if named_by_content(errand.path):
        return True
    if not first or not then:
        return None
    if first == then:
        return True if here is not None else None
    return same_file(here, known_file(errand, then))
