"""The zones that secondaries take, whole, for one World."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256

from gslb.dns.answer import Rrset
from gslb.dns.codes import CNAME
from gslb.dns.failopen import FAMILIES, open_addresses
from gslb.dns.hints import hinted
from gslb.dns.names import is_below, wire_name
from gslb.dns.secure import Seal, Signs
from gslb.dns.steered import KINDS, SteeredName
from gslb.dns.tree import made, steered_names
from gslb.dns.zone import ZoneData
from gslb.dns.zonecopy import ZoneCopy, write_copy
from gslb.model import Service, World, Zone


def steered_contents(world: World) -> dict[str, str]:
    """For each zone that is transferred, another text when it goes out with something else that is not its own configuration:
    addresses of steered names, and delegations to zones of ours. Health is not in it."""
    found: dict[str, str] = {}
    for zone in world.configuration.zones:
        if zone.transfer is not None:
            hosts = _hosts(world, zone)
            told = [(service.host, family, open_addresses(world, service, family)) for service in hosts for family in FAMILIES]
            cuts = [(other.name, other.ttl_s, sorted(other.nameservers.items())) for other in _below(world, zone).values()]
            found[zone.name] = sha256(repr((told, cuts)).encode()).hexdigest()
    return found


def copy_zone(world: World, zone: Zone, serial: int, signer: Signs | None = None) -> ZoneCopy:
    """Raises TooLong for a record that fits no message."""
    signer = signer if signer is not None and signer.signs(zone.name) else None
    below = _below(world, zone)
    static = ZoneData.of(zone, serial, (), below, made(zone, below, signer))
    names = {name: dict(rrsets) for name, rrsets in static.names.items() if not _is_of_others(name, below)}
    for glue in _glue(below):
        names.setdefault(glue.owner or b"", {})[glue.type] = glue
    for service in _hosts(world, zone):
        rrsets = names.setdefault(wire_name(service.host), {})
        if CNAME not in rrsets:
            rrsets.update({rrset.type: rrset for rrset in _steered(world, service, rrsets)})
    whole = ZoneData(static.apex, {name: rrsets for name, rrsets in names.items() if rrsets}, (), below)
    return write_copy(zone, whole, None if signer is None else Seal(signer, zone.name, whole, {}))


def _steered(world: World, service: Service, rrsets: Mapping[int, Rrset]) -> Iterator[Rrset]:
    """The TTL is the longest of the service, as in signatures: a secondary's answers are not taken back in a hurry."""
    name = SteeredName(service, {}, hinted(wire_name(service.host), rrsets))
    every: tuple[bytes, ...] = ()
    for family in FAMILIES:
        addresses = tuple(address.packed for address in open_addresses(world, service, family))
        every += addresses
        if addresses:
            yield name.rrset(KINDS[family], addresses)
    for kind in name.hinted:
        yield name.rrset(kind, every)


def _hosts(world: World, zone: Zone) -> list[Service]:
    """The services that the zone steers, and no zone below it."""
    apex, below = wire_name(zone.name), _below(world, zone)
    return [
        service
        for name, service in steered_names(world.configuration)
        if is_below(name, apex) and not any(is_below(name, other) for other in below)
    ]


def _below(world: World, zone: Zone) -> dict[bytes, Zone]:
    apex = wire_name(zone.name)
    others = {wire_name(other.name): other for other in world.configuration.zones}
    return {name: other for name, other in others.items() if name != apex and is_below(name, apex)}


def _glue(below: Mapping[bytes, Zone]) -> Iterator[Rrset]:
    """Addresses of name servers that lie in the zone that they serve: without these nobody finds it (RFC 9471)."""
    for apex, other in below.items():
        for host, addresses in other.nameservers.items():
            for family in FAMILIES:
                packed = tuple(address.packed for address in addresses if address.version == family)
                if packed and is_below(wire_name(host), apex):
                    yield Rrset(wire_name(host), KINDS[family], other.ttl_s, packed)


def _is_of_others(name: bytes, below: Mapping[bytes, Zone]) -> bool:
    """Under a zone of our own that is below this one: that zone has it."""
    return any(name != apex and is_below(name, apex) for apex in below)
