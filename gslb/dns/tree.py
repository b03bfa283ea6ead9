"""All zones in one table: for each name that exists, the answer to every question about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from gslb.dns.answer import Answer, Rrset
from gslb.dns.codes import CDS, DS, NS, NSEC, RRSIG
from gslb.dns.names import ROOT, is_below, wire_name
from gslb.dns.nodes import Node, ZoneWriter
from gslb.dns.sealing import Joined, Seals, of_chain
from gslb.dns.secure import ADDRESSES, Seal, Signs
from gslb.dns.steered import SteeredName, kinds_of, steered_name
from gslb.dns.zone import WILDCARD, ZoneData
from gslb.model import Configuration, Door, Service, Zone

SIGNING = frozenset((RRSIG, NSEC))


@dataclass(frozen=True, slots=True)
class Tree:
    """All zones. `steered` is what stands at a steered name whatever the World is, by the host of its service."""

    nodes: Mapping[bytes, Node] = field(default_factory=dict)
    steered: Mapping[str, SteeredName] = field(default_factory=dict)
    seals: Seals = field(default_factory=Seals, compare=False)

    def find(self, name: bytes, kind: int, do: bool = False) -> tuple[str | None, Answer] | None:
        """The service that steers `name`, if one does, and the static answer; None out of every zone. `do` asks for
        signatures."""
        nodes = self.nodes
        node = nodes.get(name)
        if node is not None:
            answer = node.answers.get(kind) or (node.otherwise if kind not in SIGNING else _of_signing(node, name, name, kind))
            if not do or (node.service is not None and kind in ADDRESSES):  # which steering answers
                return node.service, answer
            return node.service, self._sealed(answer, name, None, kind)
        asked = name
        while name != ROOT:
            name = name[1 + name[0] :]
            node = nodes.get(name)
            if node is not None:
                below = node.wildcard
                if below is None:
                    answer = node.missing
                elif kind in SIGNING:
                    answer = _of_signing(below, WILDCARD + name, name, kind)
                else:
                    answer = below.answer(kind)
                return None, self._sealed(answer, asked, name, kind) if do else answer
        return None

    def _sealed(self, answer: Answer, name: bytes, encloser: bytes | None, kind: int) -> Answer:
        sealing = answer.sealing
        if sealing is None:
            return answer
        if isinstance(sealing, Joined) and kind in SIGNING:  # made for this query, and not worth keeping
            return sealing.answer(answer, sealing.places(name, encloser))
        return self.seals.find(answer, name, encloser)


def _of_signing(node: Node, owner: bytes, anchor: bytes, kind: int) -> Answer:
    """RFC 4035 section 2.5: NSEC and RRSIG stand beside a CNAME, which is not followed for them."""
    found = None if node.chain is None else of_chain(node.chain, owner, anchor, kind)
    return found or node.otherwise


def build_tree(configuration: Configuration, serials: Mapping[str, int], signer: Signs | None = None) -> Tree:
    """A name belongs to the zone with the longest name that holds it. `serials` are those of the SOAs by zone."""
    zones = {wire_name(zone.name): zone for zone in configuration.zones}
    nodes: dict[bytes, Node] = {}
    steered: dict[str, SteeredName] = {}
    for apex in sorted(zones, key=len):
        own, hosts = _zone(configuration, zones, apex, serials, signer)
        if apex in nodes:  # the parent is ours too, and has the answer for DS (RFC 4035 section 3.1.4.1)
            own[apex] = replace(own[apex], answers={**own[apex].answers, DS: nodes[apex].answer(DS)})
        nodes = {name: node for name, node in nodes.items() if not is_below(name, apex)} | own
        steered |= hosts
    return Tree(nodes, steered)


def _zone(
    configuration: Configuration, zones: Mapping[bytes, Zone], apex: bytes, serials: Mapping[str, int], signer: Signs | None
) -> tuple[dict[bytes, Node], dict[str, SteeredName]]:
    zone = zones[apex]
    signer = signer if signer is not None and signer.signs(zone.name) else None
    below = {name: other for name, other in zones.items() if name != apex and is_below(name, apex)}
    hosts = {name: service for name, service in steered_names(configuration) if is_below(name, apex)}
    data = ZoneData.of(zone, serials.get(zone.name, 1), hosts, below, made(zone, below, signer))
    hosts = {name: service for name, service in hosts.items() if data.contains(name)}
    kinds = {name: kinds_of(service, configuration.sites) for name, service in hosts.items()}
    seal = None if signer is None else Seal(signer, zone.name, data, kinds)
    writer = ZoneWriter(data, {name: service.host for name, service in hosts.items()}, seal)
    signed = None if signer is None else zone.name
    found = {
        service.host: steered_name(service, configuration.sites, data.names.get(name, {}), writer.denials(name), signed, signer)
        for name, service in hosts.items()
    }
    return writer.nodes(), found


def steered_names(configuration: Configuration) -> Iterator[tuple[bytes, Service]]:
    return ((wire_name(service.host), service) for service in configuration.services if Door.DNS in service.via)


def made(zone: Zone, below: Mapping[bytes, Zone], signer: Signs | None) -> Iterator[Rrset]:
    """Keys at the apex; at the apexes of our own zones below, the delegation that nobody wrote, which a chain of NSEC must
    know of. The DS of such a zone is what its CDS asks for (RFC 7344)."""
    if signer is not None:
        yield from signer.apex(zone.name)
    for apex, other in below.items():
        yield Rrset(apex, NS, other.ttl_s, tuple(map(wire_name, other.nameservers or (other.name,))))
        for rrset in signer.apex(other.name) if signer is not None and signer.signs(other.name) else ():
            wanted = tuple(rdata for rdata in rrset.rdatas if rdata[2])  # algorithm 0: delete (RFC 8078 section 4)
            if rrset.type == CDS and wanted:
                yield Rrset(apex, DS, other.ttl_s, wanted)
