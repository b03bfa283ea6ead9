"""Queries with DNS cookies: what is answered, and that a cookie never changes anything else of an answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import ip_address

import dns.edns
import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.dns import Responder
from gslb.dns.codes import BADCOOKIE
from gslb.dns.cookies import RENEWED_S, Jar
from gslb.dns.keyring import Keyring
from gslb.model import Limits
from tests.dns import worlds
from tests.dns.test_wire import QUESTION, header, opt, option
from tests.dns.worlds import HOST

GO = "go.inetboot.test"
PEER = "127.0.0.1"
PEERS = (PEER, "133.11.0.1", "10.9.8.7")
CLIENT = b"ClientCk"
SECRET, FORMER = bytes(range(16)), bytes(range(16, 32))
NOON = 1_700_000_000


@dataclass
class Clock:
    now: float = float(NOON)

    def __call__(self) -> float:
        return self.now


@dataclass
class Asking:
    """A client and the responder that it asks, at a time that the test sets."""

    responder: Responder
    clock: Clock
    peer: str = PEER
    sent: list[bytes] = field(default_factory=list)

    def exchange(self, wire: bytes, tcp: bool = False) -> dns.message.Message:
        reply = self.responder.respond(wire, self.peer, tcp)
        assert reply is not None
        return dns.message.from_wire(reply)

    def ask(self, cookie: bytes | None, name: str = GO, tcp: bool = False, **options: object) -> dns.message.Message:
        return self.exchange(query(name, cookie, **options), tcp)

    def learn(self) -> bytes:
        cookie = cookie_of(self.ask(CLIENT))
        assert cookie is not None
        return cookie

    def counted(self, result: str) -> int:
        return self.responder.counters.get(("gslb_dns_cookies_total", result), 0)


def query(name: str, cookie: bytes | None, **options: object) -> bytes:
    told = [] if cookie is None else [dns.edns.GenericOption(dns.edns.OptionType.COOKIE, cookie)]
    return dns.message.make_query(name, "A", use_edns=0, options=told, **options).to_wire()  # type: ignore[arg-type]


def cookie_of(reply: dns.message.Message) -> bytes | None:
    found = [option.to_wire() for option in reply.options if option.otype == dns.edns.OptionType.COOKIE]
    assert len(found) <= 1
    return found[0] if found else None


def responder(*secrets: bytes, limits: Limits | None = None, clock: Clock | None = None, kept_max: int = 64) -> Responder:
    world = worlds.world(worlds.configuration(limits=limits or Limits()))
    serving = replace(worlds.serving(world, known=tuple(worlds.PLACES)), keyring=Keyring(secrets))
    return Responder(serving, node="tokyo-1", wall=clock or Clock(), kept_max=kept_max)


@pytest.fixture
def asking() -> Asking:
    clock = Clock()
    return Asking(responder(SECRET, clock=clock), clock)


class TestAnswer:
    def test_has_a_full_cookie_for_a_client_cookie_rfc_7873_section_5_2_3(self, asking: Asking) -> None:
        reply = asking.ask(CLIENT)
        assert reply.rcode() == dns.rcode.NOERROR
        assert reply.answer
        cookie = cookie_of(reply)
        assert cookie is not None
        assert (len(cookie), cookie[:8]) == (24, CLIENT)
        assert asking.counted("client") == 1

    def test_has_the_same_cookie_while_it_is_good_and_young(self, asking: Asking) -> None:
        cookie = asking.learn()
        asking.clock.now += RENEWED_S - 1
        assert cookie_of(asking.ask(cookie)) == cookie
        asking.clock.now += 1
        renewed = cookie_of(asking.ask(cookie))
        assert renewed not in (None, cookie)
        assert (asking.counted("good"), asking.counted("renewed")) == (1, 1)

    def test_to_a_bad_cookie_is_the_answer_and_a_good_one_rfc_7873_section_5_2_4(self, asking: Asking) -> None:
        reply = asking.ask(CLIENT + bytes(16))
        assert (reply.rcode(), bool(reply.answer)) == (dns.rcode.NOERROR, True)
        cookie = cookie_of(reply)
        assert cookie is not None
        asking.ask(cookie)
        assert (asking.counted("bad"), asking.counted("good")) == (1, 1)

    @pytest.mark.parametrize("tcp", [False, True])
    @pytest.mark.parametrize("octets", [0, 1, 7, 9, 15, 41, 60])
    def test_to_a_cookie_of_no_possible_length_is_formerr_rfc_7873_section_5_2_2(
        self, asking: Asking, octets: int, tcp: bool
    ) -> None:
        reply = asking.ask(bytes(octets), tcp=tcp)
        assert (reply.rcode(), reply.edns, cookie_of(reply)) == (dns.rcode.FORMERR, 0, None)
        assert f"cookie of {octets} octets" in str(reply.extended_errors()[0].text)
        assert asking.counted("malformed") == 1

    @pytest.mark.parametrize("octets", [8, 16, 17, 24, 32, 40])
    def test_to_any_possible_length_is_the_answer(self, asking: Asking, octets: int) -> None:
        reply = asking.ask(CLIENT + bytes(octets - 8))
        assert reply.answer
        assert cookie_of(reply) is not None

    def test_regards_the_first_of_two_cookies_rfc_7873_section_5_2(self, asking: Asking) -> None:
        for first, second in ((CLIENT, b"otherone"), (asking.learn(), b"otherone"), (CLIENT, b"no cookie at all")):
            two = opt(option(10, first) + option(10, second))
            for _ in range(2):  # the second time from what is kept, if it were
                cookie = cookie_of(asking.exchange(header(1, 0, 0, 1) + QUESTION + two))
                assert cookie is not None
                assert cookie[:8] == CLIENT

    def test_over_tcp_has_a_cookie_too(self, asking: Asking) -> None:
        cookie = cookie_of(asking.ask(CLIENT, tcp=True))
        assert cookie is not None
        assert cookie_of(asking.ask(cookie, tcp=True)) == cookie

    @pytest.mark.parametrize("name", [HOST, "nowhere.inetboot.test", "example.com", "huge.inetboot.test", "sub.inetboot.test"])
    def test_of_any_kind_has_a_cookie(self, asking: Asking, name: str) -> None:
        for _ in range(2):
            assert cookie_of(asking.ask(CLIENT, name)) is not None
            assert cookie_of(asking.ask(None, name)) is None

    def test_to_another_opcode_has_a_cookie(self, asking: Asking) -> None:
        wire = bytearray(query(GO, CLIENT))
        wire[2] |= 0x10
        assert cookie_of(asking.exchange(bytes(wire))) is not None

    def test_has_no_cookie_where_no_secret_is(self) -> None:
        reply = Asking(responder(), Clock()).ask(CLIENT)
        assert reply.answer
        assert not reply.options

    def test_of_another_node_that_has_the_same_secret_is_good_rfc_9018_section_5(self, asking: Asking) -> None:
        other, stranger = responder(FORMER, SECRET, clock=asking.clock), responder(FORMER, clock=asking.clock)
        for node, result in ((other, "renewed"), (stranger, "bad")):
            there = Asking(node, asking.clock)
            there.ask(asking.learn())
            assert there.counted(result) == 1

    def test_after_a_roll_over_is_made_with_the_new_secret(self, asking: Asking) -> None:
        cookie = asking.learn()
        asking.responder.swap(replace(asking.responder.serving, keyring=Keyring((FORMER, SECRET))))
        renewed = cookie_of(asking.ask(cookie))
        assert renewed not in (None, cookie)
        assert asking.counted("renewed") == 1


class TestCookieAlone:
    """No question: RFC 7873 section 5.4."""

    @pytest.mark.parametrize("tcp", [False, True])
    def test_a_client_cookie_is_answered_with_a_full_one(self, asking: Asking, tcp: bool) -> None:
        reply = asking.exchange(header(0, 0, 0, 1) + opt(option(10, CLIENT)), tcp)
        assert (reply.rcode(), reply.question, reply.answer) == (dns.rcode.NOERROR, [], [])
        assert cookie_of(reply) is not None

    @pytest.mark.parametrize("tcp", [False, True])
    def test_a_server_cookie_is_confirmed_or_replaced(self, asking: Asking, tcp: bool) -> None:
        cookie = asking.learn()
        reply = asking.exchange(header(0, 0, 0, 1) + opt(option(10, cookie)), tcp)
        assert (reply.rcode(), cookie_of(reply)) == (dns.rcode.NOERROR, cookie)
        reply = asking.exchange(header(0, 0, 0, 1) + opt(option(10, cookie[:-1] + b"?")), tcp)
        assert (reply.rcode(), cookie_of(reply)) == (BADCOOKIE, cookie)

    @pytest.mark.parametrize("options", [b"", option(3, b""), option(10, b"short")])
    def test_without_a_cookie_is_formerr_rfc_9619(self, asking: Asking, options: bytes) -> None:
        assert asking.exchange(header(0, 0, 0, 1) + opt(options)).rcode() == dns.rcode.FORMERR

    def test_is_formerr_where_no_secret_is(self) -> None:
        reply = Asking(responder(), Clock()).exchange(header(0, 0, 0, 1) + opt(option(10, CLIENT)))
        assert reply.rcode() == dns.rcode.FORMERR


class TestKept:
    """Answers are kept without cookies, and are what they would be had they not been kept."""

    def test_a_query_with_a_cookie_is_read_once(self, asking: Asking) -> None:
        cookie = asking.learn()
        for name in (GO, HOST):
            asking.ask(cookie, name)
        before = dict(asking.responder.serving.cookied)
        assert before
        for number in range(5):
            asking.ask(number.to_bytes(8, "big"), HOST)
            asking.ask(cookie, HOST)
        assert len(asking.responder.serving.cookied) == len(before) + 1  # the head of a client cookie is another

    @given(
        st.lists(st.tuples(st.integers(0, 11), st.integers(0, 4), st.sampled_from((PEER, "133.11.0.1", "10.9.8.7"))), max_size=30)
    )
    def test_answers_are_the_same_as_of_who_keeps_nothing(self, asked: list[tuple[int, int, str]]) -> None:
        clock = Clock()
        keeps, forgets = responder(SECRET, clock=clock), responder(SECRET, clock=clock)
        for shape, which, peer in asked:
            jar = Jar((SECRET,), clock)
            good = jar.look(CLIENT, ip_address(peer).packed).reply
            cookies = (CLIENT, good, CLIENT + bytes(16), CLIENT + bytes(9), good[:-1] + b"!")
            wire = shapes(cookies[which])[shape]
            forgets.serving.forget()
            assert keeps.respond(wire, peer) == forgets.respond(wire, peer), wire.hex()
        assert keeps.counters == forgets.counters

    def test_a_message_that_ends_before_its_cookie_is_formerr_after_one_that_did_not(self, asking: Asking) -> None:
        wire = query(GO, CLIENT)
        assert asking.exchange(wire).answer
        assert asking.exchange(wire[:-8]).rcode() == dns.rcode.FORMERR
        assert asking.exchange(wire).answer

    def test_octets_behind_the_message_are_no_cookie(self, asking: Asking) -> None:
        wire = query(GO, CLIENT) + option(10, b"no cooki")
        for _ in range(3):
            cookie = cookie_of(asking.exchange(wire))
            assert cookie is not None
            assert cookie[:8] == CLIENT


def shapes(cookie: bytes) -> tuple[bytes, ...]:
    """Queries with this cookie in all places where it can be."""
    ecs = option(8, b"\0\1\x10\0\x85\x0b")
    plain, nsid = option(10, cookie), option(3, b"")
    options = (plain, ecs + plain, plain + ecs, nsid + plain, plain + nsid, ecs + plain + option(65001, b"?"), plain + plain)
    found = [header(1, 0, 0, 1) + QUESTION.lower() + opt(each) for each in options]
    found.append(header(1, 0, 0, 1) + QUESTION + opt(plain))
    found.append(header(1, 0, 0, 1) + QUESTION.lower() + opt(plain) + plain)
    found += [query(HOST, cookie), query("nowhere.inetboot.test", cookie), query("huge.inetboot.test", cookie)]
    return tuple(found)


class TestSize:
    """Nobody can have a large answer sent to an address that is not his."""

    def ask(self, most: int, cookie: bytes, payload: int = 4096, tcp: bool = False) -> tuple[int, bool]:
        """Octets of the answer, and whether it was cut."""
        clock = Clock()
        asked = responder(SECRET, limits=Limits(udp_without_cookie=most), clock=clock)
        if cookie == b"good":
            cookie = Asking(asked, clock).learn()
        name = "big.inetboot.test"  # about a thousand octets
        wire = dns.message.make_query(
            name, "TXT", payload=payload, options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, cookie)]
        ).to_wire()
        reply = asked.respond(wire, PEER, tcp)
        assert reply is not None
        assert asked.respond(wire, PEER, tcp) == reply
        return len(reply), bool(reply[2] & 2)

    def test_without_a_good_cookie_what_is_larger_than_configured_is_cut(self) -> None:
        for cookie in (CLIENT, CLIENT + bytes(16)):
            octets, cut = self.ask(700, cookie)
            assert cut
            assert octets < 100
        octets, cut = self.ask(700, b"good")
        assert not cut
        assert octets > 700

    def test_a_good_cookie_makes_nothing_larger_than_1232_rfc_9715_section_3_1(self) -> None:
        clock = Clock()
        asked = Asking(responder(SECRET, clock=clock), clock)
        cookie = asked.learn()
        wire = dns.message.make_query(
            "huge.inetboot.test", "TXT", payload=4096, options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, cookie)]
        ).to_wire()
        reply = asked.responder.respond(wire, PEER)
        assert reply is not None
        assert reply[2] & 2
        assert cookie_of(dns.message.from_wire(reply)) == cookie

    def test_over_tcp_nothing_is_cut(self) -> None:
        assert self.ask(512, CLIENT, tcp=True)[1] is False

    def test_who_takes_less_gets_less(self) -> None:
        assert self.ask(700, b"good", payload=512)[1] is True
