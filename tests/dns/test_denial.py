"""The chain of NSEC: order, bitmaps, and the place of a name in it. RFC 4034 unless said otherwise."""

from __future__ import annotations

from dataclasses import replace

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from hypothesis import given
from hypothesis import strategies as st

from gslb.dns.answer import Rrset, write
from gslb.dns.codes import NSEC, NXDOMAIN
from gslb.dns.denial import NsecChain, canonical_key, nsec, type_bitmap
from gslb.dns.names import wire_name
from gslb.dns.sealing import Denial, Seals
from tests.dns.validating import kinds_in

LABELS = st.binary(min_size=1, max_size=6).map(bytes.lower)
NAMES = st.lists(LABELS, max_size=4).map(lambda labels: b"".join(bytes((len(x),)) + x for x in labels) + b"\0")


def name_of(wire: bytes) -> dns.name.Name:
    return dns.name.from_wire(wire, 0)[0]


def test_names_sort_as_in_the_example_of_section_6_1() -> None:
    texts = [
        "example",
        "a.example",
        "yljkjljk.a.example",
        "Z.a.example",
        "zABC.a.EXAMPLE",
        "z.example",
        r"\001.z.example",
        "*.z.example",
        r"\200.z.example",
    ]
    wires = [wire_name(text) for text in texts]
    assert sorted(wires[4:] + wires[:4], key=canonical_key) == wires


@given(NAMES, NAMES)
def test_names_sort_as_dnspython_sorts_them(one: bytes, other: bytes) -> None:
    assert (canonical_key(one) < canonical_key(other)) == (name_of(one) < name_of(other))
    assert (canonical_key(one) == canonical_key(other)) == (one == other)


def test_bitmap_is_that_of_the_example_of_section_4_3() -> None:
    kinds = [dns.rdatatype.from_text(text) for text in ("A", "MX", "RRSIG", "NSEC", "TYPE1234")]
    assert type_bitmap(kinds).hex() == "0006400100000003041b" + "00" * 26 + "20"


@given(st.sets(st.integers(1, 65535), max_size=40))
def test_dnspython_reads_the_types_that_were_written(kinds: set[int]) -> None:
    rrset = nsec(wire_name("a.example"), wire_name("b.example"), kinds, 30)
    rdata = dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.NSEC, rrset.rdatas[0], 0, len(rrset.rdatas[0]))
    assert set(kinds_in(rdata)) == kinds | {dns.rdatatype.NSEC, dns.rdatatype.RRSIG}
    assert rdata.to_text().startswith("b.example. ")


def chain_of(*texts: str) -> NsecChain:
    wires = [wire_name(text) for text in texts]
    return NsecChain([canonical_key(wire) for wire in wires], [(wire, b"", ()) for wire in wires], 30)


def test_a_name_has_its_place_at_or_behind_the_name_before_it() -> None:
    chain = chain_of("example", "a.example", "c.example")
    places = {"example": 0, "0.example": 0, "a.example": 1, "x.a.example": 1, "b.example": 1, "c.example": 2, "zz.example": 2}
    assert {text: chain.place(wire_name(text)) for text in places} == places


def test_what_is_kept_of_endless_names_is_bounded() -> None:
    chain = chain_of("example", *(f"{number:03}.example" for number in range(100)))
    apex, none = wire_name("example"), Rrset(None, NSEC, 0, ())
    plain = replace(write(apex, rcode=NXDOMAIN), sealing=Denial(apex, chain, (none, none), NXDOMAIN))
    seals = Seals(limit=10)
    for number in range(1000):
        encloser = wire_name(f"{number % 100:03}.example")
        seals.find(plain, wire_name(f"x{number}.{number % 100:03}.example"), encloser)
        assert len(seals) <= 10
