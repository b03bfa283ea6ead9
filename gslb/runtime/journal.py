"""Every event goes through here: to the log, to the store, to whoever watches."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

import structlog

from gslb.errors import StoreError
from gslb.model import Event, Severity
from gslb.state.events import EventBook
from gslb.state.store import Store

RECENT = 1000
MOST_UNWRITTEN = 10_000

_log = structlog.get_logger("gslb")
_LEVELS = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.ERROR: "error"}


class Journal:
    def __init__(self, store: Store | None, utc_now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.book = EventBook(store.last_event_number() if store else 0)
        self.recent: deque[Event] = deque(reversed(store.events(RECENT)) if store else (), maxlen=RECENT)
        self.by_kind: Counter[str] = Counter()
        self.store_failures = 0
        self._store, self._utc_now = store, utc_now
        self._unwritten: deque[Event] = deque(maxlen=MOST_UNWRITTEN)
        self._listeners: list[Callable[[Event], None]] = []

    def tell(
        self, kind: str, severity: Severity, subject: str, message: str, who: str = "", data: Mapping[str, str] | None = None
    ) -> Event:
        event = self.book.event(self._utc_now(), kind, severity, subject, message, who, data)
        self.add([event])
        return event

    def add(self, events: Iterable[Event]) -> None:
        for event in events:
            self.recent.append(event)
            self._unwritten.append(event)
            self.by_kind[event.kind] += 1
            fields = dict(event.data) | ({"who": event.who} if event.who else {})
            getattr(_log, _LEVELS[event.severity])(event.message, kind=event.kind, subject=event.subject, **_plain(fields))
            for listener in self._listeners:
                listener(event)

    def add_listener(self, listener: Callable[[Event], None]) -> None:
        """Called with every event from now on, in the event loop."""
        self._listeners.append(listener)

    async def write(self) -> None:
        """Brings what is new to the store. A store that fails is counted; the events are tried again with the next."""
        if self._store is None or not self._unwritten:
            return
        batch = list(self._unwritten)
        try:
            await asyncio.to_thread(self._store.append, batch)
        except StoreError as error:
            self.note_store_failure(error)
            return
        for event in batch:
            with contextlib.suppress(ValueError):
                self._unwritten.remove(event)

    def note_store_failure(self, error: StoreError) -> None:
        self.store_failures += 1
        if self.store_failures == 1 or self.store_failures % 100 == 0:
            _log.error(str(error), kind="store-failed", failures=self.store_failures)


def _plain(fields: Mapping[str, str]) -> dict[str, str]:
    """Names that structlog has a meaning for are kept apart."""
    return {
        ("about_" + name if name in ("event", "kind", "subject", "level", "timestamp") else name): fields[name] for name in fields
    }
