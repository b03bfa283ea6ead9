"""How things were: rings of numbers that end at a fixed size, right over restarts and jumps of the clock."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.errors import StoreError
from gslb.state.rollups import RANGES, TIERS, Range, Rollups, Series, Tier
from gslb.state.rollups.cells import CELL_OCTETS, Cells, halves, unpack
from tests.fuzz import fuzz_rollups

UTC_NOW = datetime(2026, 11, 23, tzinfo=UTC)
START = 1_700_000_000
SMALL = (Tier(10, 6), Tier(60, 5), Tier(300, 4))
WHOLE = tuple(Range(number, tier.slots) for number, tier in enumerate(SMALL))
UP, LATENCY, WORST = Series("tokyo", "up"), Series("tokyo", "latency", ("local",)), Series("tokyo", "latency_max", ("local",))
MANY = [Series(f"site-{number}", "up") for number in range(8)]


def opened(path: Path | None, most: int = 100, tiers: Iterable[Tier] = SMALL) -> Rollups:
    return Rollups(path, most, UTC_NOW, tuple(tiers))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def test_an_hour_is_told_in_steps_of_ten_seconds_and_a_year_in_hours(path):
    book = opened(path, tiers=TIERS)
    start = START // 3600 * 3600
    for step in range(720):
        book.write(start + 10 * step, {UP: 1.0 if step < 360 else 0.5, LATENCY: float(step), WORST: float(step)})
    now = start + 7195
    hour, year, week = book.read("1h", now), book.read("1y", now), book.read("7d", now)
    assert (hour.step_s, len(hour.series[UP]), hour.start_s) == (10, 360, start + 3600)
    assert hour.series[LATENCY] == [float(step) for step in range(360, 720)]
    assert week.series[UP][-2:] == [1.0, 0.5]
    assert week.series[LATENCY][-1] == pytest.approx(539.5)
    assert week.series[WORST][-2:] == [359.0, 719.0]
    assert (year.step_s, len(year.series[UP])) == (6 * 3600, 1460)
    assert [value for value in year.series[UP] if value is not None] == [pytest.approx(0.75)]
    assert {name: len(book.read(name, now).series[UP]) for name in RANGES} == {
        "1h": 360, "24h": 1440, "7d": 168, "30d": 720, "1y": 1460,
    }  # fmt: skip


def test_after_a_restart_a_minute_that_had_begun_is_gone_on_with(path):
    minute, book = START // 300 * 300, opened(path)
    for step, value in enumerate((1.0, 0.0, 0.0, 1.0, 1.0, 1.0)):
        if step in (2, 4):
            book.close()
            book = opened(path)
        book.write(minute + 10 * step, {UP: value})
    assert book.read(WHOLE[1], minute + 59).series[UP][-1] == pytest.approx(4 / 6)
    assert book.read(WHOLE[2], minute + 59).series[UP][-1] == pytest.approx(4 / 6)


def test_a_gap_is_told_as_unknown_and_not_as_zero(path):
    book = opened(path)
    book.write(START, {UP: 1.0})
    book.write(START + 30, {UP: 0.0})
    assert book.read(WHOLE[0], START + 30).series[UP] == [None, None, 1.0, None, None, 0.0]


def test_a_clock_that_was_ahead_leaves_nothing_behind_in_the_present(path):
    book = opened(path)
    book.write(START, {UP: 1.0})
    book.write(START + 10**8, {UP: 0.5})
    book.write(START + 10, {UP: 0.0})
    assert book.read(WHOLE[0], START + 10).series[UP][-2:] == [1.0, 0.0]
    assert set(book.read(WHOLE[0], START + 20).series[UP]) == {None, 1.0, 0.0}


def test_the_file_stops_growing_when_every_ring_is_full(path):
    book = opened(path, most=50)
    series = [Series("", "n", (str(number),)) for number in range(50)]
    sizes = []
    for turn in range(4):
        for step in range(120):
            book.write(START + (turn * 120 + step) * 10, {each: float(step) for each in series})
        sizes.append(book.octets)
    assert len(set(sizes[1:])) == 1
    assert book.slots == sum(tier.slots for tier in SMALL)
    assert sizes[-1] < 200_000


def test_beyond_the_bound_the_series_unused_for_longest_makes_room_and_what_is_in_use_does_not(path):
    book = opened(path, most=2)
    book.write(START, {MANY[0]: 0.0, MANY[1]: 1.0, MANY[2]: 2.0})
    assert (book.series, book.lost, book.evicted) == (2, 1, 0)
    book.write(START + 10, {MANY[1]: 1.0, MANY[3]: 3.0})
    assert (book.series, book.lost, book.evicted) == (2, 1, 1)
    told = book.read(WHOLE[0], START + 10).series
    assert told == {MANY[1]: [None] * 4 + [1.0, 1.0], MANY[3]: [None] * 5 + [3.0]}


def test_with_a_lower_bound_at_the_next_start_the_ones_used_last_stay(path):
    book = opened(path)
    for number, series in enumerate(MANY):
        book.write(START + 1000 * number, {series: 1.0})
    book.close()
    book = opened(path, most=2)
    assert set(book.read(WHOLE[2], START + 8000).series) == set(MANY[-2:])


def test_a_file_that_is_broken_is_set_aside_and_a_new_one_begun(path):
    path.write_bytes(b"this is no database" * 100)
    book = opened(path)
    assert book.set_aside is not None
    assert book.set_aside.read_bytes().startswith(b"this is no database")
    book.write(START, {UP: 1.0})
    assert book.read(WHOLE[0], START).series[UP][-1] == 1.0


def test_a_file_that_cannot_be_written_is_told_and_what_was_counted_comes_with_the_next_write(path):
    book = opened(path)
    book.write(START, {UP: 1.0})
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="locked"):
        book.write(START + 10, {UP: 0.0, LATENCY: 5.0})
    other.execute("ROLLBACK")
    book.write(START + 20, {UP: 0.0, LATENCY: 7.0})
    assert book.read(WHOLE[0], START + 20).series[UP][-3:] == [1.0, None, 0.0]
    assert book.read(WHOLE[2], START + 20).series[LATENCY][-1] == 6.0


def test_what_is_so_much_a_second_is_told_in_all_however_much_of_a_slot_was_seen(path):
    book, minute = opened(path), START // 60 * 60
    book.write(minute + 50, {UP: 3.0})
    for step in range(6):
        book.write(minute + 60 + 10 * step, {UP: 1.0})
    assert book.totals(WHOLE[1], minute + 110, lambda series: series == UP) == {UP: 30.0 + 60.0}


def test_without_a_file_it_is_kept_in_memory():
    book = opened(None)
    book.write(START, {UP: 1.0})
    assert book.read(WHOLE[0], START).series[UP][-1] == 1.0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE series SET key = 'x'",
        "UPDATE series SET number = 99999999",
        "UPDATE series SET epoch = 9223372036854775807",
        "UPDATE series SET used = 'yesterday'",
        "UPDATE slots SET cells = x'00'",
        "UPDATE slots SET cells = 'text'",
        "UPDATE slots SET epoch = -1",
        "UPDATE slots SET start = 'now'",
    ],
)
def test_a_row_that_makes_no_sense_is_as_if_it_were_not_there(path, statement):
    book = opened(path)
    book.write(START, {UP: 1.0})
    book.close()
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()
    book = opened(path)
    book.write(START + 10, {UP: 0.0})
    assert book.read(WHOLE[0], START + 10).series[UP][-1] == 0.0


# What anybody would write down who had no bounds.

Moves = st.lists(
    st.tuples(
        st.sampled_from((10, 10, 10, 20, 60, -30, 1000, -1000, 10**6, -(10**6), 0)),
        st.dictionaries(st.sampled_from(MANY), st.integers(-1000, 1000).map(float), max_size=4),
        st.booleans(),
    ),
    max_size=40,
)


class Naive:
    """By tier and place: the slot's time, and all that was told in it."""

    def __init__(self) -> None:
        self.slots: dict[tuple[int, int], tuple[int, dict[Series, list[float]]]] = {}

    def write(self, at_s: int, values: dict[Series, float]) -> None:
        for number, tier in enumerate(SMALL):
            start = at_s - at_s % tier.step_s
            place = number, start // tier.step_s % tier.slots
            if self.slots.get(place, (None,))[0] != start:
                self.slots[place] = start, defaultdict(list)
            for series, value in values.items():
                self.slots[place][1][series].append(value)

    def read(self, number: int, series: Series, now_s: int) -> list[float | None]:
        tier = SMALL[number]
        last = now_s - now_s % tier.step_s
        told = {
            start: lists[series] for (where, _), (start, lists) in self.slots.items() if where == number and lists.get(series)
        }
        starts = range(last - (tier.slots - 1) * tier.step_s, last + 1, tier.step_s)
        return [sum(told[start]) / len(told[start]) if start in told else None for start in starts]


