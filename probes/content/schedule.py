"""When to look at which set: a round at every interval of the probes, and a scan of all files at its own.

Both begin at once. They run beside each other, so that a long scan keeps no round waiting; what a scan found wrong, rounds look
at until it is mended (`memory`). Targets that are the same on the wire are looked at once, and told under each key.
"""

import asyncio
import random
from collections.abc import Callable, Iterable
from dataclasses import replace

from probes.content.look import look
from probes.content.memory import Memory
from probes.content.model import ContentResult, ContentTarget
from probes.content.setting import ContentSetting
from probes.rounds import Rounds, Watch

SCANS = 4
"""Scans under way at a time."""
START_GAP_S = 0.02
"""Between the starts of a first round, which costs some 10 ms of the processor."""

OnContent = Callable[[ContentResult], None]


class _Looks(Rounds[ContentTarget]):
    """Rounds, or scans if `full`, every `interval_s` or else at the `every_s` of each target."""

    def __init__(
        self,
        targets: Iterable[ContentTarget],
        setting: ContentSetting,
        memory: Memory,
        on_result: OnContent,
        *,
        full: bool,
        interval_s: float | None,
        concurrency: int,
        on_round_complete: Callable[[], None] = lambda: None,
        jitter: float = 0.10,
        rng: random.Random | None = None,
    ) -> None:
        self.setting = setting
        self.interval_s = interval_s
        self._memory = memory
        self._on_result = on_result
        self._full = full
        self._turns = asyncio.Semaphore(concurrency)
        clock = lambda: self.setting.probe.clock()  # noqa: E731 - the setting may be another later
        super().__init__(
            targets, clock=clock, on_round_complete=on_round_complete, jitter=jitter, rng=rng, start_gap_s=START_GAP_S
        )

    def update(self, targets: Iterable[ContentTarget], setting: ContentSetting, interval_s: float | None) -> None:
        self.setting = setting
        self.interval_s = interval_s
        self._set_targets(targets)
        self._check_round()

    def _interval_of(self, watch: Watch[ContentTarget]) -> float:
        if self.interval_s is None:
            return watch.targets[0].every_s
        return max(self.interval_s, self.exchanges / self.setting.rounds_per_s)

    async def _ask(self, watch: Watch[ContentTarget]) -> None:
        async with self._turns:
            result = await look(watch.targets[0], self.setting, self._memory, self._full)
        self._done(watch, result.retry_after_s)
        for target in watch.targets:
            told = replace(result, key=target.key, site=target.site)
            self._guarded("what a look came to was not taken", lambda told=told: self._on_result(told), None)  # type: ignore[misc]
        self._check_round()


class ContentScheduler:
    """Looks at sets for ever, and tells `on_result(result)`; `on_round_complete` once, after the first round of all.

    Callbacks run in the event loop and must not block.
    """

    def __init__(
        self,
        targets: Iterable[ContentTarget],
        setting: ContentSetting,
        on_result: OnContent,
        *,
        on_round_complete: Callable[[], None] = lambda: None,
        interval_s: float = 10.0,
        jitter: float = 0.10,
        concurrency: int = 64,
        rng: random.Random | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.memory = memory or Memory(listed=2 * setting.manifest_files)
        targets = tuple(targets)
        rng = rng or random.Random()
        self._rounds = _Looks(
            targets,
            setting,
            self.memory,
            on_result,
            full=False,
            interval_s=interval_s,
            concurrency=concurrency,
            on_round_complete=on_round_complete,
            jitter=jitter,
            rng=rng,
        )
        self._scans = _Looks(
            targets, setting, self.memory, on_result, full=True, interval_s=None, concurrency=SCANS, jitter=jitter, rng=rng
        )

    @property
    def internal_errors(self) -> int:
        return self._rounds.internal_errors + self._scans.internal_errors

    @property
    def exchanges(self) -> int:
        """How many distinct sets on addresses the targets come to."""
        return self._rounds.exchanges

    @property
    def round_complete(self) -> bool:
        return self._rounds.round_complete

    def start(self) -> None:
        """Begin, with one round and one scan at once. Needs a running event loop."""
        self._rounds.start()
        self._scans.start()

    async def stop(self) -> None:
        """End every look; no result comes after this."""
        await asyncio.gather(self._rounds.stop(), self._scans.stop())

    def update(
        self, targets: Iterable[ContentTarget], *, setting: ContentSetting | None = None, interval_s: float | None = None
    ) -> None:
        """Take other targets: the unchanged keep their phase, new ones are looked at once now, others end."""
        targets = tuple(targets)
        self._rounds.update(targets, setting or self._rounds.setting, interval_s or self._rounds.interval_s)
        self._scans.update(targets, setting or self._scans.setting, None)

    def scan_now(self, key: str) -> bool:
        """Scan a target as soon as may be. False if there is none, or its site asked us to wait."""
        return self._scans.wake(key)

    def is_scanning(self, key: str) -> bool:
        """Whether a target is being scanned, or waits for its turn."""
        return self._scans.is_asking(key)

    def look_now(self, key: str) -> bool:
        """The same for a round."""
        return self._rounds.wake(key)
