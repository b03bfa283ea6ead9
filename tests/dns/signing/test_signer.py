"""What we sign, an independent client validates: dnspython, by the keys that it is told."""

from __future__ import annotations

import pickle
from dataclasses import replace

import dns.dnssec
import dns.exception
import dns.name
import dns.node
import dns.rdataset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.dns.answer import Rrset
from gslb.dns.codes import CDNSKEY, CDS, DNSKEY
from gslb.dns.names import wire_name
from gslb.dns.signing import Signer, ZoneKeys
from gslb.dns.signing.ds import ds_rdata
from gslb.dns.signing.keys import KeyState, state
from gslb.dns.signing.signer import EARLIER_S, Period
from gslb.dns.zone import soa_rdata
from tests.dns.signing.makers import ALGORITHM_NAMES, NOW, ZONE, key, rrset, signer, spoken, zone

DAY_S = 86400

SETS = [
    ("example.org", "SOA", "NS1.Example.org. Host.Master.example.ORG. 1 3600 600 1209600 30"),
    ("example.org", "NS", "NS1.Example.org.", "ns2.example.NET."),
    ("www.example.org", "A", "192.0.2.200", "192.0.2.3", "10.0.0.1"),
    ("www.example.org", "AAAA", "2001:db8::2", "2001:db8::1"),
    ("example.org", "MX", "10 Mail.Example.org.", "5 b.example.org."),
    ("example.org", "TXT", '"Three regions"', '"thirteen sites" "and more"', '""'),
    ("_sip._udp.example.org", "SRV", "10 20 5060 Sip.Example.ORG."),
    ("example.org", "CAA", '0 issue "CA.example"'),
    ("a.example.org", "CNAME", "B.Example.org."),
    ("d.example.org", "DNAME", "Other.Example."),
    ("example.org", "NAPTR", '100 10 "U" "E2U+Sip" "!^.*$!sip:A@Example.org!" Repl.Example.ORG.'),
    ("example.org", "RP", "Person.example.org. Text.example.org."),
    ("h.example.org", "SSHFP", "4 2 123456789ABCDEF67890123456789ABCDEF67890123456789ABCDEF123456789"),
    ("_443._tcp.example.org", "TLSA", "3 1 1 " + "ab" * 32),
    ("www.example.org", "HTTPS", "1 Target.Example.org. alpn=h2 ipv4hint=192.0.2.1"),
    ("sub.example.org", "DS", "60485 13 2 " + "cd" * 32),
    ("example.org", "NSEC", "A.example.org. NS SOA RRSIG NSEC DNSKEY"),
    ("example.org", "PTR", "Host.Example.org."),
    ("example.org", "KX", "10 Kx.Example.org."),
    ("example.org", "AFSDB", "1 Afs.Example.org."),
    ("example.org", "PX", "10 Map822.Example.org. MapX400.Example.org."),
    ("example.org", "TYPE65534", r"\# 4 DEADBEEF"),
]


def validate(signed: Rrset, covered: Rrset, by: Signer, at: float = NOW, zone_name: str = ZONE) -> None:
    keys: dict[dns.name.Name, dns.rdataset.Rdataset | dns.node.Node] = {
        dns.name.from_text(zone_name): spoken(by.apex(zone_name)[0])
    }
    dns.dnssec.validate(spoken(covered), spoken(signed), keys, now=at)


@pytest.mark.parametrize("algorithm", ALGORITHM_NAMES)
@pytest.mark.parametrize("row", SETS, ids=lambda row: row[1])
def test_a_set_of_every_type_validates(row, algorithm):
    covered = rrset(row[0], row[1], 300, *row[2:])
    by = signer(key(algorithm=algorithm))
    signed = by.sign(ZONE, covered, 300)
    assert signed.ttl_s == 300
    validate(signed, covered, by)


def test_a_changed_address_does_not_validate():
    by = signer(key())
    signed = by.sign(ZONE, rrset("www.example.org", "A", 60, "192.0.2.1"), 60)
    with pytest.raises(dns.exception.ValidationFailure):
        validate(signed, rrset("www.example.org", "A", 60, "192.0.2.2"), by)


