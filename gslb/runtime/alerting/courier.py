"""One channel: its queue, and what became of its messages. Channels know nothing of each other: a dead one delays nobody."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from gslb.model import Channel, Severity
from gslb.runtime.alerting import letters, shapes
from gslb.runtime.alerting.mailing import mail
from gslb.runtime.alerting.patience import FIRST_WAIT_S, Outcome, Result, is_hopeless, wait_s
from gslb.runtime.alerting.posting import WITHIN_S, encoded, post, trust
from gslb.runtime.alerting.secrets import ChannelSecrets
from gslb.runtime.journal import Journal
from gslb.state.alerts import Notice

IDLE_S: Final = 60.0


class Courier:
    """`done` is told the number of each message that is gone from the queue, `kept` each that has another time."""

    def __init__(
        self,
        channel: Channel,
        secrets: ChannelSecrets,
        journal: Journal,
        *,
        node: str,
        dashboard: str,
        done: Callable[[int], None],
        kept: Callable[[Notice], None],
        chance: Callable[[], float] = random.random,
        first_wait_s: float = FIRST_WAIT_S,
        within_s: float = WITHIN_S,
    ) -> None:
        self.channel, self.secrets, self.node, self.dashboard = channel, secrets, node, dashboard
        self.queue: dict[int, Notice] = {}
        self.counts: Counter[str] = Counter()  # by result
        self.failures = 0  # in a row
        self.last_sent: datetime | None = None
        self.last_error: str | None = None
        self._journal, self._done, self._kept, self._chance = journal, done, kept, chance
        self._first_wait_s, self._within_s = first_wait_s, within_s
        self._pause_until_s = 0.0
        self._refusals: Counter[int] = Counter()  # by message
        self._woken = asyncio.Event()
        self._testing = asyncio.Lock()

    def put(self, notice: Notice, most: int) -> None:
        """The oldest go where there is no room."""
        self.queue[notice.number] = notice
        while len(self.queue) > most:
            self._drop(next(iter(self.queue)), "dropped")

    def wake(self) -> None:
        self._woken.set()

    @property
    def busy(self) -> bool:
        return self._testing.locked()

    async def run(self) -> None:
        """Until cancelled: the oldest message that is due, one at a time."""
        while True:
            self._woken.clear()
            notice, in_s = self._next()
            if notice is None:
                try:
                    async with asyncio.timeout(in_s):
                        await self._woken.wait()
                except TimeoutError:
                    pass
                continue
            self._judge(notice, await self.send(notice))

    async def test(self, notice: Notice) -> Outcome:
        """One message outside of the queue, now, and once."""
        async with self._testing:
            outcome = await self.send(notice)
        self.counts["test"] += 1
        if outcome.result is Result.SENT:
            self.last_sent = datetime.now(UTC)
        else:
            self.last_error = outcome.error
        return outcome

    async def send(self, notice: Notice) -> Outcome:
        """Raises nothing: a fault of ours costs this message a try, and no more."""
        try:
            return await self._send(notice)
        except Exception as error:
            self._journal.tell(
                "alert-fault", Severity.ERROR, self.channel.name, f"{self.channel.name}: a fault of ours: {error!r}"
            )
            return Outcome(Result.REFUSED, "this is a fault of the node's; its log has more")

    async def _send(self, notice: Notice) -> Outcome:
        channel, node, dashboard, utc = self.channel, self.node, self.dashboard, datetime.now(UTC)
        verify = await asyncio.to_thread(trust)
        if channel.smtp is not None:
            message = letters.letter(notice, channel.smtp, node, dashboard)
            return await mail(message, channel.smtp, self.secrets.password, verify, 2 * self._within_s)
        url = channel.url or self.secrets.url or ""
        headers: dict[str, str] = {}
        if channel.kind == "alertmanager":
            body = encoded(shapes.alertmanager(notice, node, dashboard, channel.repeat_s, utc))
        elif channel.kind == "slack":
            body = encoded(shapes.slack(notice, node, dashboard))
        else:
            body = encoded(shapes.webhook(notice, node, dashboard))
            headers = {"webhook-id": notice.id, "webhook-timestamp": str(int(utc.timestamp()))}
            if self.secrets.secret is not None:
                signed = shapes.signature(self.secrets.secret, notice.id, int(utc.timestamp()), body)
                headers["webhook-signature"] = signed
        return await post(url, body, headers, utc, verify, self._within_s)

    def _next(self) -> tuple[Notice | None, float]:
        """What is due, or in how many seconds something may be."""
        paused_s = self._pause_until_s - time.monotonic()
        if paused_s > 0:
            return None, min(paused_s, IDLE_S)
        now = datetime.now(UTC)
        for notice in self.queue.values():
            if notice.due <= now or notice.due > now + timedelta(days=1):  # a clock that was set back
                return notice, 0.0
        next_s = min(((each.due - now).total_seconds() for each in self.queue.values()), default=IDLE_S)
        return None, min(max(next_s, 0.05), IDLE_S)

    def _judge(self, notice: Notice, outcome: Outcome) -> None:
        now = datetime.now(UTC)
        if outcome.result is Result.SENT:
            self._delivered(notice, outcome, now)
            return
        self.failures += 1
        self.last_error = outcome.error
        self.counts["failed"] += 1
        tried = replace(notice, attempts=notice.attempts + 1)
        waits_s = wait_s(self.failures, outcome.asked_s, self._chance(), self._first_wait_s)
        self._refusals[notice.number] += outcome.result is Result.REFUSED
        if is_hopeless(self._refusals[notice.number], (now - notice.at).total_seconds()):
            self._drop(notice.number, "refused" if outcome.result is Result.REFUSED else "expired")
            message = f"{self.channel.name}: a message was given up: {outcome.error}"
            self._journal.tell("alert-given-up", Severity.ERROR, self.channel.name, message, data={"id": notice.id})
            return
        if outcome.result is Result.LATER:
            self._pause_until_s = time.monotonic() + waits_s
        if self.failures == 1:
            message = f"{self.channel.name}: a message was not taken, it is tried again: {outcome.error}"
            self._journal.tell("alert-failed", Severity.WARNING, self.channel.name, message, data={"id": notice.id})
        if notice.number in self.queue:
            self.queue[notice.number] = replace(tried, due=now + timedelta(seconds=waits_s))
            self._kept(self.queue[notice.number])

    def _delivered(self, notice: Notice, outcome: Outcome, now: datetime) -> None:
        if self.failures:
            message = f"{self.channel.name}: messages are taken again"
            self._journal.tell("alert-works", Severity.INFO, self.channel.name, message)
        self.failures, self.last_sent, self.last_error = 0, now, outcome.error or None
        self._drop(notice.number, "sent")

    def _drop(self, number: int, result: str) -> None:
        self.counts[result] += 1
        self.queue.pop(number, None)
        self._refusals.pop(number, None)
        self._done(number)
