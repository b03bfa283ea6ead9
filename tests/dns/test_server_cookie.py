"""What a server cookie is, how long it holds, and for whom."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.dns.cookies import AHEAD_S, OLDEST_S, RENEWED_S, Jar
from gslb.dns.keyring import Keyring, TsigSecret
from tests.dns.test_cookies import CLIENT, FORMER, NOON, PEER, SECRET, Clock

OCTETS = ip_address(PEER).packed


@pytest.mark.parametrize(
    ("sent", "secrets", "client", "now", "result", "reply"),
    [
        pytest.param(
            "2464c4abcf10c957",
            "e5e973e5a6b2a43f48e7dc849e37bfcf",
            "198.51.100.100",
            1559731985,
            "client",
            "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
            id="A.1",
        ),
        pytest.param(
            "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
            "e5e973e5a6b2a43f48e7dc849e37bfcf",
            "198.51.100.100",
            1559734385,
            "renewed",
            "2464c4abcf10c957010000005cf7a871d4a564a1442aca77",
            id="A.2",
        ),
        pytest.param(
            "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
            "e5e973e5a6b2a43f48e7dc849e37bfcf",
            "203.0.113.203",
            1559734700,
            "old",  # the text renews it, and its own section 4.3 has it an hour old at most: it is nearly two
            "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e",
            id="A.3",
        ),
        pytest.param(
            "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
            "e5e973e5a6b2a43f48e7dc849e37bfcf",
            "203.0.113.203",
            1559727985 + 60,
            "good",
            "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
            id="A.3 in time: reserved octets are hashed as they came",
        ),
        pytest.param(
            "22681ab97d52c298010000005cf7c57926556bd0934c72f8",
            "445536bcd2513298075a5d379663c962 dd3bdf9344b678b185a6f5cb60fca715",
            "2001:db8:220:1:59de:d0f4:8769:82b8",
            1559741961,
            "renewed",
            "22681ab97d52c298010000005cf7c609a6bb79d16625507a",
            id="A.4",
        ),
    ],
)
def test_a_server_cookie_is_that_of_rfc_9018_appendix_a(
    sent: str, secrets: str, client: str, now: int, result: str, reply: str
) -> None:
    jar = Jar(tuple(map(bytes.fromhex, secrets.split())), lambda: float(now))
    seen = jar.look(bytes.fromhex(sent), ip_address(client).packed)
    assert (seen.result, seen.reply.hex()) == (result, reply)
    assert seen.good == (result in ("good", "renewed"))


@pytest.mark.parametrize(
    ("age", "result"),
    [
        (-AHEAD_S - 1, "old"),
        (-AHEAD_S, "good"),
        (0, "good"),
        (RENEWED_S - 1, "good"),
        (RENEWED_S, "renewed"),
        (OLDEST_S, "renewed"),
        (OLDEST_S + 1, "old"),
        (1 << 31, "old"),
    ],
)
@pytest.mark.parametrize("made", [NOON, (1 << 32) - 5, 5 << 32])
def test_a_server_cookie_holds_for_an_hour_and_is_renewed_after_half_of_it_rfc_9018_section_4_3(
    age: int, result: str, made: int
) -> None:
    """Also across the end of 32 bits of seconds (RFC 1982)."""
    clock = Clock(made)
    jar = Jar((SECRET,), clock)
    cookie = jar.look(CLIENT, OCTETS).reply
    clock.now = made + age
    seen = jar.look(cookie, OCTETS)
    assert seen.result == result
    assert (seen.reply == cookie) == (result == "good" or age == 0)


def test_a_server_cookie_that_was_good_once_is_looked_at_again_when_its_time_has_come() -> None:
    clock = Clock()
    jar = Jar((SECRET,), clock)
    cookie = jar.look(CLIENT, OCTETS).reply
    assert [jar.look(cookie, OCTETS).result for _ in range(2)] == ["good", "good"]
    clock.now += RENEWED_S
    assert jar.look(cookie, OCTETS).result == "renewed"
    clock.now += RENEWED_S + 1
    assert not jar.look(cookie, OCTETS).good


@given(at=st.integers(0, 23), flip=st.integers(1, 255))
def test_a_server_cookie_with_another_octet_is_not_good(at: int, flip: int) -> None:
    clock = Clock()
    cookie = bytearray(Jar((SECRET,), clock).look(CLIENT, OCTETS).reply)
    cookie[at] ^= flip
    assert not Jar((SECRET,), clock).look(bytes(cookie), OCTETS).good


@given(address=st.one_of(st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16)))
def test_a_server_cookie_of_another_address_is_not_good(address: bytes) -> None:
    jar = Jar((SECRET,), Clock())
    cookie = jar.look(CLIENT, OCTETS).reply
    assert jar.look(cookie, OCTETS).good
    assert jar.look(cookie, address).good == (address == OCTETS)


@given(st.binary(min_size=8, max_size=8) | st.binary(min_size=16, max_size=40), st.binary(min_size=4, max_size=4))
def test_a_server_cookie_is_answered_to_anything_and_then_good(cookie: bytes, address: bytes) -> None:
    jar = Jar((SECRET, FORMER), Clock())
    seen = jar.look(cookie, address)
    assert (len(seen.reply), seen.reply[:8]) == (24, cookie[:8])
    assert jar.look(seen.reply, address).good


def test_a_server_cookie_of_the_former_secret_is_believed_and_renewed_rfc_9018_section_5() -> None:
    clock = Clock()
    cookie = Jar((FORMER,), clock).look(CLIENT, OCTETS).reply
    seen = Jar((SECRET, FORMER), clock).look(cookie, OCTETS)
    assert (seen.good, seen.result) == (True, "renewed")
    assert Jar((SECRET,), clock).look(seen.reply, OCTETS).result == "good"
    assert Jar((SECRET,), clock).look(cookie, OCTETS).result == "bad"


def test_a_server_cookie_that_is_remembered_takes_no_room_without_end() -> None:
    jar = Jar((SECRET,), Clock(), known_max=8)
    for number in range(100):
        address = number.to_bytes(4, "big")
        assert jar.look(jar.look(CLIENT, address).reply, address).good
    assert len(jar._known) <= 8


def test_a_secret_is_not_shown_by_what_holds_it() -> None:
    """Whatever ends up in a log or a traceback."""
    keyring = Keyring((SECRET,), {"key": TsigSecret("hmac-sha256", FORMER)})
    assert not [secret for secret in (SECRET, FORMER) if repr(secret)[2:-1] in repr(keyring)]
