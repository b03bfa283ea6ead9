"""When to probe what.

Every distinct exchange has a watcher: one task that probes at once when it starts, then every interval ±10
%, from a phase of its own so that the load is spread. Targets that are the same on the wire share a
watcher, and each gets the result under its own key.

A failure is looked at again after a second, twice at most, unless everybody who shares the exchange already
takes the site for down: a dead site is probed once an interval. With the default times a site that refuses
has three failures at most 11 + 1 + 1 s after its last good probe, and one that hangs 11 + 4 + 1 + 4 + 1 + 4
s.

`Retry-After` is honoured up to five minutes, also against `probe_now`. Nothing a prober or a callback
raises ends a watcher: it is counted, and a prober's is the verdict INTERNAL.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from probes.model import ExchangeKey, Result, Target
from probes.record import Record
from probes.registry import PROBERS, Prober
from probes.setting import Setting
from probes.verdict import Finding, Verdict

RECHECKS = 2
RETRY_AFTER_LIMIT_S = 300.0
GRACE_S = 1.0
"""How long past its time limit a prober may take before it is given up as faulty."""

_log = logging.getLogger(__name__)

START_GAP_S = 0.004
"""Between the starts of one round: about what a TLS handshake costs us, so that probes do not time each other out."""

OnResult = Callable[[Result, bool], None]


@dataclass(slots=True, eq=False)
class _Watch:
    """One exchange: who shares it, and the task that probes it."""

    targets: list[Target]
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    not_before_s: float = 0.0
    probed: bool = False
    task: asyncio.Task[None] | None = None


class Scheduler:
    """Probes targets for ever, and tells `on_result(result, is_recheck)`.

    `on_round_complete` is called once, when every target has had its first result. `is_down(key)` is asked
    before a failure is looked at again. `concurrency` bounds the probes under way; waiting for a turn is
    not part of the time limit of a probe. Callbacks run in the event loop and must not block.
    """

    def __init__(
        self,
        targets: Iterable[Target],
        setting: Setting,
        on_result: OnResult,
        *,
        on_round_complete: Callable[[], None] = lambda: None,
        is_down: Callable[[str], bool] = lambda key: False,
        interval_s: float = 10.0,
        jitter: float = 0.10,
        recheck_s: float = 1.0,
        concurrency: int = 256,
        rng: random.Random | None = None,
        probers: Mapping[str, Prober] = PROBERS,
    ) -> None:
        self.internal_errors = 0
        self._setting = setting
        self._on_result = on_result
        self._on_round_complete = on_round_complete
        self._is_down = is_down
        self._interval_s = interval_s
        self._jitter = jitter
        self._recheck_s = recheck_s
        self._turns = asyncio.Semaphore(concurrency)
        self._rng = rng or random.Random()
        self._probers = probers
        self._watches: dict[ExchangeKey, _Watch] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = False
        self._round_complete = False
        self._set_targets(targets)

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
        """End every watcher and the probe it is at; no result comes after this."""
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

    def update(self, targets: Iterable[Target], *, setting: Setting | None = None, interval_s: float | None = None) -> None:
        """Take other targets: the unchanged keep their phase, new ones are probed at once, others end.

        A setting or an interval holds from the next probe of each target on.
        """
        self._setting = setting or self._setting
        self._interval_s = interval_s or self._interval_s
        self._set_targets(targets)
        self._check_round()

    def probe_now(self, key: str) -> bool:
        """Probe a target as soon as may be. False if there is none, or its site asked us to wait."""
        for watch in self._watches.values():
            if any(target.key == key for target in watch.targets):
                held = self._setting.clock() < watch.not_before_s
                if not held:
                    watch.wake.set()
                return not held
        return False

    def _set_targets(self, targets: Iterable[Target]) -> None:
        wanted: dict[ExchangeKey, list[Target]] = {}
        for target in targets:
            wanted.setdefault(target.exchange, []).append(target)
        for exchange in self._watches.keys() - wanted.keys():
            self._drop(self._watches.pop(exchange))
        new = {exchange: _Watch(sharing) for exchange, sharing in wanted.items() if exchange not in self._watches}
        for exchange, watch in self._watches.items():
            self._share(watch, wanted[exchange])
        self._watches |= new
        if self._running:
            self._start(new.values())

    def _share(self, watch: _Watch, sharing: list[Target]) -> None:
        """Others may share a known exchange now; who is new to it is owed a result."""
        known = {target.key for target in watch.targets}
        watch.targets = sharing
        if any(target.key not in known for target in sharing):
            watch.probed = False
            watch.wake.set()

    def _start(self, watches: Iterable[_Watch]) -> None:
        for number, watch in enumerate(watches):
            name = f"probe {watch.targets[0].address}"
            watch.task = asyncio.create_task(self._watch(watch, number * START_GAP_S), name=name)
            self._tasks.add(watch.task)
            watch.task.add_done_callback(self._tasks.discard)

    def _drop(self, watch: _Watch) -> None:
        watch.targets = []
        if watch.task is not None:
            watch.task.cancel()

    async def _watch(self, watch: _Watch, delay_s: float) -> None:
        """Probe, re-check, wait, for ever. The first wait is the phase."""
        await asyncio.sleep(delay_s)
        gap_s = self._rng.uniform(0.1, 1.0) * self._interval_s
        while True:
            due_s = self._setting.clock() + gap_s
            watch.wake.clear()
            result = await self._probe(watch, is_recheck=False)
            await self._recheck(watch, result)
            await self._wait(watch, due_s)
            gap_s = self._interval_s * self._rng.uniform(1 - self._jitter, 1 + self._jitter)

    async def _recheck(self, watch: _Watch, result: Result) -> None:
        for _ in range(RECHECKS):
            if result.ok or self._held(watch) or all(self._asked_is_down(target) for target in watch.targets):
                return
            await asyncio.sleep(self._recheck_s)
            result = await self._probe(watch, is_recheck=True)

    async def _wait(self, watch: _Watch, until_s: float) -> None:
        """Wait until it is due or somebody wakes it, but at least for as long as the site asked."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until_s - self._setting.clock())):
                await watch.wake.wait()
        await asyncio.sleep(max(0.0, watch.not_before_s - self._setting.clock()))

    def _held(self, watch: _Watch) -> bool:
        return self._setting.clock() < watch.not_before_s

    async def _probe(self, watch: _Watch, is_recheck: bool) -> Result:
        async with self._turns:
            result = await self._guarded(watch.targets[0])
        if result.retry_after_s is not None:
            watch.not_before_s = self._setting.clock() + min(result.retry_after_s, RETRY_AFTER_LIMIT_S)
        watch.probed = True
        for target in watch.targets:
            self._tell(replace(result, key=target.key, site=target.site), is_recheck)
        self._check_round()
        return result

    async def _guarded(self, target: Target) -> Result:
        """The result of a prober, whatever it does; but a cancel that it swallowed ends the watcher all the same."""
        result = await self._concluded(target)
        if asyncio.current_task().cancelling():  # type: ignore[union-attr]
            raise asyncio.CancelledError
        return result

    async def _concluded(self, target: Target) -> Result:
        record = Record(target, self._setting)
        try:
            async with asyncio.timeout(self._setting.timeout_s + GRACE_S):
                return await self._probers[target.check.type](target, self._setting)
        except asyncio.CancelledError:
            if asyncio.current_task().cancelling():  # type: ignore[union-attr]
                raise
            return self._internal(record, "it cancelled itself")
        except Exception as error:
            return self._internal(record, f"{type(error).__name__}: {error}")

    def _internal(self, record: Record, what: str) -> Result:
        self.internal_errors += 1
        _log.error("prober %s failed: %s", record.target.check.type, what)
        return record.conclude(Finding(Verdict.INTERNAL, f"the probe itself failed: {what}"))

    def _tell(self, result: Result, is_recheck: bool) -> None:
        try:
            self._on_result(result, is_recheck)
        except Exception:
            self.internal_errors += 1
            _log.exception("a probe result was not taken")

    def _asked_is_down(self, target: Target) -> bool:
        try:
            return self._is_down(target.key)
        except Exception:
            self.internal_errors += 1
            _log.exception("nobody could say whether %s is down", target.key)
            return False

    def _check_round(self) -> None:
        if self._round_complete or not self._running or not all(watch.probed for watch in self._watches.values()):
            return
        self._round_complete = True
        try:
            self._on_round_complete()
        except Exception:
            self.internal_errors += 1
            _log.exception("the first round was not taken")
