"""Messages, and couriers that carry them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from gslb.model import Channel, Smtp
from gslb.runtime.alerting.courier import Courier
from gslb.runtime.alerting.secrets import ChannelSecrets
from gslb.runtime.journal import Journal
from gslb.state.alerts import Notice, NoticeKind
from gslb.state.incidents import Incident
from tests.state.incidents.test_stored import incident

NODE, DASHBOARD = "tokyo-1", "https://gslb.example/"


def notice(number: int = 1, kind: NoticeKind = NoticeKind.OPENED, *about: Incident, **more: Any) -> Notice:
    now = datetime.now(UTC)
    made = Notice(number, f"tokyo-1/20261123T120000/{number}/{kind.value}", "ops", kind, now, now, **more)
    return made.about(*(about or (incident(7),)))


def mail_to(port: int, **more: Any) -> Channel:
    smtp = Smtp("127.0.0.1", "gslb@example.net", ("ops@example.net", "sam@example.net"), port, starttls=False)
    return Channel("ops", "email", smtp=smtp, **more)


def courier(channel: Channel, secrets: ChannelSecrets | None = None, **more: Any) -> Courier:
    """Which tries again soon."""
    made = Courier(
        channel, secrets or ChannelSecrets(), Journal(None), node=NODE, dashboard=DASHBOARD,
        done=lambda number: None, kept=lambda kept: None, chance=lambda: 0.0,
        **{"first_wait_s": 0.05, "within_s": 10.0, **more},
    )  # fmt: skip
    return made


@asynccontextmanager
async def at_work(worker: Courier) -> AsyncIterator[Courier]:
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
