"""Simulations for the admin side: one at a time, each in a process of its own, so that nothing else waits for them."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from gslb.errors import BusyError, NodeError
from gslb.geo import GeoIndex
from gslb.model import Family, Limits
from gslb.runtime.process import environment
from gslb.runtime.simulator import Order
from gslb.steering.simulation import COUNTRIES, Answer, CoverageQuestion, Crowd, Question

WAIT_S: Final = 10.0
MOST_WAITING: Final = 16
MOST_WORDS: Final = 300

METRICS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "gslb_simulations_total": ("Simulations that were asked for, by what became of them.", ("result",)),
    "gslb_simulation_seconds": ("Time that the last simulation took, with its process.", ()),
}


class Simulating:
    """`geo` gives the index that runs, `limits` the bounds; `cache` is where lists of blocks are kept, if anywhere."""

    def __init__(self, geo: Callable[[], GeoIndex], limits: Callable[[], Limits], cache: Path | None) -> None:
        self.counts: Counter[tuple[str]] = Counter()
        self.seconds = 0.0
        self._geo, self._limits, self._cache = geo, limits, cache
        self._crowds: dict[tuple[str, Family, int], Crowd] = {}
        self._alone = asyncio.Lock()
        self._waiting = 0

    async def run(self, question: Question | CoverageQuestion) -> Answer:
        """Raises BusyError after ten seconds behind others, NodeError where it failed or took too long."""
        if self._waiting >= MOST_WAITING:
            self.counts["refused",] += 1
            raise BusyError("too many simulations wait already; ask again in a minute")
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_S):
                await self._alone.acquire()
        except TimeoutError:
            self.counts["refused",] += 1
            raise BusyError("another simulation runs; ask again when it is done") from None
        finally:
            self._waiting -= 1
        try:
            return await self._run(question)
        finally:
            self._alone.release()

    async def _run(self, question: Question | CoverageQuestion) -> Answer:
        index, family, within_s = self._geo(), question.view.family, self._limits().simulation_s
        question = replace(question, clients=self._limits().simulated_clients)
        key = (index.stamp, family, question.clients)
        if question.crowd is None:
            question = replace(question, crowd=self._crowds.get(key))
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            # Of its thread: a World of many sites takes some milliseconds to pickle.
            order = await asyncio.to_thread(pickle.dumps, Order(question, index.settings, cache=self._cache))
            async with asyncio.timeout(within_s):
                answer = await _carried_out(order)
        except TimeoutError:
            self.counts["failed",] += 1
            raise NodeError(f"the simulation took more than {within_s:g} s (limits.simulation_s)") from None
        except (OSError, ValueError) as error:
            self.counts["failed",] += 1
            raise NodeError(f"the simulation failed: {error}") from error
        self.seconds = loop.time() - began
        self.counts["done",] += 1
        if answer.crowd.kind == COUNTRIES:
            self._crowds = {each: crowd for each, crowd in self._crowds.items() if each[0] == index.stamp}
            self._crowds[key] = answer.crowd
        return answer

    def counters(self) -> dict[tuple[str, ...], int]:
        return {("gslb_simulations_total", *key): count for key, count in self.counts.items()}

    def gauges(self) -> dict[tuple[str, ...], float]:
        return {("gslb_simulation_seconds",): self.seconds}


async def _carried_out(order: bytes) -> Answer:
    """Raises OSError, or ValueError that says why the process failed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gslb.runtime.simulator",
        stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment(), start_new_session=True,
    )  # fmt: skip
    try:
        out, words = await process.communicate(order)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        last = words.decode(errors="replace").strip().rpartition("\n")[2][:MOST_WORDS]
        raise ValueError(last or f"its process ended with {process.returncode}")
    return await asyncio.to_thread(_loaded, out)


def _loaded(data: bytes) -> Answer:
    answer: Answer = pickle.loads(data)  # noqa: S301 - of our own process, which we started
    return answer
