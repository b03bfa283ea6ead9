"""DNS cookies: what a server cookie is, and that a cookie never changes anything else of an answer."""

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
from gslb.dns.cookies import AHEAD_S, OLDEST_S, RENEWED_S, Jar
from gslb.dns.keyring import Keyring
from gslb.model import Limits
from tests.dns import worlds
from tests.dns.test_wire import QUESTION, header, opt, option
from tests.dns.worlds import HOST

GO = "go.inetboot.test"
PEER = "127.0.0.1"
PEERS = (PEER, "133.11.0.1", "10.9.8.7")
OCTETS = ip_address(PEER).packed
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


class TestServerCookie:
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
    def test_is_that_of_rfc_9018_appendix_a(
        self, sent: str, secrets: str, client: str, now: int, result: str, reply: str
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
    def test_holds_for_an_hour_and_is_renewed_after_half_of_it_rfc_9018_section_4_3(
        self, age: int, result: str, made: int
    ) -> None:
        """Also across the end of 32 bits of seconds (RFC 1982)."""
        clock = Clock(made)
        jar = Jar((SECRET,), clock)
        cookie = jar.look(CLIENT, OCTETS).reply
        clock.now = made + age
        seen = jar.look(cookie, OCTETS)
        assert seen.result == result
        assert (seen.reply == cookie) == (result == "good" or age == 0)

    def test_that_was_good_once_is_looked_at_again_when_its_time_has_come(self) -> None:
        clock = Clock()
        jar = Jar((SECRET,), clock)
        cookie = jar.look(CLIENT, OCTETS).reply
        assert [jar.look(cookie, OCTETS).result for _ in range(2)] == ["good", "good"]
        clock.now += RENEWED_S
        assert jar.look(cookie, OCTETS).result == "renewed"
        clock.now += RENEWED_S + 1
        assert not jar.look(cookie, OCTETS).good

    @given(at=st.integers(0, 23), flip=st.integers(1, 255))
    def test_with_another_octet_is_not_good(self, at: int, flip: int) -> None:
        clock = Clock()
        cookie = bytearray(Jar((SECRET,), clock).look(CLIENT, OCTETS).reply)
        cookie[at] ^= flip
        assert not Jar((SECRET,), clock).look(bytes(cookie), OCTETS).good

    @given(address=st.one_of(st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16)))
    def test_of_another_address_is_not_good(self, address: bytes) -> None:
        jar = Jar((SECRET,), Clock())
        cookie = jar.look(CLIENT, OCTETS).reply
        assert jar.look(cookie, OCTETS).good
        assert jar.look(cookie, address).good == (address == OCTETS)

    @given(st.binary(min_size=8, max_size=8) | st.binary(min_size=16, max_size=40), st.binary(min_size=4, max_size=4))
    def test_is_answered_to_anything_and_then_good(self, cookie: bytes, address: bytes) -> None:
        jar = Jar((SECRET, FORMER), Clock())
        seen = jar.look(cookie, address)
        assert (len(seen.reply), seen.reply[:8]) == (24, cookie[:8])
        assert jar.look(seen.reply, address).good

    def test_of_the_former_secret_is_believed_and_renewed_rfc_9018_section_5(self) -> None:
        clock = Clock()
        cookie = Jar((FORMER,), clock).look(CLIENT, OCTETS).reply
        seen = Jar((SECRET, FORMER), clock).look(cookie, OCTETS)
        assert (seen.good, seen.result) == (True, "renewed")
        assert Jar((SECRET,), clock).look(seen.reply, OCTETS).result == "good"
        assert Jar((SECRET,), clock).look(cookie, OCTETS).result == "bad"

    def test_that_is_remembered_takes_no_room_without_end(self) -> None:
        jar = Jar((SECRET,), Clock(), known_max=8)
        for number in range(100):
            address = number.to_bytes(4, "big")
            assert jar.look(jar.look(CLIENT, address).reply, address).good
        assert len(jar._known) <= 8


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
