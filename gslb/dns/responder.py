"""Query in, answer out: the hot path of the DNS door.

A query goes through cheap rejects, then the cache of whole answers by the octets of the query, then the
parser, the tree of names, and for a steered name the client's class and slot in the table. What comes out is
joined from pieces that were written ahead. Nothing in here waits, and no exception leaves it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gslb.dns.answer import Answer, empty
from gslb.dns.chaos import chaos_answers
from gslb.dns.codes import (
    ANY,
    ANY_CLASS,
    AXFR,
    BADCOOKIE,
    BADVERS,
    CH,
    EDE_NOT_AUTHORITATIVE,
    EDE_NOT_SUPPORTED,
    EDE_OTHER,
    FORMERR,
    IN,
    IXFR,
    NOERROR,
    NOTIMP,
    NXDOMAIN,
    OPCODE_BITS,
    OPT,
    RCODE_NAMES,
    REFUSED,
    SERVFAIL,
    TCP_MAX,
    TLS_TRANSPORT,
    TRANSPORT_NAMES,
    TSIG,
    TXT,
    TYPE_NAMES,
    UDP_MAX,
    UDP_MIN,
    UDP_TRANSPORT,
)
from gslb.dns.compact import EDE_INVALID_TYPE, NOT_FOR, NXNAME
from gslb.dns.cookies import FULL_OCTETS, Jar, Seen, tail_octets
from gslb.dns.cursor import Malformed
from gslb.dns.edns import BadOption, Edns, error_option, keepalive_option, nsid_option, opt_record, padded
from gslb.dns.observer import Observer
from gslb.dns.peers import Peers
from gslb.dns.ratelimit import RateLimiter, instead
from gslb.dns.reply import (
    bad_version,
    brief,
    cookie_alone,
    header_only,
    not_implemented,
    truncated,
    whole,
    without_authority,
)
from gslb.dns.sealing import signed
from gslb.dns.serving import STEERED_TYPES, Kept, Served, Serving
from gslb.dns.signed import answer_signed
from gslb.dns.wire import HEADER_OCTETS, Query, read_query
from gslb.model.counting import Counters, add
from gslb.steering import Located
from gslb.steering.flows import UNSTEERED, FlowCounts
from gslb.steering.sample import Sample, network_of, sample

OUT_OF_ZONE: Final = empty(REFUSED, error_option(EDE_NOT_AUTHORITATIVE))
NO_TRANSFER: Final = empty(REFUSED, error_option(EDE_NOT_SUPPORTED, "no zone transfer"))
OTHER_CLASS: Final = empty(REFUSED, error_option(EDE_NOT_SUPPORTED, "class"))
META_TYPES: Final = frozenset((OPT, TSIG))
TRANSFERS: Final = frozenset((AXFR, IXFR))

CACHED_QUERY_MAX: Final = 200  # octets; what people send has 40 to 90
SAMPLE_EVERY_S: Final = 0.1


class Responder:
    """Answers messages from the Serving that was swapped in last. One thread; the counters are the caller's.

    `on_new_class` is told of one client of each class once a World; `on_sample` of an answer every SAMPLE_EVERY_S at most;
    `on_denied` of names that are not there and that no compact denial is made for yet.
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
        on_denied: Callable[[bytes], None] | None = None,
        tcp_idle_s: float = 10.0,
        kept_max: int = 16384,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.counters: Counters = {} if counters is None else counters
        self.flows = FlowCounts() if flows is None else flows
        self._flowing = self.flows.counts
        self.observer: Observer | None = None
        self.served: Served | None = None  # how the last answer came about, for who observes
        self._serving = serving
        self._stale = False
        self._nsid = nsid_option(node)
        self._keepalive = keepalive_option(tcp_idle_s)
        self._chaos = chaos_answers(node)
        self._on_new_class = on_new_class
        self._on_sample = on_sample
        self._on_denied = on_denied
        self._next_sample_s = 0.0
        self._clock, self._wall = clock, wall
        self._kept_max = kept_max
        self._peers = Peers(kept_max)
        self._limiter: RateLimiter | None = None
        self._jar = self._jar_of(serving)

    @property
    def serving(self) -> Serving:
        return self._serving

    def swap(self, serving: Serving) -> None:
        """From the next message on, answers come from this World, which counts as fresh."""
        self._stale = False
        self._serving = serving
        if self._jar is None or self._jar.secrets != serving.keyring.cookies:
            self._jar = self._jar_of(serving)

    def _jar_of(self, serving: Serving) -> Jar | None:
        secrets = serving.keyring.cookies
        return Jar(secrets, self._wall, self._kept_max) if secrets else None

    @property
    def limiter(self) -> RateLimiter | None:
        return self._limiter

    @limiter.setter
    def limiter(self, limiter: RateLimiter | None) -> None:
        """None: everybody is answered. What a limited client gets instead of an answer is kept with the answers."""
        self._limiter = limiter
        self._serving.forget()

    def tell_idle(self, tcp_idle_s: float) -> None:
        """What who asks for it is told of the time-out of idle connections (RFC 7828)."""
        self._keepalive = keepalive_option(tcp_idle_s)

    @property
    def stale(self) -> bool:
        return self._stale

    @stale.setter
    def stale(self, stale: bool) -> None:
        """Set by who hears from control: without news, answers say so and hold for the shortest time."""
        if stale != self._stale:
            self._stale = stale
            self._serving.forget()

    def respond(self, wire: bytes, peer: str, tcp: int = UDP_TRANSPORT) -> bytes | None:
        """The answer to a message from `peer` (an address as text), None if it gets none. `tcp` says how it came, by the
        number of the transport: any but UDP is a stream."""
        try:
            return self._respond(wire, peer, tcp)
        except Exception as error:  # the one recover at the edge: a bug costs one answer, and is counted
            add(self.counters, "gslb_dns_failures_total", type(error).__name__)
            return wire[:2] + header_only(wire, SERVFAIL)

    def _respond(self, wire: bytes, peer: str, tcp: int) -> bytes | None:
        if len(wire) < HEADER_OCTETS or wire[2] & 0x80:
            reason = "short" if len(wire) < HEADER_OCTETS else "response"
            add(self.counters, "gslb_dns_dropped_total", TRANSPORT_NAMES[tcp], reason)
            return None
        serving = self._serving
        key = wire[2:]
        kept = None if tcp else serving.kept.get(key) or serving.kept.get((key, peer)) or self._cookied(serving, wire, peer)
        if kept is None:
            kept = self._answer(serving, wire, peer, tcp)
        if self._limiter is not None and not tcp and not kept.known and not self._limiter.admits(peer):
            if not self._limiter.dry_run:
                self.served = None
                less = instead(kept, self._limiter, self.counters)
                return less and wire[:2] + less
            add(self.counters, "gslb_dns_rate_limited_total", "dry-run")
        self.served = served = kept.served
        self._flowing[kept.flow] += 1
        counters = self.counters
        for name in kept.counters:
            counters[name] = counters.get(name, 0) + 1
        if served is not None and self._on_sample is not None and self._clock() >= self._next_sample_s:
            self._next_sample_s = self._clock() + SAMPLE_EVERY_S
            steered, asker = served.steered, served.asker
            network = network_of(serving.world, steered.service, asker.family, asker.address, asker.length)
            self._on_sample(sample(serving.world, steered, network, TYPE_NAMES.get(kept.type, str(kept.type)), served.located))
        return wire[:2] + kept.tail

    def _cookied(self, serving: Serving, wire: bytes, peer: str) -> Kept | None:
        """What is kept of this query with any cookie, made the answer to this one."""
        octets = tail_octets(wire)
        if not octets:
            return None
        kept = serving.cookied.get(wire[2:-octets]) or serving.cookied.get((wire[2:-octets], peer))
        seen = None if kept is None else self._look(wire[-octets:], peer)
        if kept is None or seen is None:
            return None
        less = kept.brief and kept.brief + seen.reply
        return Kept(kept.tail + seen.reply, kept.counters, kept.type, kept.served, less, seen.good, kept.flow)

    def _look(self, cookie: bytes | None, peer: str) -> Seen | None:
        if cookie is None or self._jar is None:
            return None
        seen = self._jar.look(cookie, self._peers.octets(peer))
        add(self.counters, "gslb_dns_cookies_total", seen.result)
        return seen

    def _answer(self, serving: Serving, wire: bytes, peer: str, tcp: int) -> Kept:
        try:
            query = read_query(wire)
        except Malformed as error:
            return self._unread(wire, error, tcp)
        if query.tsig:
            return self._signed(serving, wire, query, peer, tcp)
        edns = query.edns
        seen = None if edns is None else self._look(edns.cookie, peer)
        known, cookie = (False, b"") if seen is None else (seen.good, seen.reply)
        if wire[2] & OPCODE_BITS:
            opt = b"" if edns is None else opt_record(edns.do, error_option(EDE_NOT_SUPPORTED), cookie=cookie)
            return Kept(not_implemented(wire, opt), (_counter(tcp, 0, NOTIMP),), known=known)
        if edns is not None and edns.version:
            return Kept(bad_version(query, edns, wire[2] & 1), (_counter(tcp, query.type, BADVERS),), query.type)
        if not query.question:
            return self._cookie_alone(wire, edns, seen, tcp)
        if query.type == NXNAME and serving.book.compact is not None:  # RFC 9824 section 3.5
            opt = b"" if edns is None else opt_record(edns.do, error_option(EDE_INVALID_TYPE), cookie=cookie)
            return Kept(header_only(wire, FORMERR, opt), (_counter(tcp, query.type, FORMERR),), query.type, known=known)
        if query.type in META_TYPES:  # RFC 6891 section 6.1.1, RFC 8945 section 4.2: they are not data
            opt = b"" if edns is None else opt_record(edns.do, cookie=cookie)
            return Kept(header_only(wire, FORMERR, opt), (_counter(tcp, query.type, FORMERR),), query.type, known=known)
        return self._data(serving, wire, query, peer, tcp, seen)

    def _cookie_alone(self, wire: bytes, edns: Edns | None, seen: Seen | None, tcp: int) -> Kept:
        if edns is None or seen is None:  # who makes no cookies does not know such a query (RFC 7873 section 5.4)
            return Kept(header_only(wire, FORMERR), (_counter(tcp, 0, FORMERR),))
        valid = seen.good or seen.result == "client"
        tail = cookie_alone(wire[2] & 1, edns.do, seen.reply, valid)
        return Kept(tail, (_counter(tcp, 0, NOERROR if valid else BADCOOKIE),), brief=tail, known=seen.good)

    def _signed(self, serving: Serving, wire: bytes, query: Query, peer: str, tcp: int) -> Kept:
        try:
            return answer_signed(
                wire, query, serving.keyring.tsig,
                now_s=int(self._wall()), transport=tcp, limit=_limit(query.edns, tcp),
                answer=lambda bare: self._answer(serving, bare, peer, tcp),
            )  # fmt: skip
        except Malformed as error:
            return self._unread(wire, error, tcp)

    def _unread(self, wire: bytes, error: Malformed, tcp: int) -> Kept:
        """FORMERR. Of another opcode nobody can say whether the rest is well-formed: NOTIMP."""
        if wire[2] & OPCODE_BITS:
            opt = opt_record(error.do, error_option(EDE_NOT_SUPPORTED)) if isinstance(error, BadOption) else b""
            return Kept(not_implemented(wire, opt), (_counter(tcp, 0, NOTIMP),))
        opt = b""
        if isinstance(error, BadOption):
            opt = opt_record(error.do, error_option(EDE_OTHER, str(error)))
            if error.cookie:
                add(self.counters, "gslb_dns_cookies_total", "malformed")
        return Kept(header_only(wire, FORMERR, opt), (_counter(tcp, 0, FORMERR),))

    def _data(self, serving: Serving, wire: bytes, query: Query, peer: str, tcp: int, seen: Seen | None) -> Kept:
        answer, served = self._choose(serving, query, peer)
        edns, question = query.edns, query.question
        known, cookie = (False, b"") if seen is None else (seen.good, seen.reply)
        opt = b"" if edns is None else self._opt(edns, answer, served, tcp, cookie)
        tail = whole(answer, question, len(query.name), wire[2] & 1, opt)
        if query.klass == ANY_CLASS:
            tail = without_authority(tail)
        counters = [_counter(tcp, query.type, answer.rcode)]
        unknown_max = serving.world.configuration.limits.udp_without_cookie
        limit, octets = _limit(edns, tcp, UDP_MAX if known else unknown_max), len(tail) + 2
        if octets > limit:
            tail = truncated(tail, question, edns, opt, limit, cookie)
            counters.append(("gslb_dns_truncated_total", TRANSPORT_NAMES[tcp]))
        elif tcp == TLS_TRANSPORT and edns is not None and edns.padded:  # RFC 7830 section 6: only where it hides something
            tail = padded(tail, opt)
        if edns is not None and edns.subnet is not None:
            counters.append(("gslb_dns_client_subnet_total", str(edns.subnet.octets[1])))
        if edns is not None and edns.do:
            counters.append(("gslb_dns_dnssec_answers_total", answer.seal or "unsigned"))
        flow = UNSTEERED
        if served is not None:
            counters += self._steered(serving, served)
            steered = served.steered
            flow = self.flows.number(steered.service, served.located, "dns", steered.sites[0] if steered.sites else "")
        less = b"" if tcp or self._limiter is None else brief(query, wire[2] & 1, cookie)
        kept = Kept(tail, tuple(counters), query.type, served, less, known, flow)
        if not tcp and query.name in serving.book.tree.nodes and _repeats(wire, query):
            if edns is None or edns.cookie is None:
                self._keep(serving.kept, wire[2:], peer, kept)
            elif edns.cookie_last and octets <= unknown_max:  # the same for a good cookie and a bad one
                self._keep_cookied(serving, wire[2 : -len(edns.cookie)], peer, kept)
        return kept

    def _choose(self, serving: Serving, query: Query, peer: str) -> tuple[Answer, Served | None]:
        """The answer, and for a steered one how it came about."""
        kind, klass = query.type, query.klass
        if klass not in (IN, ANY_CLASS):
            chaos = self._chaos.get(query.name) if klass == CH and kind in (TXT, ANY) else None
            return chaos or OTHER_CLASS, None
        if kind in TRANSFERS:
            return NO_TRANSFER, None
        do = query.edns is not None and query.edns.do
        found = serving.book.tree.find(query.name, kind, do)
        if found is None:
            return OUT_OF_ZONE, None
        service, answer = found
        if do and answer.rcode == NXDOMAIN and serving.book.compact is not None and kind not in NOT_FOR:
            return self._compact(serving, query.name, kind) or answer, None
        if service is None or kind not in STEERED_TYPES:
            return answer, None
        served = serving.serve(service, kind, self._peers.asker(query.edns, peer))
        if served is None:
            return answer, None
        answer = served.steered.stale if self._stale else served.steered.fresh
        return signed(answer) if do else answer, served

    def _compact(self, serving: Serving, name: bytes, kind: int) -> Answer | None:
        """None, and control hears of it, where the chain of the zone denies the name for now."""
        found, compact = serving.book.tree.find(name, kind), serving.book.compact
        answer = None if found is None or compact is None else compact.answer(name, found[1])
        if answer is None and self._on_denied is not None:
            self._on_denied(name)
        return answer

    def _opt(self, edns: Edns, answer: Answer, served: Served | None, tcp: int, cookie: bytes) -> bytes:
        subnet, options = edns.subnet, answer.error
        if subnet is not None:
            # RFC 7871 section 7.2.1: 0 where nothing depends on the client, and for one that opted out.
            scope = served.located.scope if served is not None and subnet.length else 0
            options = subnet.option(scope) + options
        if edns.nsid:
            options += self._nsid
        if tcp and edns.keepalive:  # RFC 7828 section 3.3.2: never over UDP
            options += self._keepalive
        return opt_record(edns.do, options, cookie=cookie)

    def _steered(self, serving: Serving, served: Served) -> list[tuple[str, ...]]:
        service = served.steered.service
        if served.from_table:
            return [served.steered.counter]
        new = service, served.located.client_class
        if new not in serving.reported:
            serving.reported.add(new)
            if self._on_new_class is not None:
                self._on_new_class(service, served.located)
        return [served.steered.counter, ("gslb_dns_unknown_classes_total", service)]

    def _keep_cookied(self, serving: Serving, head: bytes, peer: str, kept: Kept) -> None:
        """Without the cookie, which is the end of all."""
        if self._jar is not None:
            bare = replace(kept, tail=kept.tail[:-FULL_OCTETS], brief=kept.brief[:-FULL_OCTETS])
            self._keep(serving.cookied, head, peer, bare)

    def _keep(self, where: dict[bytes | tuple[bytes, str], Kept], key: bytes, peer: str, kept: Kept) -> None:
        if len(where) >= self._kept_max:
            where.clear()
        where[key if _anybodys(kept.served) else (key, peer)] = kept


def _counter(tcp: int, kind: int, rcode: int) -> tuple[str, ...]:
    return ("gslb_dns_answers_total", TRANSPORT_NAMES[tcp], TYPE_NAMES.get(kind, "other"), RCODE_NAMES[rcode])


def _limit(edns: Edns | None, tcp: int, most: int = UDP_MAX) -> int:
    """Octets of an answer (RFC 6891 section 6.2.3, RFC 9715 section 3.1)."""
    if tcp:
        return TCP_MAX
    return UDP_MIN if edns is None else min(max(edns.size, UDP_MIN), most)


def _repeats(wire: bytes, query: Query) -> bool:
    """Whether a query for a name that exists will come again as it is: not with random case."""
    unusual = query.edns is not None and query.edns.other
    return not unusual and len(wire) <= CACHED_QUERY_MAX and query.question.startswith(query.name)


def _anybodys(served: Served | None) -> bool:
    """Whether it is the same whoever asks; a subnet of no place is placed by the resolver's address."""
    return served is None or (served.asker.resolver is not None and served.located.client.special is None)
