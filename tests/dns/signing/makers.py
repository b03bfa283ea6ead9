"""Keys and zones for the tests of signing."""

from __future__ import annotations

from pathlib import Path

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from gslb.dns.answer import Rrset
from gslb.dns.names import wire_name
from gslb.dns.signing import Signer, ZoneKeys
from gslb.dns.signing.algorithms import ALGORITHMS, BY_NAME
from gslb.dns.signing.directory import make_key
from gslb.dns.signing.keys import Key, Timing
from gslb.dns.signing.roll import NewKey
from gslb.model import Dnssec, Zone

ZONE = "example.org"
NOW = 1_800_000_000
ALGORITHM_NAMES = tuple(BY_NAME)


def zone(name: str = ZONE, *, ttl_s: int = 300, keys: str = "", validity_s: int = 14 * 86400) -> Zone:
    return Zone(name, {}, f"hostmaster@{name}", ttl_s=ttl_s, dnssec=Dnssec(keys, validity_s=validity_s))


def key(flags: int = 257, algorithm: str = "ecdsap256sha256", zone_name: str = ZONE, **times: int | None) -> Key:
    """In memory; without times it is in use."""
    made = BY_NAME[algorithm]
    timing = Timing(**times) if times else Timing(created=0, publish=0, activate=0)
    return Key(zone_name, flags, made, made.load(made.generate()), timing)


def key_file(directory: Path, flags: int = 257, number: int = 13, zone_name: str = ZONE) -> Key:
    timing = Timing(created=NOW, publish=NOW, activate=NOW, sync_publish=NOW)
    return make_key(zone_name, NewKey(flags, ALGORITHMS[number], timing), directory, ())


def signer(*keys: Key, at: Zone | None = None, utc_s: float = NOW, former: Signer | None = None) -> Signer:
    signed = at or zone()
    return Signer({signed.name: ZoneKeys(signed.name, keys)}, (signed,), utc_s, former)


def rrset(owner: str, kind: str, ttl_s: int, *texts: str) -> Rrset:
    rdatas = tuple(dns.rdata.from_text("IN", kind, text).to_wire() or b"" for text in texts)
    return Rrset(wire_name(owner), dns.rdatatype.from_text(kind), ttl_s, rdatas)


def spoken(found: Rrset) -> dns.rrset.RRset:
    """The same for dnspython."""
    assert found.owner is not None
    owner, _ = dns.name.from_wire(found.owner, 0)
    rdatas = [
        dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.RdataType.make(found.type), data, 0, len(data))
        for data in found.rdatas
    ]
    return dns.rrset.from_rdata_list(owner, found.ttl_s, rdatas)
