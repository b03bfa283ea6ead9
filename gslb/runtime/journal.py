"""Every event goes through here: to the log, to the store, to whoever watches."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
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
        last, recent = _kept(store)
        self.book = EventBook(last)
        self.recent: deque[Event] = deque(reversed(recent), maxlen=RECENT)
        self.by_kind: Counter[str] = Counter()
        self.store_failures = 0
        self.store_failing = store is None
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
            self.store_failed(error)
            return
        self.store_worked()
        for event in batch:
            with contextlib.suppress(ValueError):
                self._unwritten.remove(event)

    def store_failed(self, error: StoreError) -> None:
        """Told once, until it works again; counted each time."""
        self.store_failures += 1
        if not self.store_failing:
            self.store_failing = True
            message = f"the state can't be kept, a restart would forget what happens from now on: {error}"
            self.tell("store-failed", Severity.ERROR, "state", message)

    def store_worked(self) -> None:
        if self.store_failing:
            self.store_failing = False
            self.tell("store-works", Severity.INFO, "state", "the state is kept again")


def _kept(store: Store | None) -> tuple[int, Sequence[Event]]:
    if store is None:
        return 0, ()
    try:
        return store.last_event_number(), store.events(RECENT)
    except StoreError as error:
        _log.error(str(error), kind="store-failed")
        return 0, ()


def _plain(fields: Mapping[str, str]) -> dict[str, str]:
    """Names that structlog has a meaning for are kept apart."""
    return {
        ("about_" + name if name in ("event", "kind", "subject", "level", "timestamp") else name): fields[name] for name in fields
    }
