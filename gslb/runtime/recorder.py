"""A thread that writes what is observed, so that nobody who answers ever waits for a disk or a reader.

It rests after each slice for as long as that took: Python has one lock for all threads, and the other one answers queries.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

import structlog

from gslb.dns.observer import Backlog
from gslb.runtime.outlets import Broken, Outlet

SLICE = 32  # observations encoded and written at a time
GATHER_S = 0.02  # after the first of many
LOOK_EVERY_S = 1.0  # at the outlet: it may have been renamed, or hung up
FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 5.0

_log = structlog.get_logger("gslb")

T = TypeVar("T")


class Condition(NamedTuple):
    """Whether an outlet takes what it is given; `why` not. None: not known yet."""

    works: bool | None
    why: str = ""


class Recorder(threading.Thread, Generic[T]):
    """`encode` makes the pieces of one observation, and may be set anew at any time. Begins with `start`, ends with `end`.

    `written` counts pieces, `lost` observations that could not be encoded, or were left when it had to end.
    """

    def __init__(self, name: str, outlet: Callable[[Callable[[], bool]], Outlet], encode: Callable[[T], list[bytes]], limit: int):
        super().__init__(name=name, daemon=True)  # a disk that hangs must not keep a process from ending
        self._wake, self._ending = threading.Event(), threading.Event()
        self.backlog: Backlog[T] = Backlog(limit, self._wake.set)
        self.encode = encode
        self.condition = Condition(None)
        self.written = 0
        self.lost = 0
        self._outlet = outlet(self._hurried)
        self._unwritten: list[bytes] = []
        self._delay_s = self._works_since_s = 0.0
        self._confessed = False  # a bug of ours, once
        self._anew = False
        self._deadline_s = 0.0

    def begin_anew(self) -> None:
        """With another file, as after a rotation."""
        self._anew = True
        self._wake.set()

    def end(self, within_s: float) -> None:
        """Asks it to write what waits, and to end. It can be joined then."""
        self._deadline_s = time.monotonic() + within_s
        self._ending.set()
        self._wake.set()

    def _hurried(self) -> bool:
        return self._ending.is_set() and time.monotonic() > self._deadline_s

    def run(self) -> None:
        while not self._ending.is_set():
            self._wake.wait(LOOK_EVERY_S)
            self._wake.clear()
            self._ending.wait(GATHER_S)
            self._work()
            if not self.condition.works:
                self._ending.wait(self._back_off())
        self._work()
        self._outlet.close()
        self.lost += len(self._unwritten) + len(self.backlog.take(self.backlog.limit))

    def _work(self) -> None:
        try:
            if self._anew:
                self._anew = False
                self._outlet.begin_anew()
            self._outlet.ensure()
            if not self._unwritten and not len(self.backlog):
                self._tell(Condition(True))
            self._write()
        except Broken as error:
            self.written += error.done
            del self._unwritten[: error.done]
            self._tell(Condition(False, str(error)))
        except Exception as error:  # a bug of ours costs observations, and never an answer
            self.lost += len(self._unwritten)
            self._unwritten = []
            self._tell(Condition(False, f"{type(error).__name__}: {error}"))
            _log.error("observing failed", kind="observing-failed", exc_info=True)

    def _write(self) -> None:
        """For a while: the outlet has to be looked at although there is always something to write."""
        until_s = time.perf_counter() + LOOK_EVERY_S
        while (began_s := time.perf_counter()) < until_s and not self._hurried():
            if not self._unwritten:
                taken = self.backlog.take(SLICE)
                if not taken:
                    return
                self._unwritten = [piece for each in taken for piece in self._encoded(each)]
            self._outlet.write(self._unwritten)
            self.written += len(self._unwritten)
            self._unwritten = []
            self._tell(Condition(True))
            time.sleep(min(time.perf_counter() - began_s, GATHER_S))
        self._wake.set()

    def _encoded(self, observation: T) -> list[bytes]:
        try:
            return self.encode(observation)
        except Exception:  # a bug of ours costs this one
            self.lost += 1
            if not self._confessed:
                _log.error("an observation could not be encoded", kind="observing-failed", exc_info=True)
            self._confessed = True
            return []

    def _tell(self, condition: Condition) -> None:
        if condition.works and not self.condition.works:
            self._works_since_s = time.monotonic()
        if not condition.works and self.condition.works and time.monotonic() - self._works_since_s > LONGEST_DELAY_S:
            self._delay_s = 0.0  # not for a reader that hangs up whenever it is called
        self.condition = condition

    def _back_off(self) -> float:
        self._delay_s = min(max(FIRST_DELAY_S, self._delay_s * 2), LONGEST_DELAY_S)
        return self._delay_s
