"""Every decision there is, made ahead: class x slot -> number of an outcome.

What `decide` would say, and a property test says so. Most classes have the same first tiers, most views the same
standings, and most Worlds differ from the one before in one site: so the work is done once per plan, and a Memo keeps
it from one World to the next.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gslb.model import SLOTS, Address, Choice, Configuration, View, Why, World
from gslb.steering.arrange import plan_of, ttl_s
from gslb.steering.bounded import Bounded
from gslb.steering.candidates import Mode
from gslb.steering.classes import ClientClass
from gslb.steering.decide import fallback, judge, told_of
from gslb.steering.holding import Level, needed
from gslb.steering.shape import Result, Shape, shape_of
from gslb.steering.standings import Standings

_KEPT_SHAPES = 8192
_KEPT_FOOTINGS = 1024
_KEPT_CLASSES = 8192


@dataclass(frozen=True, slots=True)
class Outcome:
    """One distinct answer of a table; `choices` are the sites that are told."""

    service: str
    view: View
    why: Why
    choices: tuple[Choice, ...]
    ttl_s: int
    addresses: tuple[Address, ...] = ()


Row = tuple[Sequence[int], tuple[int, ...]]  # by slot the number of a result, by that the number of an outcome


class Table:
    """Rows are shared between all classes and views that have the same; it pickles as small as it is."""

    __slots__ = ("_index", "_rows", "outcomes", "world")

    def __init__(
        self,
        world: int,
        outcomes: tuple[Outcome, ...],
        rows: Sequence[Row],
        index: array[int],
    ) -> None:
        self.world = world
        self.outcomes = outcomes
        self._rows = rows
        self._index = index

    @property
    def rows(self) -> Sequence[Row]:
        """With `index` what makes a Table again."""
        return self._rows

    @property
    def index(self) -> array[int]:
        return self._index

    def __len__(self) -> int:
        """How many classes it knows."""
        return len(self._index) // len(View)

    def number(self, view: int, class_number: int, slot: int) -> int:
        picks, numbers = self._rows[self._index[class_number * 6 + view]]
        return numbers[picks[slot]]


Footing = Bounded[ClientClass, Shape]


class Memo:
    """What one compilation leaves to the next."""

    def __init__(self) -> None:
        self._configuration: Configuration | None = None
        self._footings: Bounded[object, Footing] = Bounded(_KEPT_FOOTINGS)
        self.shapes: Bounded[object, Shape] = Bounded(_KEPT_SHAPES)

    def use(self, configuration: Configuration) -> None:
        """Forget what another configuration left: a site's name may mean another site now."""
        if configuration is not self._configuration:
            self._configuration = configuration
            self._footings.clear()

    def footing(self, key: object) -> Footing:
        """The shapes by class, where what is true besides the class is `key`."""
        known = self._footings.get(key)
        if known is None:
            known = Bounded(_KEPT_CLASSES)
            self._footings.put(key, known)
        return known


def compile_table(world: World, classes: Sequence[tuple[str, ClientClass]], memo: Memo) -> Table:
    """`classes` are (service host, class); the index of each is its class number."""
    memo.use(world.configuration)
    return _Compiler(world, memo).compile(classes)


class _Ground(NamedTuple):
    """One view of one service: what is true of the sites, the shapes known for that, and the rows made of them.

    `near` is for the classes near a vantage: what it measures concerns nobody else.
    """

    standings: Standings
    near: Footing
    far: Footing
    rows: dict[int, int]


class _Compiler:
    def __init__(self, world: World, memo: Memo) -> None:
        self._world = world
        self._memo = memo
        self._grounds: dict[tuple[str, View], _Ground] = {}
        self._outcomes: dict[tuple[str, View, Result], int] = {}
        self._listed: list[Outcome] = []
        self._rows: list[Row] = []
        self._shapes: list[Shape] = []  # keeps their ids theirs

    def compile(self, classes: Sequence[tuple[str, ClientClass]]) -> Table:
        index = array("I", [self._row(host, view, known) for host, known in classes for view in View])
        return Table(self._world.number, tuple(self._listed), self._rows, index)

    def _row(self, host: str, view: View, client_class: ClientClass) -> int:
        ground = self._grounds.get((host, view)) or self._prepare(host, view)
        footing = ground.near if client_class.vantages else ground.far
        shape = footing.get(client_class)
        if shape is None:
            shape = self._shape(ground.standings, client_class)
            footing.put(client_class, shape)
        row = ground.rows.get(id(shape))
        if row is None:
            row = ground.rows[id(shape)] = len(self._rows)
            self._shapes.append(shape)
            numbers = tuple(self._outcome(ground.standings, result) for result in shape.results)
            self._rows.append((shape.picks, numbers))
        return row

    def _prepare(self, host: str, view: View) -> _Ground:
        standings = Standings(self._world, self._world.configuration.service(host), view)
        key = _footing_key(standings)
        near = (key, _measured(standings))
        ground = _Ground(standings, self._memo.footing(near), self._memo.footing((key, ())), {})
        self._grounds[host, view] = ground
        return ground

    def _shape(self, standings: Standings, client_class: ClientClass) -> Shape:
        judged = judge(standings, client_class, needed(standings.world, standings.service, standings.view.door))
        if judged.nothing is not None:
            return Shape(bytes(SLOTS), (Result(judged.nothing, (), 0),))
        told = told_of(judged)
        plan = plan_of(judged.scene, judged.field, told)
        shape = self._memo.shapes.get((plan, told))
        if shape is None:
            shape = shape_of(plan, told)
            self._memo.shapes.put((plan, told), shape)
        return shape

    def _outcome(self, standings: Standings, result: Result) -> int:
        key = (standings.service.host, standings.view, result)
        number = self._outcomes.get(key)
        if number is None:
            number = self._outcomes[key] = len(self._listed)
            self._listed.append(_told(standings, result))
        return number


def _told(standings: Standings, result: Result) -> Outcome:
    service, view = standings.service, standings.view
    interval_s = standings.world.configuration.probes.interval_s
    return Outcome(
        service.host,
        view,
        result.why,
        tuple(standings.choice(site) for site in result.sites),
        ttl_s(result.checks, interval_s, service.ttl_min_s, service.ttl_max_s),
        fallback(service, view) if result.why is Why.ALL_DOWN_ADDRESSES else (),
    )


def _footing_key(standings: Standings) -> object:
    """Equal where every class far from vantages gets the same plan, whatever the service is called.

    Both doors do, unless one sees paths or tells more. Rules and the order of regions are in the class.
    """
    world, service = standings.world, standings.service
    mode = Mode.NORMAL if world.ready else Mode.STARTING
    alike = not service.content and service.answers == 1 and "first" in service.policy
    stood = tuple(standings.stood(name, mode) for name in standings.sites)
    ways = (service.policy, service.answers, service.when_all_down, service.content)
    return (ways, None if alike else standings.view.door, mode, stood, _levels(standings))


def _levels(standings: Standings) -> tuple[tuple[Level, ...], ...]:
    need = needed(standings.world, standings.service, standings.view.door)
    return tuple(tuple(standings.held(name, one, need).level for one in need.sets) for name in standings.sites)


def _measured(standings: Standings) -> tuple[object, ...]:
    if "fastest" not in standings.service.policy:
        return ()
    return tuple(sorted(standings.world.latency_ms.items()))
