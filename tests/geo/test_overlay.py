from bisect import bisect_right

from hypothesis import given
from hypothesis import strategies as st

from gslb.geo.overlay import Layer, changes, digits, overlay, radices

starts = st.sets(st.integers(1, 60), max_size=12).map(lambda found: [0, *sorted(found)])
layers = st.lists(starts.map(lambda found: Layer(found, [7 * start for start in found])), min_size=1, max_size=4)


@given(layers, st.integers(1, 5))
def test_layers_laid_over_each_other_say_everywhere_what_each_says(drawn, piece):
    bases = radices(drawn)
    found = [
        (start, digits(key, bases)) for part, keys in overlay(drawn, bases, piece) for start, key in zip(part, keys, strict=True)
    ]
    assert [start for start, _ in found] == sorted({start for layer in drawn for start in layer.starts})
    for start, key in found:
        assert key == [layer.numbers[bisect_right(layer.starts, start) - 1] for layer in drawn]


def test_only_changes_are_kept():
    assert changes([3, 5, 8, 9], [1, 1, 2, 1], 1) == ([8, 9], [2, 1])
    assert changes([0], [0], -1) == ([0], [0])
    assert changes([], [], 4) == ([], [])
