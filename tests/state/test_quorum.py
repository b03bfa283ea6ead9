from hypothesis import given
from hypothesis import strategies as st

from gslb.model import State
from gslb.state.quorum import Vote, combine

UP, DOWN, WRONG, UNKNOWN = State.UP, State.DOWN, State.WRONG, State.UNKNOWN


def said(*states: State, fresh: bool = True, checks: int = 1) -> list[Vote]:
    return [Vote(f"v{n}", state, state.value, fresh, checks=checks) for n, state in enumerate(states)]


def state_of(*votes: Vote, last: State = UP) -> State:
    return combine(votes, last, "last").state


def test_one_vantage_decides_alone():
    assert state_of(*said(DOWN)) is DOWN
    assert state_of(*said(UP), last=DOWN) is UP


def test_down_takes_more_than_half():
    assert state_of(*said(DOWN, UP)) is UP
    assert state_of(*said(DOWN, DOWN, UP)) is DOWN
    assert state_of(*said(DOWN, DOWN, UP, UP)) is UP


def test_who_is_not_fresh_has_no_vote():
    assert state_of(*said(UP), *said(DOWN, DOWN, fresh=False)) is UP
    assert state_of(*said(DOWN), *said(UP, UP, fresh=False)) is DOWN


def test_who_knows_nothing_has_no_vote():
    assert state_of(*said(DOWN, UNKNOWN, UNKNOWN)) is DOWN


def test_with_nobody_fresh_the_last_word_stands():
    found = combine(said(DOWN, fresh=False), UP, "answered 200")
    assert (found.state, found.reason, found.fresh) == (UP, "answered 200", False)


def test_with_everything_forgotten_it_is_unknown():
    assert combine([], UP, "answered 200").state is UNKNOWN
    assert combine(said(UNKNOWN), UP, "answered 200").state is UNKNOWN


def test_dead_for_some_and_wrong_for_another_is_wrong():
    assert state_of(*said(DOWN, WRONG)) is WRONG
    assert state_of(*said(DOWN, DOWN, WRONG)) is WRONG
    assert state_of(*said(UP, UP, WRONG)) is UP


def test_the_reason_tells_how_many_saw_it():
    assert combine(said(DOWN, DOWN, UP), UP, "").reason == "down (seen by 2 of 3 vantages)"
    assert combine(said(DOWN), UP, "").reason == "down"


def test_it_fails_when_most_see_failures():
    failing = [Vote("a", UP, "", True, failing=True), Vote("b", UP, "", True), Vote("c", UP, "", True, failing=True)]
    assert combine(failing, UP, "").failing
    assert not combine(failing[:2], UP, "").failing


def test_checks_are_of_the_vantage_that_would_tip_it():
    up = [Vote("a", UP, "", True, checks=1), Vote("b", UP, "", True, checks=2), Vote("c", UP, "", True, checks=3)]
    assert combine(up, UP, "").checks == 2
    assert combine([*up[:2], *said(DOWN)], UP, "").checks == 1
    down = [Vote("a", DOWN, "", True, checks=5), Vote("b", DOWN, "", True, checks=2)]
    assert combine(down, UP, "").checks == 2
    assert combine(down[:1], UP, "").checks == 5


@given(
    st.lists(
        st.builds(
            Vote, st.text(max_size=2), st.sampled_from(State), st.just("r"), st.booleans(), st.booleans(), st.integers(1, 9)
        ),
        max_size=7,
    ),
    st.sampled_from(State),
)
def test_whatever_is_said_there_is_one_answer_in_bounds(votes, last):
    found = combine(votes, last, "last")
    assert found == combine(votes, last, "last")
    assert found.checks >= 1
    ill = [vote for vote in votes if vote.fresh and vote.state in (DOWN, WRONG)]
    well = [vote for vote in votes if vote.fresh and vote.state is UP]
    if ill or well:
        assert (found.state in (DOWN, WRONG)) == (len(ill) > len(well))
