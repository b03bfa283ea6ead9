"""What the admin side asks of control about who is sent where."""

from __future__ import annotations

from typing import Protocol

from gslb.state.flows import FlowsSeen, Recent


class FlowBook(Protocol):
    """`gslb.runtime.flowing`. `version` grows when there is more to tell."""

    version: int

    def seen(self, service: str | None = None, window_s: float = 60.0) -> FlowsSeen: ...

    def targets(self, service: str | None = None) -> dict[str, float]:
        """The shares that the map intends for those who asked lately, as last worked out; {} where nobody knows."""

    async def refresh(self) -> None:
        """Works the intended shares out anew where they are old."""

    def recent(self, service: str | None = None) -> tuple[Recent, ...]:
        """A sample of the clients of the last five minutes."""