@settings(max_examples=60, deadline=None)
@given(Moves)
def test_rings_tell_what_a_naive_model_tells(moves):
    with TemporaryDirectory() as folder:
        naive, now, path = Naive(), START, Path(folder) / "history.db"
        book = opened(path)
        for step, values, restarted in moves:
            now += step
            if restarted:
                book.close()
                book = opened(path)
            book.write(now, values)
            naive.write(now, values)
        for number, span in enumerate(WHOLE):
            for series, told in book.read(span, now).series.items():
                assert told == pytest.approx(naive.read(number, series, now), abs=1e-3)
        assert book.slots <= sum(tier.slots for tier in SMALL)
        book.close()


@settings(max_examples=60, deadline=None)
@given(Moves, st.integers(1, 3))
def test_no_series_tells_the_numbers_of_another_that_had_its_place(moves, most):
    """Each series has numbers by which it is known."""
    with TemporaryDirectory() as folder:
        now, path = START, Path(folder) / "history.db"
        book = opened(path, most)
        for step, values, restarted in moves:
            now += step
            if restarted:
                book.close()
                book = opened(path, most)
            book.write(now, {series: float(MANY.index(series)) for series in values})
            for span in WHOLE:
                for series, told in book.read(span, now).series.items():
                    assert set(told) <= {None, float(MANY.index(series))}
        assert book.series <= most
        book.close()


