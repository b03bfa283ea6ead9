"""Golden values: a change here moves clients between sites on every node that is upgraded before the others."""

from itertools import pairwise

import pytest

from gslb.model import SLOTS
from gslb.steering.slots import admitted, draw, ideal_keys, kept, key_length, keys, slot_of

HOST = "knoppix.inetboot.net"

GOLDEN_SLOTS = [
    (4, 0x850B0000, 16, 485),
    (4, 0x12000000, 16, 178),
    (4, 0x8D140000, 16, 517),
    (4, 0xC0000200, 24, 750),
    (6, 0x20010DB8000000000000000000000000, 40, 874),
    (6, 0x24000000000000000000000000000000, 56, 413),
]
GOLDEN_DRAWS = [
    ("site", 0, "jp-tokyo-1", 0.8254581348312533),
    ("site", 1023, "jp-tokyo-1", 0.68644854027698),
    ("site", 0, "us-fremont", 0.5915310992928786),
    ("ramp", 0, "jp-tokyo-1", 0.2983291310448735),
    ("spill", 7, "eu", 0.394910947508148),
]


@pytest.mark.parametrize(("family", "network", "length", "slot"), GOLDEN_SLOTS)
def test_the_slot_of_a_network_never_changes(family, network, length, slot):
    assert slot_of(HOST, family, network, length) == slot


@pytest.mark.parametrize(("purpose", "slot", "name", "value"), GOLDEN_DRAWS)
def test_a_draw_never_changes(purpose, slot, name, value):
    assert draw(purpose, slot, name) == value


def test_only_the_bits_of_the_key_count():
    assert slot_of(HOST, 4, 0x850B0000, 16) == slot_of(HOST, 4, 0x850BFF12, 16)
    assert key_length(32, 4) == 24
    assert key_length(64, 6) == 56


def test_draws_are_spread_evenly():
    values = sorted(draw("site", slot, "jp-tokyo-1") for slot in range(SLOTS))
    assert max(abs(value - (index + 0.5) / SLOTS) for index, value in enumerate(values)) < 0.05


def test_slots_are_spread_evenly():
    taken = {slot_of(HOST, 4, number << 16, 16) for number in range(65536)}
    assert len(taken) == SLOTS


def test_shares_only_grow():
    for purpose in (lambda step: {slot for slot in range(SLOTS) if admitted("jp-tokyo-1", step, slot)},
                    lambda step: {slot for slot in range(SLOTS) if kept("jp", step / 10, slot)}):  # fmt: skip
        parts = [purpose(step) for step in range(11)]
        assert parts[0] == set()
        assert len(parts[10]) == SLOTS
        assert all(fewer < more for fewer, more in pairwise(parts))


def test_what_is_not_so_well_ranks_behind_everything_that_is():
    well, unknown, slow = (keys("a", 1, rank, 10, True) for rank in (0, 1, 2))
    assert max(well) < min(unknown) < max(unknown) < min(slow)
    assert well == ideal_keys("a", 1, True)
    assert set(keys("a", 50, 0, 10, False)) == {1 / 50}
