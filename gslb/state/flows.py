"""Who was sent where in the last five minutes, and a sample of who asked, as the workers tell it.

Kept in steps of five seconds. The population is a sample: each door of a worker shows an answer ten times a second at most, and
of those that it shows in one tally each stands for as many answers of that door as there were meanwhile, shared among them.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from gslb.model import ADDRESS_BITS, Configuration, Family, View

STEP_S: Final = 5.0
STEPS: Final = 60
SPAN_MOST_S: Final = 30.0  # of one tally: what took longer is not of now
COUNT_MOST: Final = 1 << 40

_VIEWS: Final[Mapping[tuple[str, int], View]] = {
    ("A", 4): View.DNS4, ("A", 6): View.DNS4, ("AAAA", 4): View.DNS6, ("AAAA", 6): View.DNS6,
    ("http", 4): View.HTTP4, ("http", 6): View.HTTP6, ("https", 4): View.HTTPS4, ("https", 6): View.HTTPS6,
}  # fmt: skip


class Flow(NamedTuple):
    """Clients of one home region and country that a door sends to one site; "" is none, or unknown."""

    service: str
    region: str
    country: str
    door: Literal["dns", "http"]
    site: str


class Recent(NamedTuple):
    """Clients of one network, as steering tells them apart; `weight` is how many answers they stand for. For sums alone: such a
    network is longer than what may be shown of a client."""

    family: Family
    network: int  # in the full width of the family
    length: int
    weight: float


class Seen(NamedTuple):
    """What somebody of a network asked for."""

    service: str
    view: View
    family: Family
    network: int
    length: int


class FlowsSeen(NamedTuple):
    """Answers by flow, of so many seconds."""

    window_s: float
    counts: Mapping[Flow, int]
    total: int


@dataclass(slots=True)
class _Step:
    number: int
    flows: Counter[Flow] = field(default_factory=Counter)
    seen: dict[Seen, float] = field(default_factory=dict)


class FlowWindow:
    """`flows_max` bounds the flows of a step, `networks_max` the sampled networks of all of them; what is beyond, or not
    understood, is counted in `refused`. `totals` are of all time, by (service, door, site).
    """

    def __init__(self, flows_max: int, networks_max: int, now_s: float) -> None:
        self.flows_max, self.networks_max = flows_max, networks_max
        self.refused = 0
        self.totals: Counter[tuple[str, str, str]] = Counter()
        self._began_s = now_s
        self._steps: deque[_Step] = deque(maxlen=STEPS)

    def __len__(self) -> int:
        """Networks of the sample."""
        return sum(len(step.seen) for step in self._steps)

    @property
    def flows(self) -> int:
        return len(self._steps[-1].flows) if self._steps else 0

    def take(self, told: Mapping[str, Any], configuration: Configuration, now_s: float) -> None:
        """What a worker told: `flows` as rows of a Flow and its count since `span_s` ago, and `asked`, a sample of those who did:
        rows of service, type or scheme, family, network, length."""
        span_s = told.get("span_s", 0.0)
        rows = _rows(told.get("flows"))
        if type(span_s) not in (int, float) or not 0 <= span_s <= SPAN_MOST_S:
            self.refused += len(rows)
            return
        known = _Known.of(configuration)
        step, answers = self._step(now_s), Counter[tuple[str, str]]()
        for row in rows:
            found = known.flow(row)
            if found is None or not self._count(step, *found):
                self.refused += 1
            else:
                answers[found[0].service, found[0].door] += found[1]
        self._sample(step, [seen for row in _rows(told.get("asked")) if (seen := known.seen(row)) is not None], answers)

    def seen(self, now_s: float, window_s: float, service: str | None = None) -> FlowsSeen:
        """The answers of about the last so many seconds, of one service or of all."""
        first = int(now_s / STEP_S) - max(1, round(window_s / STEP_S))
        found: Counter[Flow] = Counter()
        for step in self._steps:
            if step.number > first:
                found.update(step.flows)
        if service is not None:
            found = Counter({flow: count for flow, count in found.items() if flow.service == service})
        since_s = max(self._began_s, (first + 1) * STEP_S)
        return FlowsSeen(max(1.0, now_s - since_s), found, sum(found.values()))

    def population(self, now_s: float) -> dict[Seen, float]:
        """Who asked for what in the last five minutes, by weight."""
        found: defaultdict[Seen, float] = defaultdict(float)
        for step in self._steps:
            if step.number > int(now_s / STEP_S) - STEPS:
                for seen, weight in step.seen.items():
                    found[seen] += weight
        return found

    def recent(self, now_s: float, service: str | None = None) -> tuple[Recent, ...]:
        networks: defaultdict[tuple[Family, int, int], float] = defaultdict(float)
        for seen, weight in self.population(now_s).items():
            if service in (None, seen.service):
                networks[seen.family, seen.network, seen.length] += weight
        return tuple(Recent(*network, weight) for network, weight in networks.items())

    def _step(self, now_s: float) -> _Step:
        number = int(now_s / STEP_S)
        if not self._steps or self._steps[-1].number < number:
            self._steps.append(_Step(number))
        return self._steps[-1]

    def _count(self, step: _Step, flow: Flow, count: int) -> bool:
        total = flow.service, flow.door, flow.site
        beyond = flow not in step.flows and len(step.flows) >= self.flows_max
        if beyond or (total not in self.totals and len(self.totals) >= self.flows_max):
            return False
        step.flows[flow] += count
        self.totals[total] += count
        return True

    def _sample(self, step: _Step, seen: list[Seen], answers: Mapping[tuple[str, str], int]) -> None:
        """`answers` by service and door: each door shows as many, however many it gives."""
        room = max(1, self.networks_max // STEPS)
        shown = Counter((each.service, each.view.door.value) for each in seen)
        for each in seen:
            if each in step.seen or len(step.seen) < room:
                of = each.service, each.view.door.value
                step.seen[each] = step.seen.get(each, 0.0) + max(1.0, answers.get(of, 0) / shown[of])


@dataclass(frozen=True, slots=True)
class _Known:
    """What a row may name: of another configuration, or of no sense, it is none of ours."""

    services: frozenset[str]
    regions: frozenset[str]
    sites: frozenset[str]

    @classmethod
    def of(cls, configuration: Configuration) -> _Known:
        sites = configuration.sites
        return cls(
            frozenset(service.host for service in configuration.services),
            frozenset(("", *(site.region for site in sites))),
            frozenset(("", *(site.id for site in sites))),
        )

    def flow(self, row: object) -> tuple[Flow, int] | None:
        if not isinstance(row, list) or len(row) != 6 or not all(isinstance(each, str) for each in row[:5]):
            return None
        service, region, country, door, site, count = row
        named = service in self.services and region in self.regions and site in self.sites and door in ("dns", "http")
        placed = not country or (len(country) == 2 and country.isascii() and country.isalnum())
        if not named or not placed or type(count) is not int or not 0 <= count <= COUNT_MOST:
            return None
        return Flow(service, region, country, door, site), count

    def seen(self, row: object) -> Seen | None:
        """None also for types of questions that are not of one family."""
        if not isinstance(row, list) or len(row) != 5 or not (isinstance(row[0], str) and isinstance(row[1], str)):
            return None
        service, asked, family, network, length = row
        if service not in self.services or any(type(number) is not int for number in row[2:]) or family not in ADDRESS_BITS:
            return None
        view = _VIEWS.get((asked, family))
        if view is None or not 0 <= length <= ADDRESS_BITS[family] or not 0 <= network < 1 << ADDRESS_BITS[family]:
            return None
        return Seen(service, view, family, network, length)


def _rows(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
