"""Grows the trees of scopes: every block there is, its class, and where classes change.

Off the hot path, in a process of its own: the millions of blocks of a large database take a minute.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from gslb.geo.overlay import FAMILIES, PIECE, UNIT_SHIFT, Layer, changes, digits, overlay, radices
from gslb.geo.prefixes import PrefixSet
from gslb.model import FINEST_PREFIX, Client, Family, Network, Place
from gslb.steering.map import ServiceMap
from gslb.steering.scopes import ScopeTree

_CODES: Mapping[Family, str] = {4: "I", 6: "Q"}  # of arrays: 24 bits, and 56


class Ground(Protocol):
    """What is known of where networks are."""

    def layers(self, family: Family) -> list[Layer]: ...

    def place(self, family: Family, numbers: Sequence[int]) -> Place:
        """Of a number of each layer."""


class Growth:
    """The trees of several maps at once: to find out what a database says of a place costs more than to classify it.

    `blocks` are those in which nothing changes, for any of the maps.
    """

    def __init__(self, ground: Ground, maps: Sequence[ServiceMap], piece: int = PIECE) -> None:
        self.blocks: dict[Family, int] = dict.fromkeys(FAMILIES, 0)
        self._ground, self._maps, self._piece = ground, maps, piece
        self._networks = PrefixSet(network for each in maps for network in each.borders.networks)
        self._examples: dict[Family, list[int]] = {family: [] for family in FAMILIES}
        self._kinds: list[dict[object, int]] = [{} for _ in maps]
        self._combined: dict[tuple[int, ...], int] = {}

    def trees(self) -> list[ScopeTree]:
        grown = {family: self._borders(family) for family in FAMILIES}
        return [ScopeTree({family: grown[family][number] for family in FAMILIES}) for number in range(len(self._maps))]

    def _borders(self, family: Family) -> list[array[int]]:
        """Of each map."""
        found = [array(_CODES[family]) for _ in self._maps]
        before, lasts = -1, [-1] * len(self._maps)
        layers = [*self._ground.layers(family), self._network_layer(family)]
        bases = radices(layers)
        known = _Known(lambda key: self._combined_of(family, digits(key, bases)))
        for starts, keys in overlay(layers, bases, self._piece):
            self.blocks[family] += len(starts)
            numbers = list(map(known.__getitem__, keys))
            changed = changes(starts, numbers, before)
            before = numbers[-1]
            combined = list(self._combined)
            rows = [combined[number] for number in changed.numbers]
            for number, borders in enumerate(found):
                column = [row[number] for row in rows]
                own = changes(changed.starts, column, lasts[number])
                borders.extend(own.starts)
                lasts[number] = column[-1] if column else lasts[number]
        return found

    def _network_layer(self, family: Family) -> Layer:
        """Which of the networks clients are in. One number for all that are in the same ones, and an example of them."""
        cuts, numbers = self._networks.cuts(family), dict[tuple[Network, ...], int]()
        for cut, cover in zip(cuts, self._networks.covers[family], strict=True):
            if numbers.setdefault(cover, len(numbers)) == len(self._examples[family]):
                self._examples[family].append(cut)
        return Layer([cut >> UNIT_SHIFT[family] for cut in cuts], [numbers[cover] for cover in self._networks.covers[family]])

    def _combined_of(self, family: Family, numbers: list[int]) -> int:
        """A number for what all maps make of the clients in a block that has these numbers in the layers."""
        *numbers, cover = numbers
        client = Client(
            family, self._examples[family][cover], FINEST_PREFIX[family], self._ground.place(family, numbers), 0
        )  # fmt: skip
        row = []
        for kinds, each in zip(self._kinds, self._maps, strict=True):
            row.append(kinds.setdefault(each.kind(client), len(kinds)))
        return self._combined.setdefault(tuple(row), len(self._combined))


class _Known(dict[int, int]):
    """Asks once for each key."""

    def __init__(self, ask: Callable[[int], int]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, key: int) -> int:
        number = self[key] = self._ask(key)
        return number