@given(st.binary(max_size=100))
def test_cells_are_read_from_whatever_octets(octets):
    whole, (values, weights) = unpack(octets), halves(octets)
    assert len(whole) == len(values) == len(weights) <= len(octets) // CELL_OCTETS
    assert all(isfinite(value) for value in whole.values)


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(), st.integers(1, 70_000)), max_size=30))
def test_cells_come_back_as_they_were_packed(added):
    cells = Cells()
    for column, value, weight in added:
        cells.add(column, value, "max" if column % 2 else "mean", weight)
    again = unpack(cells.pack())
    assert list(again.weights) == list(cells.weights)
    for column, weight in enumerate(cells.weights):
        assert not weight or again.values[column] == pytest.approx(cells.values[column], rel=1e-6, abs=1e-37)


@given(st.text(max_size=50) | st.lists(st.text(max_size=5), max_size=5).map(lambda parts: Series("", "n", tuple(parts)).key()))
def test_a_key_is_read_back_or_is_none(key):
    found = Series.of(key)
    assert found is None or Series.of(found.key()) == found


@settings(max_examples=15, deadline=None)
@given(st.binary(max_size=60) | st.just(UP.key().encode()) | st.just(b'["","up"]'))
def test_a_file_with_octets_of_no_sense_is_gone_on_with(data):
    fuzz_rollups.one_input(data)
