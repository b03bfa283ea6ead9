"""Request in, redirect out: the hot path of the HTTP door.

A request goes through cheap rejects, then to its service by Host, to the client (the peer, or whom a trusted proxy names),
and to the client's class and slot in the table. What comes out was written ahead but for the path. Nothing in here waits,
and no exception leaves it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from gslb.model import SetKey, View
from gslb.model.counting import Counters, add
from gslb.redirect import documents
from gslb.redirect.agents import SCRIPT, Clients
from gslb.redirect.boot.door import BootDoor, Call, OnMeasured
from gslb.redirect.inquiry import Inquiry
from gslb.redirect.location import Target, plain_path, read_target
from gslb.redirect.mirrorlist import write_mirrorlist
from gslb.redirect.peers import Peer, forwarded_for, forwarded_tls, read_address
from gslb.redirect.refusal import Refusal
from gslb.redirect.reply import Reply, refuse
from gslb.redirect.second import second_choice
from gslb.redirect.selfcheck import SELF_HOST, self_reply
from gslb.redirect.serving import NO_WISH, Served, Serving, Wish
from gslb.redirect.staying import Staying
from gslb.redirect.through import Through
from gslb.redirect.visit import Visit
from gslb.steering import Located
from gslb.steering.flows import FlowCounts
from gslb.steering.holding import generations_of
from gslb.steering.sample import Sample, network_of, sample

SAMPLE_EVERY_S: Final = 0.1
HOP_MAX: Final = 100  # octets of one hop: an address with zone, port and blanks; longer ones would only fill the memory
METHODS: Final = frozenset((b"GET", b"HEAD"))
_VIEWS: Final = {(4, False): View.HTTP4, (6, False): View.HTTP6, (4, True): View.HTTPS4, (6, True): View.HTTPS6}
_ANSWERED: Final = {status: ("gslb_http_responses_total", str(status)) for status in (200, 302, 404, 503)}


class Redirector:
    """Answers requests from the Serving that was swapped in last. One thread; the counters are the caller's.

    `on_new_class` is told of one client of each class once a World; `on_sample` of an answer every SAMPLE_EVERY_S at most.
    """

    def __init__(
        self,
        serving: Serving,
        *,
        node: str,
        counters: Counters | None = None,
        flows: FlowCounts | None = None,
        on_new_class: Callable[[str, Located], None] | None = None,
        on_sample: Callable[[Sample], None] | None = None,
        kept_max: int = 16384,
        on_measured: OnMeasured | None = None,
        through: Through | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counters: Counters = {} if counters is None else counters
        self.flows = FlowCounts() if flows is None else flows
        self.stale = False  # set by who hears from control: without news, answers say so
        self._clients = Clients(self.counters)
        self._asked_of, self._script = "", False  # of the request at hand: its service, and whether it is for a boot script
        self._serving = serving
        self._self_reply = self_reply(node)
        self._on_new_class = on_new_class
        self._on_sample = on_sample
        self._next_sample_s = 0.0
        self._clock = clock
        self._kept_max = kept_max
        self.boot = BootDoor(self.counters, on_measured)
        self.staying = Staying(self.counters, clock)
        self.through = through
        self._hops: dict[str, Peer | None] = {}

    def swap(self, serving: Serving) -> None:
        """From the next request on, answers come from this World, which counts as fresh."""
        self.stale = False
        self._serving = serving

    def trusts(self, peer: Peer) -> bool:
        """Whether what this peer says of clients is believed."""
        return peer in self._serving.pages.trust

    def respond(self, inquiry: Inquiry, peer: Peer, tls: bool) -> Reply:
        """The answer to a request that came from `peer`, over TLS or not."""
        self._asked_of, self._script = "", False
        try:
            reply = self._respond(self._serving, inquiry, peer, tls)
        except Refusal as refusal:
            reply = self.refuse(refusal.status, refusal.text)
        except Exception as error:  # the one recover at the edge: a bug costs one answer, and is counted
            add(self.counters, "gslb_http_failures_total", type(error).__name__)
            reply = self.refuse(500, "This request failed here. That is a bug of the redirector.")
        else:
            if reply.stream is None:  # else it is counted when it has a status
                key = _ANSWERED[reply.status]
                self.counters[key] = self.counters.get(key, 0) + 1
        if reply is not self._self_reply:
            status = SCRIPT if self._script and reply.status == 200 else reply.status
            self._clients.answered(self._asked_of, inquiry.fields.get(b"user-agent", b""), status)
        return reply

    def turn_away(self, status: int, text: str) -> Reply:
        """To a request that could not be read: of whom it is, and for which service, is not known."""
        self._clients.answered("", b"", status)
        return self.refuse(status, text)

    def refuse(self, status: int, text: str) -> Reply:
        add(self.counters, "gslb_http_responses_total", str(status))
        return refuse(status, text)

    def _respond(self, serving: Serving, inquiry: Inquiry, peer: Peer, tls: bool) -> Reply:
        fields, hosts = inquiry.fields, serving.pages.hosts
        host = fields.get(b"host")
        if inquiry.method not in METHODS:
            hosts.check(host, inquiry.http10)
            raise Refusal(405, "Only GET and HEAD are answered here.")
        target = read_target(inquiry.target)
        if target.authority is not None:  # RFC 9112 section 3.2.2: then Host does not count, though it has to be there
            hosts.check(host, inquiry.http10)
            host = target.authority
        if host == SELF_HOST:
            return self._self_reply
        service = self._asked_of = hosts.find(host, inquiry.http10)
        if b"x-forwarded-for" in fields or b"x-forwarded-proto" in fields:
            peer, tls = self._forwarded(serving, inquiry, peer, tls)
        view = _VIEWS[peer.family, tls]
        if target.path.startswith(b"/~"):
            own = self.boot.find(serving, service, target.path)
            if own is not None:
                counts, self._script = inquiry.method == b"GET", own.image is not None
                return self.boot.answer(serving, own, Call(service, view, peer, target, self.stale, counts))
        asked = documents.asked(serving.world, service, target, fields)
        target = target if asked is None else asked.target
        wish = self._wish(serving, service, view, peer, target)
        if wish.nth > 1 or wish.avoid:
            self._second(serving, service, view, peer, wish, fields)
        if target.mirrorlist or asked is not None:
            visit = Visit(serving, service, view, peer, target, wish, self.stale, fields)
            return self._about(visit, asked)
        served = serving.steer(service, view, peer, wish)
        self._tell(serving, served, peer, tls, wish)
        through = self.through
        if through is not None and served.page.start and through.wants(serving, service, fields.get(b"user-agent", b"")):
            visit = Visit(serving, service, view, peer, target, wish, self.stale, fields)
            return through.reply(visit, served.located, inquiry.method == b"HEAD", lambda: self._serving)
        return self._write(serving, served, target, view, wish, fields)

    def _about(self, visit: Visit, asked: documents.Asked | None) -> Reply:
        """What is told of a file in place of a redirect to it."""
        reply = write_mirrorlist(visit) if asked is None else documents.write_document(visit, asked)
        form = "mirrorlist" if asked is None else asked.form.value
        add(self.counters, "gslb_http_documents_total", visit.service, form)
        return reply

    def _write(
        self, serving: Serving, served: Served, target: Target, view: View, wish: Wish, fields: Mapping[bytes, bytes]
    ) -> Reply:
        page = served.page
        rest = page.stale if self.stale else page.fresh
        if not page.start:
            return Reply(503, rest, page.body)
        if len(target.suffix) > page.room:
            raise Refusal(414, "The redirect would be longer than 2 KB.")
        return Reply(302, page.start + target.suffix + rest + second_choice(serving, page, target, view, wish, fields))

    def _wish(self, serving: Serving, service: str, view: View, peer: Peer, target: Target) -> Wish:
        pages = serving.pages
        prefixes = pages.prefixes[service]
        if not prefixes.sets and target.nth == 1 and not target.avoid:
            return NO_WISH
        path = plain_path(target.path)
        content = prefixes.find(path)
        # Sites that nobody knows are avoided anyway, and would fill the memory of decisions.
        avoid = frozenset(site for name in target.avoid if (site := name.decode("ascii")) in pages.sites)
        nth = min(target.nth, len(pages.sites))
        if content is None:
            return NO_WISH if nth == 1 and not avoid else Wish(path, "", nth, avoid)
        name = path[len(content.prefix) :]
        key = SetKey(service, content.name)
        pledged = self.staying.at(serving, key, content, name, view, peer)
        generations = generations_of(serving.world).wanted(key, content, name, pledged)
        return Wish(path, content.name, nth, avoid, generations, pledged)

    def _forwarded(self, serving: Serving, inquiry: Inquiry, peer: Peer, tls: bool) -> tuple[Peer, bool]:
        trust = serving.pages.trust
        if peer not in trust:
            return peer, tls
        hops = 1
        header = inquiry.fields.get(b"x-forwarded-for")
        if header is not None:
            add(self.counters, "gslb_http_forwarded_total", "x-forwarded-for")
            peer, hops = forwarded_for(peer, header, trust, self._hop)
        return peer, forwarded_tls(inquiry.fields.get(b"x-forwarded-proto", b""), hops, tls)

    def _hop(self, text: str) -> Peer | None:
        if len(text) > HOP_MAX:
            return None
        if text not in self._hops:
            if len(self._hops) >= self._kept_max:
                self._hops.clear()
            self._hops[text] = read_address(text)
        return self._hops[text]

    def _tell(self, serving: Serving, served: Served, client: Peer, tls: bool, wish: Wish) -> None:
        page, counters = served.page, self.counters
        counters[page.counter] = counters.get(page.counter, 0) + 1
        self.flows.add(page.service, served.located, "http", page.sites[0] if page.sites else "")
        if served.new_class is not None:
            self._report(serving, page.service, served.located)
        elif wish is not NO_WISH:
            add(counters, "gslb_http_decided_total", page.service, "request")
        if self._on_sample is not None and self._clock() >= self._next_sample_s:
            self._next_sample_s = self._clock() + SAMPLE_EVERY_S
            network = network_of(serving.world, page.service, client.family, client.address)
            self._on_sample(sample(serving.world, page, network, "https" if tls else "http", served.located))

    def _second(self, serving: Serving, service: str, view: View, peer: Peer, wish: Wish, fields: Mapping[bytes, bytes]) -> None:
        """Somebody wants another site than the first: most likely that one did not do."""
        agent = fields.get(b"user-agent", b"")
        if wish.nth > 1:
            page = serving.steer(service, view, peer, wish._replace(nth=1, avoid=frozenset())).page
            self._clients.retried(service, agent, page.sites[0] if page.sites else "")
        for site in wish.avoid:
            self._clients.avoided(service, agent, site)

    def _report(self, serving: Serving, service: str, located: Located) -> None:
        add(self.counters, "gslb_http_decided_total", service, "class")
        new = service, located.client_class
        if new not in serving.reported:
            serving.reported.add(new)
            if self._on_new_class is not None:
                self._on_new_class(service, located)
