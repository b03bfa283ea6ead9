"""One look under way: whom it asks, how much it may read, and what it has found so far."""

from collections.abc import Callable
from datetime import datetime

from probes.content.fetch import Answer, Ask, Sums, fetch
from probes.content.manifest import Listed
from probes.content.memory import Memory, SiteMemory
from probes.content.model import ContentTarget, Fault, Look
from probes.content.setting import ContentSetting
from probes.model import Exchange
from probes.verdict import Verdict

FAULTS = 100
"""Faults of one look that are told in words; the rest are counted."""

_ABSENT = frozenset({Verdict.MALFORMED, Verdict.TRUNCATED, Verdict.REDIRECT, Verdict.REDIRECT_LOOP})
_MISSING = frozenset({404, 410})
_TRANSIENT = frozenset({408, 425, 429})


class Decided(Exception):
    """Ends a look: there is nothing more to find out. Told with the exchange that decided."""

    def __init__(self, look: Look, reason: str, exchange: Exchange | None = None) -> None:
        super().__init__(reason)
        self.look = look
        self.reason = reason
        self.exchange = exchange


class Session:
    """`octets_left` are those of whole files that a look may still read."""

    def __init__(self, target: ContentTarget, setting: ContentSetting, memory: Memory, *, full: bool) -> None:
        self.full = full
        self.target = target
        self.setting = setting
        self.memory = memory
        self.site: SiteMemory = memory.site(target.exchange)
        self.now_s = setting.probe.clock
        self.octets_left = setting.scan_octets if full else setting.round_octets
        self.octets = 0
        self.checked = 0
        self.hashed = 0
        self.counts = dict.fromkeys(Look, 0)
        self.faults: list[Fault] = []
        self.exchange = Exchange()  # the last, or that of the gravest fault
        self.listed: Listed | None = None
        self.modified_utc: datetime | None = None
        self.remark = ""
        self.scan_start: int | None = None
        self.retry_after_s: float | None = None
        self._gravest = Look.GOOD

    async def ask(self, ask: Ask, take: Callable[[bytes], object] = lambda chunk: None) -> Answer:
        if self.full:
            await self.memory.pace.turn(self.setting.requests_per_s)
        answer = await fetch(self.target, self.setting, ask, take)
        self.octets += answer.octets
        if answer.finding.retry_after_s is not None:
            self.retry_after_s = max(self.retry_after_s or 0.0, answer.finding.retry_after_s)
        if self._gravest is Look.GOOD:
            self.exchange = answer.exchange
        return answer

    async def whole(self, path: str, limit: int, sums: Sums) -> Answer:
        """Read a file as a client does, in one piece; it counts against the octets of this look."""
        self.octets_left -= limit  # before others of a scan count on them
        answer = await self.ask(Ask(path, limit=limit, within_s=self.setting.body_s), sums.take)
        self.octets_left += limit - answer.octets
        self.hashed += answer.ok and answer.ended
        return answer

    def affords(self, size: int) -> bool:
        """Whether a file of this size may be read whole now; the first one of a look always."""
        return size <= self.octets_left or (self.hashed == 0 and self.octets_left > 0)

    def note(self, fault: Fault | None, exchange: Exchange | None = None) -> None:
        """Count one file, and keep what is wrong with it, with the exchange that told it."""
        self.checked += 1
        if fault is None:
            self.counts[Look.GOOD] += 1
            return
        self.counts[fault.look] += 1
        if len(self.faults) < FAULTS:
            self.faults.append(fault)
        if GRAVITY[fault.look] > GRAVITY[self._gravest]:
            self._gravest = fault.look
            self.exchange = exchange or self.exchange

    @property
    def gravest(self) -> Look:
        return self._gravest


GRAVITY = {Look.GOOD: 0, Look.UNKNOWN: 1, Look.ABSENT: 2, Look.WRONG: 3}


def refusal(answer: Answer, path: str) -> Fault | None:
    """What an exchange that did not bring what was asked for says of a file."""
    if answer.ok:
        return None
    status, verdict, reason = answer.status, answer.finding.verdict, answer.finding.reason
    if verdict in _ABSENT:
        return Fault(path, Look.ABSENT, f"{path}: {reason}")
    if verdict is not Verdict.WRONG_STATUS or status is None:
        return Fault(path, Look.UNKNOWN, f"{path}: {reason}")
    if status in _MISSING:
        return Fault(path, Look.ABSENT, f"lacks {path} ({status})")
    if answer.ask.span is not None and status == 200:
        return Fault(path, Look.ABSENT, f"sends all of {path} when a part is asked for (Range)")
    look = Look.UNKNOWN if status >= 500 or status in _TRANSIENT else Look.ABSENT
    return Fault(path, look, f"{path}: {answer.ask.method}{' with Range' if answer.ask.span else ''} {reason}")
