"""Incidents on virtual time, and a desk that is asked every so often what is to be told of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from gslb.model import Alerts, Channel, Configuration, Severity, User
from gslb.state.alerts import Desk, Notice
from gslb.state.incidents import Incident
from tests.state.scene import configuration as fleet

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OPS = Channel("ops", "webhook", "http://127.0.0.1:1/")


def settings(*channels: Channel, **alerts) -> Configuration:
    owner = User("osaka", "owner", "0" * 64, ("jp-10",))
    return replace(fleet(), alerts=Alerts(channels=channels or (OPS,), **alerts), users=(owner,))


@dataclass
class Night:
    configuration: Configuration = field(default_factory=settings)
    utc: datetime = START
    desk: Desk = field(default_factory=Desk)
    incidents: dict[int, Incident] = field(default_factory=dict)
    sent: list[Notice] = field(default_factory=list)
    last: int = 0

    def opens(self, site: str = "jp-7", severity: Severity = Severity.WARNING) -> int:
        self.last += 1
        number = self.last
        self.incidents[number] = Incident(
            number, f"tag:x,2026:{number}", "g", self.utc, self.utc, severity, f"{site} is down",
            sites=(site,), regions=(site[:2],), active=(f"site:{site}",),
        )  # fmt: skip
        return number

    def changes(self, number: int, **more) -> None:
        self.incidents[number] = replace(self.incidents[number], changed=self.utc, **more)

    def closes(self, number: int) -> None:
        self.changes(number, closed=self.utc, active=())
        self.step()
        del self.incidents[number]

    def step(self) -> None:
        last = max((each.number for each in self.sent), default=0)
        self.sent += self.desk.step(list(self.incidents.values()), self.configuration, self.utc, last)

    def wait(self, seconds: float, step_s: float = 10.0) -> None:
        while seconds > 0:
            passed = min(step_s, seconds)
            seconds -= passed
            self.utc += timedelta(seconds=passed)
            self.step()

    def kinds(self, channel: str = "ops") -> list[str]:
        return [each.kind.value for each in self.sent if each.channel == channel]

    def restart(self) -> None:
        self.desk = Desk(self.desk.freeze())