def test_a_shorter_ttl_needs_no_other_signature():
    """RFC 4034 section 3.1.4: the original TTL is in the signature, and the validator's to use."""
    by = signer(key())
    long, short = (rrset("www.example.org", "A", ttl_s, "192.0.2.1") for ttl_s in (60, 15))
    first = by.sign(ZONE, long, 60)
    second = by.sign(ZONE, short, 60)
    assert (first.rdatas, second.ttl_s, by.signatures) == (second.rdatas, 15, 1)
    validate(second, short, by)


def test_a_wildcard_validates_at_every_name_that_it_answers():
    """RFC 4035 section 5.3.2: the labels of the signature tell the wildcard."""
    by = signer(key())
    wild = rrset("*.any.example.org", "TXT", 300, '"here"')
    signed = by.sign(ZONE, wild, 300)
    validate(signed, wild, by)
    for name in ("x.any.example.org", "y.x.any.example.org"):
        owner = wire_name(name)
        validate(replace(signed, owner=owner), replace(wild, owner=owner), by)
        assert by.sign(ZONE, replace(wild, owner=owner), 300, labels=3).rdatas == signed.rdatas
    assert by.signatures == 1


def test_the_apex_set_is_signed_by_the_ksk_and_the_data_by_the_zsk_of_a_split_pair():
    ksk, zsk = key(257), key(256)
    by = signer(ksk, zsk)
    dnskey = by.apex(ZONE)[0]
    address = rrset("www.example.org", "A", 60, "192.0.2.1")
    assert set(dnskey.rdatas) == {ksk.rdata, zsk.rdata}
    assert _tags(by.sign(ZONE, dnskey, 300)) == [ksk.tag]
    assert _tags(by.sign(ZONE, address, 60)) == [zsk.tag]
    validate(by.sign(ZONE, dnskey, 300), dnskey, by)
    validate(by.sign(ZONE, address, 60), address, by)


def test_two_algorithms_both_sign_everything():
    """RFC 4035 section 2.2, RFC 6840 section 5.11."""
    keys = [key(algorithm=name) for name in ALGORITHM_NAMES]
    by = signer(*keys)
    address = rrset("www.example.org", "A", 60, "192.0.2.1")
    assert sorted(_tags(by.sign(ZONE, address, 60))) == sorted(each.tag for each in keys)


def test_the_parent_is_told_of_keys_in_their_sync_time_alone():
    told = key(publish=0, activate=0, sync_publish=NOW, sync_delete=NOW + 10)
    for at, types in ((NOW - 1, [DNSKEY]), (NOW, [DNSKEY, CDS, CDNSKEY]), (NOW + 10, [DNSKEY])):
        assert [found.type for found in signer(told, utc_s=at).apex(ZONE)] == types
    sets = {found.type: found.rdatas for found in signer(told, utc_s=NOW).apex(ZONE)}
    assert (sets[CDS], sets[CDNSKEY]) == ((ds_rdata(told),), (told.rdata,))
    made = dns.dnssec.make_ds(dns.name.from_text(ZONE), spoken(signer(told).apex(ZONE)[0])[0], "SHA256")
    assert made.to_wire() == ds_rdata(told)


def test_a_key_that_is_only_published_signs_the_dnskey_set_and_no_data():
    now, coming = key(), key(publish=NOW)
    by = signer(now, coming)
    assert sorted(_tags(by.sign(ZONE, by.apex(ZONE)[0], 300))) == sorted((now.tag, coming.tag))
    assert _tags(by.sign(ZONE, rrset("example.org", "TXT", 300, '"x"'), 300)) == [now.tag]


@given(utc_s=st.integers(1_000_000_000, 4_000_000_000), validity_s=st.integers(DAY_S, 90 * DAY_S))
def test_a_signature_is_never_older_than_a_quarter_of_its_life(utc_s, validity_s):
    period = Period.of(ZONE, validity_s, utc_s)
    assert period.inception + EARLIER_S == period.starts <= utc_s < period.ends
    assert period.expiration - utc_s >= 0.74 * validity_s
    assert Period.of(ZONE, validity_s, period.ends).starts == period.ends


