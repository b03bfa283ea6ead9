"""One request, once it is known for which service it is and from whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gslb.model import ADDRESS_BITS, Choice, Client, Decision, Request, Site, View
from gslb.redirect.location import Target, location, plain_path
from gslb.redirect.pages import url_of
from gslb.redirect.peers import Peer
from gslb.redirect.serving import Serving, Wish
from gslb.steering import decide


class Visit(NamedTuple):
    """`fields` are those of the request that are looked at, by name in lower case."""

    serving: Serving
    service: str
    view: View
    client: Peer
    target: Target
    wish: Wish
    stale: bool
    fields: Mapping[bytes, bytes]

    def place(self) -> Client:
        client = self.client
        return self.serving.locator.find(self.service, client.family, client.address, ADDRESS_BITS[client.family]).client

    def decide(self, trace: bool = False) -> Decision:
        wish = self.wish
        request = Request(self.service, self.view, plain_path(self.target.path), wish.nth, wish.avoid, wish.pledged)
        return decide(self.serving.world, self.place(), request, trace)

    def site(self, choice: Choice) -> Site:
        return self.serving.pages.sites[choice.site]

    def url(self, site: Site) -> str:
        """Where a redirect to this site, which is eligible, would go. Raises Refusal where that is too long."""
        url = url_of(site, self.view) or site.url
        return location(url.encode("ascii"), self.target.suffix).decode("ascii")
