"""Any sequence of orders, time, sleep and restarts, against a model that a person can check by reading it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.errors import ConflictError
from gslb.model import Maintenance, Override, Reweight
from gslb.state.clock import Clock
from gslb.state.events import EventBook
from gslb.state.orders import Orders
from gslb.state.restored import Restored
from tests.state.scene import START, configuration, site

SITES = ("us-1", "us-2")
CONFIGURATION = configuration((site(1, "us"), site(2, "us")))

STEPS = st.one_of(
    st.tuples(st.just("drain"), st.sampled_from(SITES), st.none() | st.integers(1, 500)),
    st.tuples(st.just("enable"), st.sampled_from(SITES)),
    st.tuples(st.just("weigh"), st.sampled_from(SITES), st.integers(0, 9), st.none() | st.integers(1, 500)),
    st.tuples(st.just("plan"), st.sampled_from(SITES), st.integers(-100, 400), st.integers(1, 400)),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.integers(1, 300)),
    st.tuples(st.just("sleep"), st.integers(1, 1000)),
    st.tuples(st.just("restart"), st.integers(0, 1000)),
)


@dataclass
class Plan:
    site: str
    start: datetime
    end: datetime
    state: str = "planned"


@dataclass
class Model:
    """Time here is UTC alone: in these sequences both clocks run alike, but for a sleep, in which the monotonic one stands still.

    So an end on the monotonic clock moves along with each sleep, and that of maintenance does not.
    """

    utc: datetime = START
    drains: dict[str, datetime | None] = field(default_factory=dict)
    weights: dict[str, tuple[int, datetime | None]] = field(default_factory=dict)
    plans: list[Plan] = field(default_factory=list)

    def tick(self) -> None:
        self.drains = {site: end for site, end in self.drains.items() if end is None or self.utc < end}
        self.weights = {site: (w, end) for site, (w, end) in self.weights.items() if end is None or self.utc < end}
        for plan in self.plans:
            if plan.state in ("planned", "running"):
                plan.state = "done" if self.utc >= plan.end else "running" if self.utc >= plan.start else "planned"

    def slept(self, seconds: float) -> None:
        pause = timedelta(seconds=seconds)
        self.drains = {site: end and end + pause for site, end in self.drains.items()}
        self.weights = {site: (w, end and end + pause) for site, (w, end) in self.weights.items()}

    @property
    def out(self) -> set[str]:
        return {plan.site for plan in self.plans if plan.state == "running"} | set(self.drains)


class Driver:
    def __init__(self) -> None:
        self.now_s, self.model = 1000.0, Model()
        self.orders = Orders(EventBook())
        self.count = 0
        self.began: dict[str, int] = {}

    @property
    def clock(self) -> Clock:
        return Clock(self.now_s, self.model.utc)

    def after(self, for_s: float | None) -> datetime | None:
        return None if for_s is None else self.model.utc + timedelta(seconds=for_s)

    def pass_by(self, seconds: float) -> None:
        self.now_s += seconds
        self.model.utc += timedelta(seconds=seconds)
        self.tick()

    def tick(self) -> None:
        for event in self.orders.tick(CONFIGURATION, self.clock):
            self.note(event)
        self.model.tick()

    def note(self, event) -> None:
        if event.kind == "maintenance-began":
            name = event.data["maintenance"]
            self.began[name] = self.began.get(name, 0) + 1

    def drain(self, where: str, for_s: float | None) -> None:
        self.orders.drain(where, "disks", "ops", for_s, self.clock)
        self.model.drains[where] = self.after(for_s)

    def enable(self, where: str) -> None:
        self.orders.enable(where, "ops", self.clock)
        self.model.drains.pop(where, None)
        for plan in self.model.plans:
            if plan.site == where and plan.state == "running":
                plan.state = "done"

    def weigh(self, where: str, weight: int, for_s: float | None) -> None:
        self.count += 1
        until = self.after(for_s)
        made = Override(f"w-{self.count}", Reweight(where, weight), "", "ops", self.model.utc, until)
        self.orders.override(made, CONFIGURATION, self.clock)
        self.model.weights[where] = (weight, until)

    def plan(self, where: str, in_s: float, for_s: float) -> None:
        start = self.model.utc + timedelta(seconds=in_s)
        end = max(start, self.model.utc) + timedelta(seconds=for_s)
        made = Maintenance(f"m-{len(self.model.plans)}", where, start, end, "disks", "ops")
        taken = [each for each in self.model.plans if each.site == where and each.state in ("planned", "running")]
        overlaps = any(each.start < end and start < each.end for each in taken)
        try:
            told = self.orders.plan(made, CONFIGURATION, self.clock)
        except ConflictError:
            assert overlaps
            return
        assert not overlaps
        for event in told:
            self.note(event)
        self.model.plans.append(Plan(where, start, end))
        self.model.tick()

    def cancel(self, number: int) -> None:
        told = self.orders.cancel(f"m-{number}", "ops", self.clock)
        plan = self.model.plans[number] if number < len(self.model.plans) else None
        if plan is not None and plan.state in ("planned", "running"):
            plan.state = "cancelled"
            assert told
        else:
            assert not told

    def sleep(self, seconds: float) -> None:
        self.model.utc += timedelta(seconds=seconds)
        self.model.slept(seconds)
        self.tick()

    def restart(self, after_s: float) -> None:
        kept = self.orders
        self.model.utc += timedelta(seconds=after_s)
        self.now_s = 50.0
        self.orders = Orders(EventBook())
        old = Restored(
            1, self.now_s, self.model.utc, drains=kept.ordered_drains, overrides=kept.overrides, maintenance=kept.maintenance
        )
        self.orders.restore(old, CONFIGURATION)
        # An end counts as UTC from here on: what was slept through before counts now.
        self.model.drains = {each.site: each.until for each in kept.ordered_drains}
        self.model.weights = {
            each.change.site: (each.change.weight, each.until) for each in kept.overrides if isinstance(each.change, Reweight)
        }
        self.tick()

    def check(self) -> None:
        model = self.model
        assert set(self.orders.drains()) == model.out
        assert self.orders.weights() == {site: weight for site, (weight, _) in model.weights.items()}
        assert {each.id: each.state.value for each in self.orders.maintenance} == {
            f"m-{number}": plan.state for number, plan in enumerate(model.plans)
        }
        assert all(count == 1 for count in self.began.values())
        assert all(since_s <= self.now_s for since_s in self.orders.ramps.values())


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_orders_are_as_a_naive_model_has_them(steps):
    driver = Driver()
    do: dict[str, Callable[..., None]] = {
        "drain": driver.drain, "enable": driver.enable, "weigh": driver.weigh, "plan": driver.plan, "cancel": driver.cancel,
        "wait": driver.pass_by, "sleep": driver.sleep, "restart": driver.restart,
    }  # fmt: skip
    for name, *arguments in steps:
        functools.partial(do[name], *arguments)()
        driver.check()
