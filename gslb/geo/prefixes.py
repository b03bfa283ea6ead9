"""How wide a block around an address a set of networks treats alike.

A set of networks cuts the address space at the first address of each and at the one after its last. Between
two cuts every address is in the same networks. So the widest such block around an address is the largest
aligned one between the two cuts next to it, and both are found by bisection, however many networks there are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from gslb.model import ADDRESS_BITS, Family, Network


def uniform_prefix(networks: Iterable[Network], family: Family, address: int) -> int:
    """The shortest prefix around `address` whose block lies wholly inside or wholly outside of each network.

    For one question. Keep a PrefixSet for many.
    """
    width = ADDRESS_BITS[family]
    longest = 0
    for network in networks:
        if network.version != family:
            continue
        shared = width - (int(network.network_address) ^ address).bit_length()
        longest = max(longest, network.prefixlen if shared >= network.prefixlen else shared + 1)
    return longest


class PrefixSet:
    """Networks of both families, prepared for many questions. Doubles are as good as one.

    What lies between two cuts is a region, numbered from 0 in each family. `covers[family][region]` are the
    networks that it is in, the longest first.
    """

    def __init__(self, networks: Iterable[Network]) -> None:
        self.networks = tuple(dict.fromkeys(networks))
        self.covers: dict[Family, list[tuple[Network, ...]]] = {}
        self._cuts: dict[Family, list[int]] = {}
        for family in ADDRESS_BITS:
            self._cuts[family], self.covers[family] = _regions(self.networks, family)

    def region(self, family: Family, address: int) -> tuple[int, int]:
        """The region of `address`, and the length of the widest block around it that lies in it."""
        cuts = self._cuts[family]
        after = bisect_right(cuts, address)
        length, longest = 0, ADDRESS_BITS[family] + 1
        if after > 1:  # the first cut is the bottom of the address space
            length = longest - ((cuts[after - 1] - 1) ^ address).bit_length()
        if after < len(cuts):
            length = max(length, longest - (cuts[after] ^ address).bit_length())
        return after - 1, length

    def cuts(self, family: Family) -> list[int]:
        """The first address of each region."""
        return self._cuts[family]

    def uniform_prefix(self, family: Family, address: int) -> int:
        """As the function of this name, for the networks of this set."""
        return self.region(family, address)[1]

    def covering(self, family: Family, address: int) -> tuple[Network, ...]:
        """The networks that `address` is in, the longest first."""
        return self.covers[family][self.region(family, address)[0]]

    def longest_match(self, family: Family, address: int) -> Network | None:
        covering = self.covering(family, address)
        return covering[0] if covering else None


def _regions(networks: Iterable[Network], family: Family) -> tuple[list[int], list[tuple[Network, ...]]]:
    """The cuts in ascending order, from address 0, and the networks that cover what follows each."""
    cuts: list[int] = [0]
    covers: list[tuple[Network, ...]] = [()]

    def cut(at: int, cover: tuple[Network, ...]) -> None:
        if cuts[-1] == at:
            covers[-1] = cover
        else:
            cuts.append(at)
            covers.append(cover)

    def close(before: int) -> None:
        while stack and _end(stack[0]) <= before:
            ended = stack[0]
            del stack[0]
            cut(_end(ended), tuple(stack))

    stack: list[Network] = []  # the longest first
    mine = (network for network in networks if network.version == family)
    for network in sorted(mine, key=lambda network: (int(network.network_address), network.prefixlen)):
        start = int(network.network_address)
        close(start)
        stack.insert(0, network)
        cut(start, tuple(stack))
    close(1 << ADDRESS_BITS[family])
    if cuts[-1] == 1 << ADDRESS_BITS[family]:
        cuts.pop()
        covers.pop()
    return cuts, covers


def _end(network: Network) -> int:
    """One past the last address."""
    return int(network.network_address) + (1 << network.max_prefixlen - network.prefixlen)
