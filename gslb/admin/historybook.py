"""What the admin side asks of control about how things were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from gslb.state.rollups import History, Series

Wanted = Callable[[Series], bool]


class HistoryBook(Protocol):
    """`gslb.runtime.remembering`. `asked` is a name of `gslb.state.rollups.RANGES`; both raise StoreError."""

    async def read(self, asked: str, wanted: Wanted) -> History:
        """Of the series that are wanted."""

    async def totals(self, asked: str, wanted: Wanted) -> Mapping[Series, float]:
        """Of series that are so much a second: how much it was in all."""
