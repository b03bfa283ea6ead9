"""When to probe what: `rounds`, and what belongs to probes of health alone.

A failure is looked at again after a second, twice at most, unless everybody who shares the exchange already
takes the site for down: a dead site is probed once an interval. With the default times a site that refuses
has three failures at most 11 + 1 + 1 s after its last good probe, and one that hangs 11 + 4 + 1 + 4 + 1 + 4
s.

Nothing a prober or a callback raises ends a watch: it is counted, and a prober's is the verdict INTERNAL.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from probes.model import Result, Target
from probes.record import Record
from probes.registry import PROBERS, Prober
from probes.rounds import Rounds, Watch
from probes.setting import Setting
from probes.verdict import Finding, Verdict

RECHECKS = 2
GRACE_S = 1.0
"""How long past its time limit a prober may take before it is given up as faulty."""

_log = logging.getLogger(__name__)

OnResult = Callable[[Result, bool], None]


class Scheduler(Rounds[Target]):
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
        self._setting = setting
        self._on_result = on_result
        self._is_down = is_down
        self._interval_s = interval_s
        self._recheck_s = recheck_s
        self._turns = asyncio.Semaphore(concurrency)
        self._probers = probers
        super().__init__(
            targets, clock=lambda: self._setting.clock(), on_round_complete=on_round_complete, jitter=jitter, rng=rng
        )

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
        return self.wake(key)

    def _interval_of(self, watch: Watch[Target]) -> float:
        return self._interval_s

    async def _ask(self, watch: Watch[Target]) -> None:
        result = await self._probe(watch, is_recheck=False)
        for _ in range(RECHECKS):
            if result.ok or self._held(watch) or all(self._asked_is_down(target) for target in watch.targets):
                return
            await asyncio.sleep(self._recheck_s)
            result = await self._probe(watch, is_recheck=True)

    async def _probe(self, watch: Watch[Target], is_recheck: bool) -> Result:
        async with self._turns:
            result = await self._uncancelled(watch.targets[0])
        self._done(watch, result.retry_after_s)
        for target in watch.targets:
            self._tell(replace(result, key=target.key, site=target.site), is_recheck)
        self._check_round()
        return result

    async def _uncancelled(self, target: Target) -> Result:
        """The result of a prober, whatever it does; but a cancel that it swallowed ends the watch all the same."""
        result = await self._concluded(target)
        if asyncio.current_task().cancelling():  # type: ignore[union-attr]
            raise asyncio.CancelledError
        return result

    async def _concluded(self, target: Target) -> Result:
        record = Record(target, self._setting)
        try:
            async with _limited(self._setting.timeout_s):
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
        self._guarded("a probe result was not taken", lambda: self._on_result(result, is_recheck), None)

    def _asked_is_down(self, target: Target) -> bool:
        return self._guarded(f"nobody could say whether {target.key} is down", lambda: self._is_down(target.key), False)


@asynccontextmanager
async def _limited(limit_s: float) -> AsyncIterator[None]:
    """TimeoutError after the limit and the grace, which begins only when the event loop has seen the limit pass.

    So a machine that stood still for longer is no fault of the prober: its own time limits, which fire in the same turn of
    the loop, say what happened.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as guard:
        timer = loop.call_later(limit_s, lambda: guard.reschedule(loop.time() + GRACE_S))
        try:
            yield
        finally:
            timer.cancel()
