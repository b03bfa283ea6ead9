"""The table of who stays at which generation: words in memory, as any worker reads and writes them."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from gslb.redirect.pledges import OVERTIME, WAYS, Event, Pledges, words_for

OLD, NEW, NEWEST = "a1" * 32, "b2" * 32, "c3" * 32
BOTH = frozenset((OLD, NEW))
PLEDGE_S = 600.0


def table(clients: int = 1024) -> array[int]:
    return array("Q", bytes(8 * words_for(clients)))


def stays(pledges: Pledges, now_s: float, served: str = NEW, reachable: frozenset[str] = BOTH, client: bytes = b"a") -> str:
    return pledges.stay(client, served, reachable, now_s, PLEDGE_S).generation


def test_a_client_that_began_with_the_old_generation_stays_while_it_is_not_quiet():
    pledges = Pledges(table())
    assert stays(pledges, 0, served=OLD) == OLD
    assert [stays(pledges, now_s) for now_s in (1, 600, 1190)] == [OLD] * 3
    assert stays(pledges, 1190 + 602) == NEW
    assert stays(pledges, 1190 + 603) == NEW


def test_who_begins_after_the_change_gets_what_is_served_from_the_same_table():
    pledges = Pledges(table())
    assert stays(pledges, 0, served=OLD) == OLD
    assert stays(pledges, 1, client=b"b") == NEW
    assert stays(pledges, 2) == OLD


def test_a_generation_that_nobody_holds_any_more_is_given_up_for_good():
    pledges = Pledges(table())
    stays(pledges, 0, served=OLD)
    stay = pledges.stay(b"a", NEW, frozenset((NEW,)), 1, PLEDGE_S)
    assert (stay.generation, stay.events) == (NEW, (Event.ENDED,))
    assert stays(pledges, 2) == NEW, "though a site that holds the old one came back"


def test_files_that_may_come_from_anywhere_keep_a_pledge_and_begin_none():
    pledges = Pledges(table())
    pledges.touch(b"b", 0, PLEDGE_S)
    stays(pledges, 0, served=OLD)
    pledges.touch(b"a", 500, PLEDGE_S)
    assert stays(pledges, 1000) == OLD
    assert stays(pledges, 1000, client=b"b") == NEW


def test_a_network_that_is_never_quiet_goes_on_with_what_is_served_after_an_hour():
    """Else one mirror that gets no updates any more would keep every busy network of the world."""
    pledges = Pledges(table())
    stays(pledges, 0, served=OLD)
    found = {now_s: stays(pledges, now_s) for now_s in range(100, 8000, 300)}
    kept = [now_s for now_s, generation in found.items() if generation == OLD]
    assert OVERTIME * PLEDGE_S - 300 <= max(kept) <= OVERTIME * PLEDGE_S + 600
    assert all(found[now_s] == NEW for now_s in found if now_s > max(kept))


def test_overtime_begins_anew_with_each_change():
    pledges = Pledges(table())
    for day in range(20):
        served, before = (OLD, NEW) if day % 2 else (NEW, OLD)
        now_s = day * 86400.0
        assert stays(pledges, now_s, served=before) == before
        assert stays(pledges, now_s + 300, served=served) == before


def test_another_worker_s_clock_that_was_read_a_moment_later_is_no_pledge_of_yesterday():
    pledges = Pledges(table())
    stays(pledges, 1000.0, served=OLD)
    assert stays(pledges, 999.0) == OLD


def test_the_clock_goes_round():
    pledges = Pledges(table())
    turn_s = 1 << 17
    stays(pledges, turn_s - 5, served=OLD)
    assert stays(pledges, turn_s + 5) == OLD


def test_a_full_table_forgets_who_was_quiet_for_longest():
    memory = table(1)
    assert len(memory) == WAYS
    pledges = Pledges(memory)
    clients = [bytes([number]) for number in range(WAYS + 1)]
    for now_s, client in enumerate(clients[:WAYS]):
        assert pledges.stay(client, OLD, BOTH, now_s, PLEDGE_S).events == (Event.BEGUN,)
    assert pledges.stay(clients[WAYS], OLD, BOTH, WAYS, PLEDGE_S).events == (Event.BEGUN, Event.EVICTED)
    assert [stays(pledges, WAYS + 1, client=client) for client in clients[1:]] == [OLD] * WAYS
    assert stays(pledges, WAYS + 1, client=clients[0]) == NEW


def test_a_place_is_taken_from_who_was_quiet_for_longer_than_a_pledge_without_ado():
    pledges = Pledges(table(1))
    for number in range(WAYS):
        stays(pledges, 0, served=OLD, client=bytes([number]))
    assert pledges.stay(b"new", NEW, BOTH, 700, PLEDGE_S).events == (Event.BEGUN,)


def test_nothing_is_written_for_a_client_that_asks_again_in_the_same_second():
    memory = table()
    pledges = Pledges(memory)
    stays(pledges, 5.1, served=OLD)
    before = memory[:]
    stays(pledges, 5.9, served=OLD)
    assert memory == before


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 400), st.sampled_from((OLD, NEW, NEWEST))), max_size=40))
def test_no_client_that_is_not_quiet_is_ever_given_a_second_generation(steps):
    """Whatever is served, whoever else asks, and whichever of two workers it comes to."""
    memory = table(4096)
    workers, every = [Pledges(memory), Pledges(memory)], frozenset((OLD, NEW, NEWEST))
    now_s, began = 0.0, dict[bytes, tuple[str, float, float]]()
    for number, (who, pause_s, served) in enumerate(steps):
        now_s += pause_s
        client = bytes([who])
        given_, last_s, first_s = began.get(client, ("", 0.0, 0.0))
        found = workers[number % 2].stay(client, served, every, now_s, PLEDGE_S).generation
        if given_ and now_s - last_s <= PLEDGE_S - 1 and now_s - first_s < OVERTIME * PLEDGE_S:
            assert found == given_
        began[client] = (found, now_s, first_s if found == given_ else now_s)


@given(
    st.lists(st.integers(0, 2**64 - 1), min_size=WAYS, max_size=WAYS),
    st.floats(0, 1e9),
    st.floats(1, 86400),
    st.binary(max_size=8),
)
def test_whatever_the_memory_holds_a_client_gets_what_is_there_to_be_had(words, now_s, pledge_s, client):
    memory = array("Q", words)
    pledges = Pledges(memory)
    pledges.touch(client, now_s, pledge_s)
    for _ in range(3):
        assert pledges.stay(client, NEW, BOTH, now_s, pledge_s).generation in BOTH
    assert pledges.stay(client, NEW, frozenset(), now_s, pledge_s).generation == NEW
