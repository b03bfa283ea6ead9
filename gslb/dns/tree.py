"""From zones to nodes: for each name that exists, the answer to every question about it, in bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gslb.dns.answer import Answer, Rrset, write
from gslb.dns.codes import AAAA, ANY, CNAME, DS, HINFO, NXDOMAIN, A
from gslb.dns.names import ROOT, is_below, parent, wire_name
from gslb.dns.zone import WILDCARD, ZoneData
from gslb.model import Door, Service, Zone

HINFO_TTL_S = 8482
# RFC 8482 section 4.2: CPU "RFC8482", OS empty.
HINFO_ANY = Rrset(None, HINFO, HINFO_TTL_S, (b"\x07RFC8482\x00",))


@dataclass(frozen=True, slots=True)
class Node:
    """A name that exists. `answers` by type, else `otherwise`; `service` steers its A and AAAA.

    `wildcard` answers for names below that don't exist; without one, `missing` does.
    """

    answers: Mapping[int, Answer]
    otherwise: Answer
    missing: Answer
    service: str | None = None
    wildcard: Node | None = None

    def answer(self, kind: int) -> Answer:
        return self.answers.get(kind) or self.otherwise


@dataclass(frozen=True, slots=True)
class Tree:
    """All zones. `nodata` is the denial for each steered service, by its host."""

    nodes: Mapping[bytes, Node] = field(default_factory=dict)
    nodata: Mapping[str, Answer] = field(default_factory=dict)

    def find(self, name: bytes, kind: int, do: bool = False) -> tuple[str | None, Answer] | None:
        """The service that steers `name`, if one does, and the static answer; None out of every zone. `do` asks for
        signatures."""
        nodes = self.nodes
        node = nodes.get(name)
        if node is not None:
            answer = node.answers.get(kind) or node.otherwise
            return node.service, (answer.secure or answer) if do else answer
        while name != ROOT:
            name = name[1 + name[0] :]
            node = nodes.get(name)
            if node is not None:
                below = node.wildcard
                answer = node.missing if below is None else below.answer(kind)
                return None, (answer.secure or answer) if do else answer
        return None


def build_tree(zones: Sequence[Zone], services: Sequence[Service], serials: Mapping[str, int]) -> Tree:
    """Nodes of all zones in one table: a name belongs to the zone with the longest name that holds it."""
    apexes = {wire_name(zone.name): zone for zone in zones}
    steered = {wire_name(service.host): service.host for service in services if Door.DNS in service.via}
    nodes: dict[bytes, Node] = {}
    nodata: dict[str, Answer] = {}
    for apex, zone in sorted(apexes.items(), key=lambda item: len(item[0])):
        children = {name for name in apexes if name != apex and is_below(name, apex)}
        hosts = {name for name in steered if is_below(name, apex)}
        data = ZoneData.of(zone, serials.get(zone.name, 1), hosts, children)
        own = _ZoneWriter(data, steered).nodes()
        if apex in nodes:  # the parent is ours too, and has the answer for DS (RFC 4035 section 3.1.4.1)
            answers = {**own[apex].answers, DS: nodes[apex].answer(DS)}
            own[apex] = replace(own[apex], answers=answers)
        nodes = {name: node for name, node in nodes.items() if not is_below(name, apex)} | own
        nodata |= {steered[name]: write(apex, authority=(data.denial,)) for name in hosts if data.contains(name)}
    return Tree(nodes, nodata)


class _ZoneWriter:
    """Writes the nodes of one zone."""

    def __init__(self, data: ZoneData, steered: Mapping[bytes, str]) -> None:
        self.data = data
        self.steered = steered
        self.nodata = write(data.apex, authority=(data.denial,))
        self.nxdomain = write(data.apex, authority=(data.denial,), rcode=NXDOMAIN)

    def nodes(self) -> dict[bytes, Node]:
        nodes = {name: self.node(name) for name in self.data.existing}
        for name in self.data.existing:
            wildcard = nodes.get(WILDCARD + name) if len(name) < 254 else None
            if wildcard is not None and self.data.cut(WILDCARD + name) is None:
                nodes[name] = replace(nodes[name], wildcard=wildcard)
        return nodes

    def node(self, name: bytes) -> Node:
        cut = self.data.cut(name)
        if cut is not None:
            return self.delegated(name, cut)
        rrsets = self.data.names.get(name, {})
        # Behind a wildcard stand names that share no more than its parent with it.
        anchor = parent(name) if name.startswith(WILDCARD) else name
        if CNAME in rrsets:
            return self.alias(name, anchor, rrsets[CNAME])
        answers = {kind: write(anchor, (Rrset(None, kind, rrset.ttl_s, rrset.rdatas),)) for kind, rrset in rrsets.items()}
        service = self.steered.get(name)
        if answers or service:
            answers[ANY] = write(anchor, (HINFO_ANY,))
        if service:  # what a configuration must not have, and the door must not tell
            answers = {kind: answer for kind, answer in answers.items() if kind not in (A, AAAA)}
        return Node(answers, self.nodata, self.nxdomain, service)

    def delegated(self, name: bytes, cut: bytes) -> Node:
        """At and below a cut all is a referral without AA, but DS at the cut, which is the parent's (RFC 4035
        section 3.1.4.1)."""
        authority, glue = self.data.referral(cut)
        referral = write(cut, (), authority, glue, authoritative=False)
        answers = {}
        if name == cut:
            ds = self.data.names[cut].get(DS)
            answers[DS] = self.nodata if ds is None else write(cut, (Rrset(None, DS, ds.ttl_s, ds.rdatas),))
        return Node(answers, referral, referral)

    def alias(self, name: bytes, anchor: bytes, cname: Rrset) -> Node:
        """A CNAME answers for every type. Asked for CNAME or ANY (RFC 8482 section 4.2) it stands alone."""
        chain = self.data.chain(None if name.startswith(WILDCARD) else name, cname)
        links = (replace(chain.links[0], owner=None), *chain.links[1:])
        alone = write(anchor, links[:1])
        answers = {
            kind: write(anchor, (*links, Rrset(chain.target, kind, rrset.ttl_s, rrset.rdatas)))
            for kind, rrset in chain.rrsets.items()
        }
        answers |= {CNAME: alone, ANY: alone}
        if chain.leaves:
            otherwise = write(anchor, links)
        elif chain.cut is not None:
            otherwise = write(anchor, links, *self.data.referral(chain.cut))
        else:  # RFC 6604 section 3: the RCODE is that of the last name
            otherwise = write(anchor, links, (self.data.denial,), rcode=chain.rcode)
        return Node(answers, otherwise, self.nxdomain)
