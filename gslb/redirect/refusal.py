"""A request that gets no redirect, and whose fault that is."""

from __future__ import annotations


class Refusal(Exception):
    """The status to answer, and one sentence for the person who sent the request."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
