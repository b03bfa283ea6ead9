"""Query in, answer out: the hot path of the DNS door.

A query goes through cheap rejects, then the cache of whole answers by the octets of the query, then the
parser, the tree of names, and for a steered name the client's class and slot in the table. What comes out is
joined from pieces that were written ahead. Nothing in here waits, and no exception leaves it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

from gslb.dns.answer import Answer, empty
from gslb.dns.chaos import chaos_answers
from gslb.dns.codes import (
    ANY,
    ANY_CLASS,
    AXFR,
    BADVERS,
    CH,
    EDE_NOT_AUTHORITATIVE,
    EDE_NOT_SUPPORTED,
    EDE_OTHER,
    FORMERR,
    IN,
    IXFR,
    NOTIMP,
    OPT,
    RCODE_NAMES,
    REFUSED,
    SERVFAIL,
    TCP_MAX,
    TRANSPORT_NAMES,
    TSIG,
    TXT,
    TYPE_NAMES,
    UDP_MAX,
    UDP_MIN,
    UDP_TRANSPORT,
)
from gslb.dns.cursor import Malformed
from gslb.dns.edns import BadOption, Edns, error_option, keepalive_option, nsid_option, opt_record
from gslb.dns.observer import Observer
from gslb.dns.reply import bad_version, header_only, not_implemented, truncated, whole, without_authority
from gslb.dns.serving import STEERED_TYPES, Asker, Kept, Served, Serving
from gslb.dns.signed import answer_signed
from gslb.dns.wire import HEADER_OCTETS, Query, read_query
from gslb.model import ADDRESS_BITS, Family
from gslb.model.counting import Counters, add
from gslb.steering import Located
from gslb.steering.sample import Sample, network_of, sample

OUT_OF_ZONE: Final = empty(REFUSED, error_option(EDE_NOT_AUTHORITATIVE))
NO_TRANSFER: Final = empty(REFUSED, error_option(EDE_NOT_SUPPORTED, "no zone transfer"))
OTHER_CLASS: Final = empty(REFUSED, error_option(EDE_NOT_SUPPORTED, "class"))
OPCODE_BITS: Final = 0x78  # of the third octet
META_TYPES: Final = frozenset((OPT, TSIG))
TRANSFERS: Final = frozenset((AXFR, IXFR))

CACHED_QUERY_MAX: Final = 200  # octets; what people send has 40 to 90
SAMPLE_EVERY_S: Final = 0.1


class Responder:
    """Answers messages from the Serving that was swapped in last. One thread; the counters are the caller's.

    `on_new_class` is told of one client of each class once a World; `on_sample` of an answer every SAMPLE_EVERY_S at most.
    """

    def __init__(
        self,
        serving: Serving,
        *,
        node: str,
        counters: Counters | None = None,
        on_new_class: Callable[[str, Located], None] | None = None,
        on_sample: Callable[[Sample], None] | None = None,
        tcp_idle_s: float = 10.0,
        kept_max: int = 16384,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.counters: Counters = {} if counters is None else counters
        self.observer: Observer | None = None
        self.served: Served | None = None  # how the last answer came about, for who observes
        self._serving = serving
        self._stale = False
        self._nsid = nsid_option(node)
        self._keepalive = keepalive_option(tcp_idle_s)
        self._chaos = chaos_answers(node)
        self._on_new_class = on_new_class
        self._on_sample = on_sample
        self._next_sample_s = 0.0
        self._clock, self._wall = clock, wall
        self._kept_max = kept_max
        self._peers: dict[str, tuple[Family, int]] = {}

    @property
    def serving(self) -> Serving:
        return self._serving

    def swap(self, serving: Serving) -> None:
        """From the next message on, answers come from this World, which counts as fresh."""
        self._stale = False
        self._serving = serving

    @property
    def stale(self) -> bool:
        return self._stale

    @stale.setter
    def stale(self, stale: bool) -> None:
        """Set by who hears from control: without news, answers say so and hold for the shortest time."""
        if stale != self._stale:
            self._stale = stale
            self._serving.kept.clear()

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
        kept = None if tcp else serving.kept.get(key) or serving.kept.get((key, peer))
        if kept is None:
            kept = self._answer(serving, wire, peer, tcp)
        tail, names, kind, served = kept
        self.served = served
        counters = self.counters
        for name in names:
            counters[name] = counters.get(name, 0) + 1
        if served is not None and self._on_sample is not None and self._clock() >= self._next_sample_s:
            self._next_sample_s = self._clock() + SAMPLE_EVERY_S
            steered, asker = served.steered, served.asker
            network = network_of(serving.world, steered.service, asker.family, asker.address, asker.length)
            self._on_sample(sample(serving.world, steered, network, TYPE_NAMES.get(kind, str(kind)), served.located.scope))
        return wire[:2] + tail

    def _answer(self, serving: Serving, wire: bytes, peer: str, tcp: int) -> Kept:
        try:
            query = read_query(wire)
        except Malformed as error:
            return self._unread(wire, error, tcp)
        if query.tsig:
            return self._signed(serving, wire, query, peer, tcp)
        edns = query.edns
        if wire[2] & OPCODE_BITS:
            opt = b"" if edns is None else opt_record(edns.do, error_option(EDE_NOT_SUPPORTED))
            return not_implemented(wire, opt), (_counter(tcp, 0, NOTIMP),), 0, None
        if edns is not None and edns.version:
            return bad_version(query, edns, wire[2] & 1), (_counter(tcp, query.type, BADVERS),), 0, None
        if query.type in META_TYPES:  # RFC 6891 section 6.1.1, RFC 8945 section 4.2: they are not data
            opt = b"" if edns is None else opt_record(edns.do)
            return header_only(wire, FORMERR, opt), (_counter(tcp, query.type, FORMERR),), 0, None
        return self._data(serving, wire, query, peer, tcp)

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
            return not_implemented(wire), (_counter(tcp, 0, NOTIMP),), 0, None
        opt = b""
        if isinstance(error, BadOption):
            opt = opt_record(error.do, error_option(EDE_OTHER, str(error)))
        return header_only(wire, FORMERR, opt), (_counter(tcp, 0, FORMERR),), 0, None

    def _data(self, serving: Serving, wire: bytes, query: Query, peer: str, tcp: int) -> Kept:
        answer, served = self._choose(serving, query, peer)
        edns, question = query.edns, query.question
        opt = b"" if edns is None else self._opt(edns, answer, served, tcp)
        tail = whole(answer, question, len(query.name), wire[2] & 1, opt)
        if query.klass == ANY_CLASS:
            tail = without_authority(tail)
        counters = [_counter(tcp, query.type, answer.rcode)]
        limit = _limit(edns, tcp)
        if len(tail) + 2 > limit:
            tail = truncated(tail, question, edns, opt, limit)
            counters.append(("gslb_dns_truncated_total", TRANSPORT_NAMES[tcp]))
        if edns is not None and edns.subnet is not None:
            counters.append(("gslb_dns_client_subnet_total", str(edns.subnet.octets[1])))
        if served is not None:
            counters += self._steered(serving, served)
        kept = (tail, tuple(counters), query.type, served)
        if not tcp and query.name in serving.book.tree.nodes and _repeats(wire, query):
            self._keep(serving, wire[2:] if _anybodys(served) else (wire[2:], peer), kept)
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
        if service is None or kind not in STEERED_TYPES:
            return answer, None
        served = serving.serve(service, kind, self._asker(query.edns, peer))
        if served is None:
            return answer, None
        answer = served.steered.stale if self._stale else served.steered.fresh
        return (answer.secure or answer) if do else answer, served

    def _asker(self, edns: Edns | None, peer: str) -> Asker:
        """RFC 7871 section 7.1.2: without a subnet, or with one of length 0, the resolver is the client."""
        resolver = self._peer(peer)
        subnet = None if edns is None else edns.subnet
        if subnet is None or not subnet.length:
            return Asker(*resolver, ADDRESS_BITS[resolver[0]])
        return Asker(subnet.family, subnet.network, subnet.length, resolver)

    def _peer(self, peer: str) -> tuple[Family, int]:
        known = self._peers.get(peer)
        if known is None:
            address = ip_address(peer)
            known = address.version, int(address)
            if len(self._peers) >= self._kept_max:
                self._peers.clear()
            self._peers[peer] = known
        return known

    def _opt(self, edns: Edns, answer: Answer, served: Served | None, tcp: int) -> bytes:
        subnet, options = edns.subnet, answer.error
        if subnet is not None:
            # RFC 7871 section 7.2.1: 0 where nothing depends on the client, and for one that opted out.
            scope = served.located.scope if served is not None and subnet.length else 0
            options = subnet.option(scope) + options
        if edns.nsid:
            options += self._nsid
        if tcp and edns.keepalive:  # RFC 7828 section 3.3.2: never over UDP
            options += self._keepalive
        return opt_record(edns.do, options)

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

    def _keep(self, serving: Serving, key: bytes | tuple[bytes, str], kept: Kept) -> None:
        if len(serving.kept) >= self._kept_max:
            serving.kept.clear()
        serving.kept[key] = kept


def _counter(tcp: int, kind: int, rcode: int) -> tuple[str, ...]:
    return ("gslb_dns_answers_total", TRANSPORT_NAMES[tcp], TYPE_NAMES.get(kind, "other"), RCODE_NAMES[rcode])


def _limit(edns: Edns | None, tcp: int) -> int:
    """Octets of an answer (RFC 6891 section 6.2.3, RFC 9715 section 3.1)."""
    if tcp:
        return TCP_MAX
    return UDP_MIN if edns is None else min(max(edns.size, UDP_MIN), UDP_MAX)


def _repeats(wire: bytes, query: Query) -> bool:
    """Whether a query for a name that exists will come again as it is: not with random case, nor a cookie."""
    unusual = query.edns is not None and query.edns.other
    return not unusual and len(wire) <= CACHED_QUERY_MAX and query.question.startswith(query.name)


def _anybodys(served: Served | None) -> bool:
    """Whether it is the same whoever asks; a subnet of no place is placed by the resolver's address."""
    return served is None or (served.asker.resolver is not None and served.located.client.special is None)
