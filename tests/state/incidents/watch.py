"""A tracker on virtual time, and a book of incidents that looks at it every second."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gslb.state.incidents import Incident, IncidentBook, NodeFacts, Timing, findings
from tests.state.scene import Scene


@dataclass
class Watched(Scene):
    facts: NodeFacts = field(default_factory=NodeFacts)
    timing: Timing = field(default_factory=Timing)
    closed: list[Incident] = field(default_factory=list)
    book: IncidentBook | None = None
    looked: tuple[float, int] = (0.0, 0)

    def look(self) -> tuple[Incident, ...]:
        if self.book is None:
            self.book = IncidentBook(self.now_s, self.utc)
        changed = self.book.look(findings(self.world, self.facts), self.configuration, self.timing, self.now_s, self.utc)
        self.closed += [each for each in changed if not each.open]
        return changed

    def told(self, events) -> None:
        super().told(events)
        if self.world.ready and self.looked != (self.now_s, self.world.number):
            self.looked = self.now_s, self.world.number
            self.look()

    @property
    def open(self) -> tuple[Incident, ...]:
        assert self.book is not None
        return self.book.open

    def know(self, **facts) -> None:
        self.facts = replace(self.facts, **facts)
        self.look()
