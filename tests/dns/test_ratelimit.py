"""Response rate limiting: what a network gets, whoever it is, and that nobody else pays for it."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from ipaddress import ip_network

import dns.edns
import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.dns import Responder
from gslb.dns.codes import BADCOOKIE
from gslb.dns.keyring import Keyring
from gslb.dns.ratelimit import RateLimiter
from gslb.model import RateLimit
from tests.dns import worlds
from tests.dns.test_cookies import CLIENT, GO, SECRET, cookie_of, query
from tests.dns.test_wire import header, opt, option

FLOOD = 10_000  # queries a second


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Limited:
    """A limiter, and the time that it goes by."""

    limiter: RateLimiter
    clock: Clock

    def answers(self, peers: list[str], seconds: float, per_s: int = FLOOD) -> int:
        """How many of so many queries a second, from these addresses in turn, are answered."""
        answered = 0
        for number in range(int(seconds * per_s)):
            self.clock.now += 1 / per_s
            answered += self.limiter.admits(peers[number % len(peers)])
        return answered


def limited(responses_per_s: int = 50, workers: int = 1, networks_max: int = 1024, **settings: object) -> Limited:
    clock = Clock()
    limit = RateLimit(responses_per_s, **settings)  # type: ignore[arg-type]
    draw = random.Random(1).getrandbits
    return Limited(RateLimiter(limit, workers=workers, networks_max=networks_max, clock=clock, draw=draw), clock)


WHOLE_24 = [f"192.0.2.{host}" for host in range(256)]
WHOLE_56 = [f"2001:db8:1:{subnet:x}::{host}" for subnet in range(16) for host in range(16)]
WHOLE_48 = [f"2001:db8:1:{subnet:x}00::1" for subnet in range(256)]


class TestNetwork:
    @pytest.mark.parametrize("network", [WHOLE_24, WHOLE_56])
    @pytest.mark.parametrize("per_s", [1, 7, 50, 1000])
    def test_that_floods_gets_what_is_configured_from_its_first_second_on(self, network: list[str], per_s: int) -> None:
        by = limited(per_s)
        for seconds in (1, 2, 3):
            got = by.answers(network, 1)
            assert got <= per_s, seconds
            assert got >= per_s * 0.9 - 1, seconds

    def test_of_48_bits_gets_four_times_as_much(self) -> None:
        by = limited(50)
        assert by.answers(WHOLE_48, 1) == 200
        assert 180 <= by.answers(WHOLE_48, 1) <= 200

    def test_that_asks_less_gets_all(self) -> None:
        assert limited(50).answers(WHOLE_24, 20, per_s=45) == 20 * 45

    def test_may_have_all_of_a_second_at_once(self) -> None:
        by = limited(50)
        assert sum(by.limiter.admits(peer) for peer in WHOLE_24[:60]) == 50

    def test_does_not_take_from_another(self) -> None:
        by = limited(50)
        by.answers(WHOLE_24, 1)
        assert by.limiter.admits("192.0.3.1")
        assert by.limiter.admits("2001:db8:1::1")

    def test_has_all_of_it_again_when_it_was_quiet_for_two_seconds(self) -> None:
        by = limited(50)
        by.answers(WHOLE_24, 3)
        assert not by.limiter.admits("192.0.2.1")
        by.clock.now += 2
        assert sum(by.limiter.admits(peer) for peer in WHOLE_24) == 50

    def test_gets_back_as_the_second_goes_by(self) -> None:
        by = limited(100)
        assert sum(by.limiter.admits(peer) for peer in WHOLE_24) == 100
        by.clock.now += 1
        for tenth in range(1, 10):
            by.clock.now += 0.1
            got = sum(by.limiter.admits(peer) for peer in WHOLE_24)
            assert got in (9, 10, 11), tenth

    def test_that_is_exempt_gets_all(self) -> None:
        by = limited(5, exempt=(ip_network("192.0.2.0/25"), ip_network("2001:db8:1::/48")))
        assert by.answers(["192.0.2.1"], 1) == FLOOD
        assert by.answers(WHOLE_56, 1) == FLOOD
        assert by.answers(["192.0.2.128"], 1) < 5
        assert by.answers(["2001:db8:2::1"], 1) < 5


class TestAddress:
    @pytest.mark.parametrize("peer", ["192.0.2.1", "2001:db8:1::1", "fe80::1%eth0"])
    def test_that_floods_leaves_a_quarter_to_its_neighbours(self, peer: str) -> None:
        by = limited(100)
        assert by.answers([peer], 1) == 75
        assert 60 <= by.answers([peer], 1) <= 75

    def test_beside_one_that_floods_is_answered(self) -> None:
        by = limited(100)
        asked = answered = 0
        for number in range(5 * FLOOD):
            by.clock.now += 1 / FLOOD
            by.limiter.admits("192.0.2.1")
            if number % 1000 == 0:
                asked += 1
                answered += by.limiter.admits("192.0.2.2")
        assert (asked, answered) == (50, 50)


class TestWorkers:
    @pytest.mark.parametrize("workers", [1, 2, 3, 4, 8])
    @pytest.mark.parametrize("per_s", [10, 50, 77])
    def test_together_stay_within_what_is_configured(self, workers: int, per_s: int) -> None:
        each = [limited(per_s, workers) for _ in range(workers)]
        for _ in range(3):
            got = sum(by.answers(WHOLE_24, 1, per_s=2000) for by in each)
            assert 0.9 * per_s - 2 * workers <= got <= per_s

    def test_more_of_them_than_answers_give_one_each_and_then_no_more_than_configured(self) -> None:
        each = [limited(2, 8) for _ in range(8)]
        assert sum(by.answers(WHOLE_24, 20, per_s=100) for by in each) <= 8 + 2 * 20


@given(
    st.integers(1, 40),
    st.integers(1, 5),
    st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 3)), min_size=1, max_size=200),
)
def test_in_no_time_more_than_twice_and_on_average_what_is_configured(
    per_s: int, workers: int, asked: list[tuple[int, int]]
) -> None:
    """However the queries are spread over time: the one burst is all that anybody gets beyond the rate."""
    by = limited(per_s, workers)
    share = per_s / workers
    times: list[float] = []
    for wait_ms, host in asked:
        by.clock.now += wait_ms / 1000
        if by.limiter.admits(f"192.0.2.{host}"):
            times.append(by.clock.now)
    for start in range(len(times)):
        for end in range(start, len(times)):
            assert end - start + 1 <= share * (times[end] - times[start]) + 2 * max(1, share) + 1


class TestTable:
    def test_of_sources_without_end_has_a_fixed_size(self) -> None:
        by = limited(50, networks_max=256)
        draw = random.Random(2)
        for _ in range(5000):
            assert by.limiter.admits(".".join(map(str, draw.randbytes(4))))
        assert len(by.limiter) == len(by.limiter._accounts) == 256
        assert by.limiter.replaced == 2 * 5000 - 256

    def test_a_network_that_floods_stays_in_it_while_others_come_and_go(self) -> None:
        """Else a flood would be forgotten by asking from everywhere else too."""
        by = limited(50, networks_max=256)
        draw = random.Random(3)
        got = 0
        for number in range(4 * FLOOD):
            by.clock.now += 1 / FLOOD
            got += by.limiter.admits(WHOLE_24[number % 256])
            by.limiter.admits(".".join(map(str, draw.randbytes(4))))
        assert got <= 1.1 * 50 * 4

    def test_who_is_refused_takes_no_room(self) -> None:
        by = limited(50)
        by.answers([f"2001:db8:1::{host:x}" for host in range(5000)], 1)
        assert len(by.limiter) <= 2 + 50

    @given(
        st.lists(st.tuples(st.integers(0, 700), st.integers(0, 5), st.integers(0, 3)), max_size=150), st.sampled_from((2, 5, 64))
    )
    def test_never_refuses_who_was_sent_nothing_for_two_seconds(self, asked: list[tuple[int, int, int]], size: int) -> None:
        """However small it is, and whatever else is in it."""
        by = limited(3, networks_max=size)
        last: dict[int, float] = {}
        for wait_ms, network, host in asked:
            by.clock.now += wait_ms / 1000
            admitted = by.limiter.admits(f"10.0.{network}.{host}")
            assert admitted or by.clock.now - last[network] < 2
            if admitted:
                last[network] = by.clock.now
        assert len(by.limiter) <= size


class TestSlip:
    @pytest.mark.parametrize(("slip", "cut"), [(0, 0), (1, 60), (2, 30), (3, 20), (10, 6)])
    def test_every_nth_limited_answer_goes_out_cut(self, slip: int, cut: int) -> None:
        limiter = limited(slip=slip).limiter
        assert sum(limiter.slips() for _ in range(60)) == cut


class TestResponder:
    """What goes over the wire."""

    def responder(self, slip: int = 2, dry_run: bool = False) -> Responder:
        by = limited(10, slip=slip, dry_run=dry_run)
        serving = replace(worlds.serving(known=tuple(worlds.PLACES)), keyring=Keyring((SECRET,)))
        responder = Responder(serving, node="tokyo-1", wall=lambda: 1.7e9)
        responder.limiter = by.limiter
        return responder

    def counted(self, responder: Responder) -> dict[str, int]:
        return {key[1]: count for key, count in responder.counters.items() if key[0] == "gslb_dns_rate_limited_total"}

    def replies(self, responder: Responder, wire: bytes, count: int, tcp: bool = False) -> list[dns.message.Message | None]:
        found = [responder.respond(wire, WHOLE_24[number % 256], tcp) for number in range(count)]
        return [None if reply is None else dns.message.from_wire(reply) for reply in found]

    @pytest.mark.parametrize("name", [GO, worlds.HOST, "nowhere.inetboot.test", "www.example.com", "Mixed.inetboot.test"])
    @pytest.mark.parametrize("edns", [-1, 0])
    def test_a_flood_gets_its_answers_and_then_half_of_it_tc_and_half_nothing(self, name: str, edns: int) -> None:
        responder = self.responder()
        replies = self.replies(responder, dns.message.make_query(name, "A", use_edns=edns).to_wire(), 100)
        whole, cut = replies[:10], [reply for reply in replies[10:] if reply is not None]
        assert all(reply is not None and not reply.flags & dns.flags.TC for reply in whole)
        assert len(cut) == 45
        for reply in cut:
            assert (reply.rcode(), reply.flags & dns.flags.TC, reply.edns) == (dns.rcode.NOERROR, dns.flags.TC, edns)
            assert reply.question
            assert (reply.answer, reply.authority) == ([], [])
        assert self.counted(responder) == {"slipped": 45, "dropped": 45}

    def test_no_slip_drops_all(self) -> None:
        responder = self.responder(slip=0)
        replies = self.replies(responder, query(GO, None), 100)
        assert [reply is None for reply in replies] == [False] * 10 + [True] * 90

    def test_a_good_cookie_gets_all_and_takes_nothing_from_others(self) -> None:
        responder = self.responder()
        peer = WHOLE_24[7]
        first = responder.respond(query(GO, CLIENT), peer)
        assert first is not None
        cookie = cookie_of(dns.message.from_wire(first))
        for name in (GO, worlds.HOST, "nowhere.inetboot.test"):
            for _ in range(50):
                reply = responder.respond(query(name, cookie), peer)
                assert reply is not None
                assert not reply[2] & 2
        assert self.counted(responder) == {}
        others = self.replies(responder, query(GO, None), 20)
        assert sum(reply is not None and not reply.flags & dns.flags.TC for reply in others) == 9

    @pytest.mark.parametrize("cookie", [CLIENT, CLIENT + bytes(16)])
    @pytest.mark.parametrize("name", [GO, worlds.HOST, "nowhere.inetboot.test", "Mixed.inetboot.test"])
    def test_without_a_good_cookie_badcookie_is_the_way_back_in_rfc_7873_section_5_2_3(self, cookie: bytes, name: str) -> None:
        responder = self.responder()
        wire = query(name, cookie)
        replies = self.replies(responder, wire, 30)
        for number, reply in enumerate(replies[10:], 10):
            assert reply is not None
            assert (reply.rcode(), reply.answer, reply.flags & dns.flags.TC) == (BADCOOKIE, [], 0)
            assert len(reply.to_wire()) <= len(wire) + 16
            back = responder.respond(query(name, cookie_of(reply)), WHOLE_24[number])
            assert back is not None
            assert dns.message.from_wire(back).rcode() != BADCOOKIE
        assert self.counted(responder) == {"badcookie": 20}

    def test_who_asks_for_a_cookie_alone_gets_one(self) -> None:
        responder = self.responder()
        replies = self.replies(responder, header(0, 0, 0, 1) + opt(option(10, CLIENT)), 30)
        assert all(reply is not None and cookie_of(reply) is not None for reply in replies)

    @pytest.mark.parametrize(
        "wire", [header(1) + b"\x40", b"\x12\x34\x28\0\0\0\0\0\0\0\0\0", header(1, 0, 0, 1) + b"\0\0\x29\0\1" + opt()]
    )
    def test_of_errors_too_there_are_so_many(self, wire: bytes) -> None:
        responder = self.responder(slip=1)
        answered = [reply for reply in self.replies(responder, wire, 40) if reply is not None]
        assert len([reply for reply in answered if not reply.flags & dns.flags.TC]) == 10
        assert sum(self.counted(responder).values()) == 30

    def test_tcp_is_not_limited_and_does_not_count(self) -> None:
        responder = self.responder()
        assert all(self.replies(responder, query(GO, None), 100, tcp=True))
        assert all(self.replies(responder, query(GO, None), 10))

    def test_a_dry_run_answers_all_and_counts_what_it_would_have_done(self) -> None:
        responder = self.responder(dry_run=True)
        replies = self.replies(responder, query(GO, None), 100)
        assert all(reply is not None and reply.answer for reply in replies)
        assert self.counted(responder) == {"dry-run": 90}

    def test_off_is_as_if_it_had_never_been(self) -> None:
        responder = self.responder()
        self.replies(responder, query(GO, None), 100)
        responder.limiter = None
        assert all(self.replies(responder, query(GO, None), 100))

    def test_what_is_limited_is_no_answer_in_the_metrics(self) -> None:
        responder = self.responder()
        self.replies(responder, query(GO, None), 100)
        assert sum(count for key, count in responder.counters.items() if key[0] == "gslb_dns_answers_total") == 10
