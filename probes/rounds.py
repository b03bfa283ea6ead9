"""Asking many targets for ever, each in its own rhythm.

Every distinct exchange has a watch: one task that asks at once when it starts, then every interval ±10 %, from a phase of its
own so that the load is spread. Targets that are the same on the wire share a watch. `Retry-After` is honoured up to five
minutes, also against `wake`. Nothing that a callback raises ends a watch: it is counted.
"""

import asyncio
import contextlib
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

RETRY_AFTER_LIMIT_S = 300.0

_log = logging.getLogger(__name__)

START_GAP_S = 0.004
"""Between the starts of one round: about what a TLS handshake costs us, so that probes do not time each other out."""


class Askable(Protocol):
    """`exchange` is what makes two targets the same on the wire, `key` the caller's own."""

    @property
    def key(self) -> str: ...

    @property
    def exchange(self) -> Hashable: ...


T = TypeVar("T", bound=Askable)
R = TypeVar("R")


@dataclass(slots=True, eq=False)
class Watch(Generic[T]):
    """One exchange: who shares it, and the task that asks. `asking`: it does so now, or waits for its turn to."""

    targets: list[T]
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    not_before_s: float = 0.0
    asked: bool = False
    asking: bool = True
    task: asyncio.Task[None] | None = None


class Rounds(ABC, Generic[T]):
    """What `ask` does with a watch is for others to say; when, is said here."""

    def __init__(
        self,
        targets: Iterable[T],
        *,
        clock: Callable[[], float],
        on_round_complete: Callable[[], None] = lambda: None,
        jitter: float = 0.10,
        rng: random.Random | None = None,
        start_gap_s: float = START_GAP_S,
    ) -> None:
        self.internal_errors = 0
        self._clock = clock
        self._on_round_complete = on_round_complete
        self._jitter = jitter
        self._rng = rng or random.Random()
        self._start_gap_s = start_gap_s
        self._watches: dict[Hashable, Watch[T]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = False
        self._round_complete = False
        self._set_targets(targets)

    @abstractmethod
    async def _ask(self, watch: Watch[T]) -> None:
        """Ask those of a watch once, with whatever belongs to it, and tell. Raises nothing but a cancel."""

    @abstractmethod
    def _interval_of(self, watch: Watch[T]) -> float:
        """Seconds between two of its rounds."""

    @property
    def exchanges(self) -> int:
        """How many distinct exchanges the targets come to."""
        return len(self._watches)

    @property
    def round_complete(self) -> bool:
        """Whether every target has had its first result, once."""
        return self._round_complete

    def start(self) -> None:
        """Begin, with one round at once. Needs a running event loop."""
        self._running = True
        self._start(self._watches.values())
        self._check_round()

    async def stop(self) -> None:
        """End every watch and what it is at; no result comes after this."""
        self._running = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def run(self) -> None:
        """Start, and go on until cancelled."""
        self.start()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await self.stop()

    def wake(self, key: str) -> bool:
        """Ask a target as soon as may be. False if there is none, or its site asked us to wait."""
        watch = self._watch_of(key)
        if watch is None or self._held(watch):
            return False
        watch.wake.set()
        return True

    def is_asking(self, key: str) -> bool:
        """Whether a target is being asked, or is about to be."""
        watch = self._watch_of(key)
        return watch is not None and watch.asking

    def _watch_of(self, key: str) -> Watch[T] | None:
        return next((watch for watch in self._watches.values() if any(target.key == key for target in watch.targets)), None)

    def _set_targets(self, targets: Iterable[T]) -> None:
        """The unchanged keep their phase, new ones are asked at once, others end."""
        wanted: dict[Hashable, list[T]] = {}
        for target in targets:
            wanted.setdefault(target.exchange, []).append(target)
        for exchange in self._watches.keys() - wanted.keys():
            self._drop(self._watches.pop(exchange))
        new = {exchange: Watch(sharing) for exchange, sharing in wanted.items() if exchange not in self._watches}
        for exchange, watch in self._watches.items():
            self._share(watch, wanted[exchange])
        self._watches |= new
        if self._running:
            self._start(new.values())

    def _share(self, watch: Watch[T], sharing: list[T]) -> None:
        """Others may share a known exchange now; who is new to it is owed a result."""
        known = {target.key for target in watch.targets}
        watch.targets = sharing
        if any(target.key not in known for target in sharing):
            watch.asked = False
            watch.wake.set()

    def _start(self, watches: Iterable[Watch[T]]) -> None:
        for number, watch in enumerate(watches):
            name = f"probe {watch.targets[0].key}"
            watch.task = asyncio.create_task(self._go_on(watch, number * self._start_gap_s), name=name)
            self._tasks.add(watch.task)
            watch.task.add_done_callback(self._tasks.discard)

    def _drop(self, watch: Watch[T]) -> None:
        watch.targets = []
        if watch.task is not None:
            watch.task.cancel()

    async def _go_on(self, watch: Watch[T], delay_s: float) -> None:
        """Ask and wait, for ever. The first wait is the phase."""
        await asyncio.sleep(delay_s)
        gap_s = self._rng.uniform(0.1, 1.0) * self._interval_of(watch)
        while True:
            due_s = self._clock() + gap_s
            watch.wake.clear()
            watch.asking = True
            await self._ask(watch)
            watch.asking = False
            await self._wait(watch, due_s)
            gap_s = self._interval_of(watch) * self._rng.uniform(1 - self._jitter, 1 + self._jitter)

    async def _wait(self, watch: Watch[T], until_s: float) -> None:
        """Wait until it is due or somebody wakes it, but at least for as long as the site asked."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until_s - self._clock())):
                await watch.wake.wait()
        await asyncio.sleep(max(0.0, watch.not_before_s - self._clock()))

    def _held(self, watch: Watch[T]) -> bool:
        return self._clock() < watch.not_before_s

    def _done(self, watch: Watch[T], retry_after_s: float | None) -> None:
        """A watch has its result; `retry_after_s` is what the site asked for."""
        if retry_after_s is not None:
            watch.not_before_s = self._clock() + min(retry_after_s, RETRY_AFTER_LIMIT_S)
        watch.asked = True

    def _guarded(self, told: str, callback: Callable[[], R], otherwise: R) -> R:
        """What a callback gives; one that fails is counted, and `told` says in the log what was not done."""
        try:
            return callback()
        except Exception:
            self.internal_errors += 1
            _log.exception(told)
            return otherwise

    def _check_round(self) -> None:
        if self._round_complete or not self._running or not all(watch.asked for watch in self._watches.values()):
            return
        self._round_complete = True
        self._guarded("the first round was not taken", self._on_round_complete, None)
