"""What is shown of a client: RFC 7871 section 11.1 asks for no more than is needed, and so do people."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

import dns.edns
import dns.message
import dns.rrset
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.dns import discretion
from gslb.dns.discretion import Discretion, Shown, cut_address, cut_message, cut_options, packed, question_name
from gslb.dns.edns import OPTIONS_MAX
from gslb.dns.names import wire_name
from gslb.dns.walk import options, walk
from gslb.dns.wire import RECORDS_MAX
from tests.dns import worlds
from tests.fuzz import fuzz_discretion, fuzz_dns

SHOWN = Shown(16, 40)


def query(*options: dns.edns.Option, name: str = worlds.HOST) -> dns.message.Message:
    return dns.message.make_query(name, "A", use_edns=0, options=list(options), payload=1232)


def generic(code: int, data: bytes) -> dns.edns.GenericOption:
    return dns.edns.GenericOption(dns.edns.OptionType.make(code), data)


def shown(message: dns.message.Message, limits: Shown = SHOWN) -> dns.message.Message:
    return dns.message.from_wire(cut_message(message.to_wire(), limits))


@pytest.mark.parametrize(
    ("address", "cut"),
    [
        ("133.11.77.5", "133.11.0.0"),
        ("2001:db8:1234:5678::9", "2001:db8:1200::"),
        ("2002:850b:4d05::1", "2002:850b::"),  # 6to4 of 133.11.77.5: 24 bits of that would be more than IPv4 shows
        ("64:ff9b::850b:4d05", "64:ff9b::"),
        ("::ffff:133.11.77.5", "::"),
    ],
)
def test_an_address_is_cut_to_the_sticky_key(address: str, cut: str) -> None:
    assert cut_address(packed(address), SHOWN) == ip_address(cut).packed


def test_an_address_that_is_none_has_no_octets() -> None:
    assert packed("fe80::1%lo") == ip_address("fe80::1").packed
    assert packed("") == b""
    assert cut_address(b"", SHOWN) == b""


@pytest.mark.parametrize(
    ("subnet", "cut"),
    [
        ("133.11.77.0/24", "133.11.0.0/16"),
        ("133.11.77.5/32", "133.11.0.0/16"),
        ("133.0.0.0/9", "133.0.0.0/9"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:db8:1234:5678::/64", "2001:db8:1200::/40"),
        ("2001:db8:1200::/40", "2001:db8:1200::/40"),
        ("2002:850b:4d00::/40", "2002:850b::/32"),
    ],
)
def test_a_client_subnet_is_cut_and_stays_well_formed(subnet: str, cut: str) -> None:
    network, wanted = ip_network(subnet), ip_network(cut)
    asked = query(dns.edns.ECSOption(str(network.network_address), network.prefixlen, 24))
    (option,) = shown(asked).options
    assert isinstance(option, dns.edns.ECSOption)
    assert (option.address, option.srclen, option.scopelen) == (str(wanted.network_address), wanted.prefixlen, 24)
    octets = option.to_wire() or b""
    assert len(octets) == 4 + (wanted.prefixlen + 7) // 8


def test_a_sticky_key_between_octets_is_kept_to_the_bit() -> None:
    asked = query(dns.edns.ECSOption("133.255.255.0", 24))
    (option,) = shown(asked, Shown(13, 40)).options
    assert isinstance(option, dns.edns.ECSOption)
    assert (option.address, option.srclen) == ("133.248.0.0", 13)


def test_what_knows_a_client_again_is_blanked_and_its_length_stays() -> None:
    cookie, mac = generic(10, b"clientcookie0001"), generic(65001, b"\x02\0\0\0\0\x01")
    nsid = generic(3, b"")
    assert [(option.otype, option.to_wire()) for option in shown(query(cookie, nsid, mac)).options] == [
        (10, bytes(16)),
        (3, b""),
        (65001, bytes(6)),
    ]


def test_all_else_stays_as_it_is() -> None:
    asked = query(dns.edns.ECSOption("133.11.77.0", 24), name="KnOpPiX.inetboot.test")
    asked.additional.append(dns.rrset.from_text("x.test.", 60, "IN", "A", "192.0.2.1"))
    seen = shown(asked)
    assert (seen.id, seen.flags, seen.question, seen.additional) == (asked.id, asked.flags, asked.question, asked.additional)
    assert (seen.payload, seen.edns) == (1232, 0)


def test_a_signature_behind_the_opt_is_still_there() -> None:
    asked = query(dns.edns.ECSOption("133.11.77.0", 24))
    key = dns.tsig.Key("transfer-key.", b"secret", "hmac-sha256")
    asked.use_tsig({key.name: key})
    wire = asked.to_wire()
    cut = cut_message(wire, SHOWN)
    ((_, opt_end),), end = walk(cut)
    assert cut[opt_end:].startswith(wire_name("transfer-key") + b"\0\xfa")
    assert wire.endswith(cut[opt_end:])
    assert end == len(cut)


def test_a_message_is_shown_as_far_as_it_can_be_read() -> None:
    """Nobody knows whose address the rest holds."""
    wire = query(dns.edns.ECSOption("133.11.77.5", 32)).to_wire()
    for end in range(12, len(wire)):
        assert b"\x4d\x05" not in cut_message(wire[:end], SHOWN)
    assert cut_message(wire + b"133.11.77.5", SHOWN) == cut_message(wire, SHOWN)


def test_a_query_is_walked_no_further_than_it_is_read_to_be_answered_and_our_answers_to_the_end() -> None:
    """64 KB of the smallest records took 20 ms, of a thread that answers wait for."""
    records = (b"\0\0\x01\0\x01" + bytes(6)) * 5000
    wire = bytes(4) + b"\0\0\x13\x88\0\0\0\0" + records
    assert walk(wire).end == 12 + 11 * RECORDS_MAX
    assert walk(wire[:2] + b"\x80" + wire[3:]).end == len(wire)
    assert cut_options(bytes((253, 233, 0, 0)) * (OPTIONS_MAX + 1), SHOWN) == bytes(4 * (OPTIONS_MAX + 1))


def test_large_options_are_not_remembered() -> None:
    known = discretion._cut_known.cache_info().currsize
    for octet in range(50):
        cut_options(bytes((253, 233, 255, 0)) + bytes((octet,)) * 0xFF00, SHOWN)
    assert discretion._cut_known.cache_info().currsize == known


def test_options_that_are_none_are_blanked() -> None:
    wire = bytearray(query(dns.edns.ECSOption("133.11.77.5", 32)).to_wire())
    wire[-9] = 200  # the option overruns its OPT
    assert cut_message(bytes(wire), SHOWN) == bytes(wire[:-12]) + bytes(12)


@pytest.mark.parametrize("octets", ["0001", "00010018", "000120007f", "00012100850b4d0501", "00030800ab", "000110ff850b4d05"])
def test_a_client_subnet_that_is_wrong_shows_no_address(octets: str) -> None:
    """Half a one, too few octets of address, longer than one, of no family, too many."""
    data = bytes.fromhex(octets)
    wire = query(generic(65002, data)).to_wire().replace(b"\xfd\xea", b"\0\x08")
    cut = cut_message(wire, SHOWN)
    ((rdata, end),) = walk(cut).opts
    assert [option.data for option in options(cut[rdata:end])] == [data[:4] + bytes(max(0, len(data) - 4))]


def test_each_service_shows_its_own_sticky_key_and_other_names_the_shortest() -> None:
    fine = replace(worlds.SERVICE, host="fine.inetboot.test", sticky_v4=24, sticky_v6=56)
    discretion = Discretion(worlds.configuration(services=(worlds.SERVICE, fine)))
    assert discretion.shown(wire_name(fine.host)) == Shown(24, 56)
    assert discretion.shown(wire_name(worlds.HOST)) == Shown(16, 40)
    assert discretion.shown(wire_name("go.inetboot.test")) == discretion.shown(None) == Shown(16, 40)


def test_the_name_is_that_of_the_first_question() -> None:
    assert question_name(query(name="KNOPPIX.inetboot.test").to_wire()) == wire_name(worlds.HOST)
    assert question_name(b"short") is None
    assert question_name(bytes(12)) is None
    assert question_name(b"\0\0\0\0\0\1" + bytes(6) + b"\xc0\x04\0\1\0\1") is None


@given(st.binary(max_size=200))
def test_any_octets(data: bytes) -> None:
    fuzz_discretion.one_input(data)


@given(st.binary(max_size=60))
def test_any_options(rdata: bytes) -> None:
    head = query().to_wire()[:-2]
    fuzz_discretion.one_input(head + len(rdata).to_bytes(2, "big") + rdata)


def test_mutated_queries_and_the_kept_corpus() -> None:
    for data in (*fuzz_discretion.seeds(), *fuzz_dns.messages(3_000, 11)):
        fuzz_discretion.one_input(data)
