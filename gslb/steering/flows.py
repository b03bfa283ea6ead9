"""Who is sent where, counted where it happens.

An answer has a number, and to count it is to add one at that number: whoever makes an answer asks for the number once.
"""

from __future__ import annotations

from typing import Final

from gslb.steering.locator import Located

UNSTEERED: Final = 0  # the number of whatever steers nobody
BEYOND: Final = 1  # of flows that there is no room for
FLOWS_MOST: Final = 4096


# Service, home region and country of the clients, door, site; "" is none, or unknown.
Flow = tuple[str, str, str, str, str]


class FlowCounts:
    """`counts[number] += 1` for each answer. The list stays the same object for good.

    Bounded by `most`: when half of the room is taken, further countries of a region are counted together; without any room,
    a flow is counted in `beyond`.
    """

    __slots__ = ("_numbers", "_untold", "beyond", "counts", "most")

    def __init__(self, most: int = FLOWS_MOST) -> None:
        self.counts = [0, 0]
        self.beyond = 0
        self.most = most
        self._numbers: dict[Flow, int] = {}
        self._untold: dict[Flow, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, service: str, located: Located, door: str, site: str) -> int:
        """Good until `forget`."""
        key = (service, located.client_class.home or "", located.client.place.country or "", door, site)
        return self._numbers.get(key) or self._new(key)

    def add(self, service: str, located: Located, door: str, site: str) -> None:
        """Counts an answer that has no number."""
        key = (service, located.client_class.home or "", located.client.place.country or "", door, site)
        self.counts[self._numbers.get(key) or self._new(key)] += 1

    def taken(self) -> list[tuple[Flow, int]]:
        """What was counted since the last time."""
        counts = self.counts
        found, self._untold = self._untold, {}
        for flow, number in self._numbers.items():
            if counts[number]:
                found[flow] = found.get(flow, 0) + counts[number]
                counts[number] = 0
        self.beyond += counts[BEYOND]
        counts[UNSTEERED] = counts[BEYOND] = 0
        return list(found.items())

    def forget(self) -> None:
        """Every number that was given: nobody may count by one of them any more. What was counted is kept."""
        self._untold = dict(self.taken())
        self._numbers.clear()
        del self.counts[2:]

    def tidy(self) -> None:
        """Forgets if half of the room is taken: many a flow was of a World that is over."""
        if 2 * len(self._numbers) >= self.most:
            self.forget()

    def _new(self, key: Flow) -> int:
        if 2 * len(self._numbers) >= self.most:
            service, region, _, door, site = key
            key = (service, region, "", door, site)
            known = self._numbers.get(key)
            if known is not None:
                return known
        if len(self._numbers) >= self.most:
            return BEYOND
        self.counts.append(0)
        self._numbers[key] = len(self.counts) - 1
        return len(self.counts) - 1