def test_all_is_signed_anew_when_the_period_ends_and_not_before():
    csk = key()
    first = signer(csk)
    address = rrset("www.example.org", "A", 60, "192.0.2.1")
    before = first.sign(ZONE, address, 60)
    until = first.until
    assert until is not None
    same = signer(csk, utc_s=until - 1, former=first)
    assert (same.generation, same.sign(ZONE, address, 60), same.signatures) == (first.generation, before, 1)
    later = signer(csk, utc_s=until, former=same)
    assert later.generation != first.generation
    after = later.sign(ZONE, address, 60)
    assert (later.signatures, after.rdatas == before.rdatas) == (2, False)
    validate(after, address, later, until)


def test_nodes_that_share_keys_make_the_same_signatures_and_a_restart_too():
    """RFC 6979: no random number goes in."""
    csk = key()
    address = rrset("www.example.org", "A", 60, "192.0.2.1")
    here, there = signer(csk, utc_s=NOW), signer(csk, utc_s=NOW + 60)
    assert here.generation == there.generation
    assert here.sign(ZONE, address, 60) == there.sign(ZONE, address, 60)
    assert here.zones[ZONE].since == there.zones[ZONE].since <= NOW


def test_a_step_of_a_key_makes_another_generation_at_its_second():
    old, new = key(publish=0, activate=0, inactive=NOW + 100), key(publish=0, activate=NOW + 100)
    before = signer(old, new)
    assert before.until == NOW + 100
    after = signer(old, new, utc_s=NOW + 100, former=before)
    assert after.generation != before.generation
    assert after.zones[ZONE].since == NOW + 100
    address = rrset("www.example.org", "A", 60, "192.0.2.1")
    assert (_tags(before.sign(ZONE, address, 60)), _tags(after.sign(ZONE, address, 60))) == ([old.tag], [new.tag])


def test_one_zone_that_changes_leaves_the_signatures_of_the_other():
    zones = zone("example.org"), zone("example.net")
    keys = {each.name: ZoneKeys(each.name, (key(zone_name=each.name),)) for each in zones}
    first = Signer(keys, zones, NOW)
    for each in zones:
        first.sign(each.name, rrset(f"www.{each.name}", "A", 60, "192.0.2.1"), 60)
    keys["example.net"] = ZoneKeys("example.net", (key(zone_name="example.net"),))
    second = Signer(keys, zones, NOW, first)
    for each in zones:
        second.sign(each.name, rrset(f"www.{each.name}", "A", 60, "192.0.2.1"), 60)
    assert (first.signatures, second.signatures) == (2, 3)


def test_keys_that_have_all_run_out_go_on_and_are_told_as_overdue():
    old = key(publish=0, activate=0, inactive=NOW - 100, delete=NOW - 50)
    found = ZoneKeys(ZONE, (old,)).at(NOW)
    assert (found.overdue, found.data_signers, found.published) == (True, (old,), (old,))
    assert state(old, NOW) is KeyState.REMOVED


def test_a_zone_whose_keys_never_were_is_not_usable():
    assert not ZoneKeys(ZONE).at(NOW).usable
    assert not ZoneKeys(ZONE, (key(publish=NOW + 1, activate=NOW + 1),)).at(NOW).usable
    assert not ZoneKeys(ZONE, (key(256),)).at(NOW).usable  # nothing that a parent could point to


def test_no_private_key_can_be_shipped_or_printed():
    csk = key()
    with pytest.raises(TypeError, match="stays in control"):
        pickle.dumps(csk)
    with pytest.raises(TypeError):
        pickle.dumps(signer(csk))
    assert "Secret" not in repr(csk)
    assert repr(csk.secret) == "Secret(…)"


def _tags(signed: Rrset) -> list[int]:
    return [int.from_bytes(rdata[16:18], "big") for rdata in signed.rdatas]


def test_a_secondary_gives_a_zone_up_before_its_signatures_expire():
    """RFC 6781 section 4.4.2.1: the SOA's EXPIRE is shorter than what any signature has left."""
    for validity_s in (DAY_S, 14 * DAY_S, 90 * DAY_S):
        soa = soa_rdata(zone(validity_s=validity_s), 1)
        expire_s = int.from_bytes(soa[-8:-4], "big")
        assert expire_s <= 0.74 * validity_s
        assert expire_s <= int.from_bytes(soa_rdata(replace(zone(), dnssec=None), 1)[-8:-4], "big")
