"""A probe under way.

A time-out strikes from outside, in the middle of things. What it interrupts is written down here as it
happens, so that the result can still say how far the exchange came.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from probes.faults import causes, explain, placed
from probes.model import Exchange, Result, Target, Timings
from probes.setting import Setting
from probes.verdict import Failed, Finding, Verdict

TEXT_LIMIT = 4096
REASON_LIMIT = 500
STALL_S = 1.0
"""How late a time-out may come before the vantage point, not the site, is to blame."""

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Phase(Enum):
    """How far an exchange came, with the verdict for a time-out in it."""

    CONNECT = "connecting"
    TLS = "in the TLS handshake"
    FIRST_BYTE = "waiting for the answer"
    BODY = "reading the answer"


_PHASE_TIMEOUTS = {
    Phase.CONNECT: (Verdict.TIMEOUT_CONNECT, "no connection"),
    Phase.TLS: (Verdict.TIMEOUT_TLS, "no TLS handshake"),
    Phase.FIRST_BYTE: (Verdict.TIMEOUT_FIRST_BYTE, "connected, but no answer"),
}


@dataclass(slots=True)
class Record:
    """What is known so far; `conclude` makes the Result of it."""

    target: Target
    setting: Setting
    request: str = ""
    command: str = ""
    response: str = ""
    bytes_read: int = 0
    certificate_days: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    phase: Phase = Phase.CONNECT
    started_s: float = field(init=False)
    phase_started_s: float = field(init=False)
    started_utc: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.started_s = self.phase_started_s = self.setting.clock()
        self.started_utc = self.setting.utc_now()

    def since_ms(self, start_s: float) -> float:
        """Milliseconds from `start_s` until now."""
        return max(0.0, (self.setting.clock() - start_s) * 1000)

    def begin(self, phase: Phase) -> None:
        """Enter a phase, which has a time limit of its own."""
        self.phase = phase
        self.phase_started_s = self.setting.clock()

    @asynccontextmanager
    async def within(self, phase: Phase) -> AsyncIterator[None]:
        """Give a phase its own time limit. Raises Failed when it is over."""
        self.begin(phase)
        try:
            async with asyncio.timeout(self.setting.phase_s):
                yield
        except TimeoutError as error:
            raise self.phase_over() from error

    def phase_over(self) -> Failed:
        """The failure for a phase that used up its time."""
        limit_s = self.setting.phase_s
        verdict, what = _PHASE_TIMEOUTS.get(self.phase, (Verdict.TIMEOUT_TOTAL, "no complete answer"))
        return self._stalled(self.phase_started_s + limit_s) or Failed(verdict, f"{what} within {limit_s:g} s")

    def total_over(self) -> Failed:
        """The failure for an exchange that used up its time."""
        limit_s = self.setting.timeout_s
        stalled = self._stalled(self.started_s + limit_s)
        if stalled is not None:
            return stalled
        if self.phase in _PHASE_TIMEOUTS and limit_s <= self.setting.phase_s:
            verdict, what = _PHASE_TIMEOUTS[self.phase]
            return Failed(verdict, f"{what} within {limit_s:g} s")
        came = f"was {self.phase.value}" + (f", {self.bytes_read} bytes in" if self.bytes_read else "")
        return Failed(Verdict.TIMEOUT_TOTAL, f"not done within {limit_s:g} s: {came}")

    def _stalled(self, deadline_s: float) -> Failed | None:
        """A time-out that comes late was late for us: the answer may have been there, and nobody looked."""
        late_s = self.setting.clock() - deadline_s
        if late_s < STALL_S:
            return None
        return Failed(Verdict.INTERNAL, f"this vantage point stood still for {late_s:.1f} s")

    def conclude(self, finding: Finding, error: str = "") -> Result:
        """The result of the exchange, ending now."""
        return Result(
            key=self.target.key,
            site=self.target.site,
            address=self.target.address,
            verdict=finding.verdict,
            reason=printable(finding.reason, REASON_LIMIT).replace("\n", " ").replace("\r", " "),
            timings=Timings(self.connect_ms, self.tls_ms, self.first_byte_ms, self.since_ms(self.started_s)),
            exchange=self._exchange(error),
            at_monotonic=self.setting.clock(),
            at_utc=self.setting.utc_now(),
            retry_after_s=finding.retry_after_s,
        )

    def _exchange(self, error: str) -> Exchange:
        return Exchange(
            request=printable(self.request, TEXT_LIMIT),
            response=printable(self.response, TEXT_LIMIT),
            bytes_read=self.bytes_read,
            error=printable(error, REASON_LIMIT),
            at_utc=self.started_utc.isoformat(timespec="milliseconds"),
            command=printable(self.command, TEXT_LIMIT),
            certificate_days=self.certificate_days,
        )


async def concluded(record: Record, exchange: Awaitable[Finding]) -> Result:
    """Await an exchange within its total time and make a result of whatever comes of it. Raises nothing."""
    try:
        async with asyncio.timeout(record.setting.timeout_s):
            return record.conclude(await exchange)
    except Failed as failure:
        return record.conclude(failure.finding, failure.error or _told(failure.__cause__))
    except TimeoutError:
        return record.conclude(record.total_over().finding)
    except Exception as error:  # whatever it is, the schedule goes on and a person gets to read it
        return record.conclude(placed(explain(error), record.target.address), _told(error))


def printable(text: str, limit: int) -> str:
    """A text cut to `limit` characters, without what could disturb a terminal or a parser."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text[:limit])


def is_printable(text: str) -> bool:
    """Whether `printable` would leave a text as it is."""
    return not _UNPRINTABLE.search(text)


def _told(error: BaseException | None) -> str:
    root = next(causes(error)) if error is not None else None
    return f"{type(root).__name__}: {root}" if root is not None else ""
