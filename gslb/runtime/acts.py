"""Every change by a person goes through here: to the audit log, and to the events.

An act is on the disk before whoever asked is answered. While the store fails, acts are kept in memory and tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from gslb.admin.principal import Principal
from gslb.errors import ConflictError, StoreError
from gslb.model import Act, Severity
from gslb.runtime.journal import Journal
from gslb.state.acts import ActTable, clean, document
from gslb.state.store import Store

RECENT: Final = 1000
TRY_AGAIN_S: Final = 5.0

METRICS: Final = {
    "gslb_acts_total": ("Changes that people made since the start, by what they did.", ("action",)),
    "gslb_acts_unwritten": ("Lines of the audit log that wait for the state directory to work again.", ()),
}


class Acts:
    """`undoers[action]` takes an act back, for somebody who may, and records nothing: that is done here. It raises ConflictError
    where the subject is not any more as the act left it. Owners of a site may undo acts on it whose action is in `of_owners`.
    """

    def __init__(
        self,
        store: Store | None,
        journal: Journal,
        kept: Callable[[], int],
        utc_now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.undoers: dict[str, Callable[[Act, Principal], None]] = {}
        self.of_owners: set[str] = set()
        self._table = None if store is None else ActTable(store)
        self._journal, self._kept, self._utc_now = journal, kept, utc_now
        self._counts: dict[str, int] = {}
        self._unwritten: dict[int, Act] = {}
        self._together = False
        self._recent = {act.number: act for act in reversed(self._read(RECENT))}  # the oldest first
        self._last = max(self._recent, default=0)

    def record(
        self,
        principal: Principal,
        action: str,
        subject: str,
        why: str = "",
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        *,
        undoes: int | None = None,
        told: bool = False,
        message: str = "",
    ) -> Act:
        """Note a change that was made. `told`: there is an event of it already; else one of kind `action` says `message`."""
        act = Act(
            self._last + 1, self._utc_now(), clean(principal.name), principal.role, principal.by, action, clean(subject),
            clean(why), document(before or {}), document(after or {}), undoes,
        )  # fmt: skip
        self._last = act.number
        self._take(act)
        self._counts[action] = self._counts.get(action, 0) + 1
        if not told:
            words = message or f"{action}: {act.subject}"
            data = {"act": str(act.number)}
            self._journal.tell(action, Severity.INFO, act.subject, f"{words}: {act.why}" if act.why else words, act.who, data)
        return act

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is recorded meanwhile goes to the disk in one go, at the end: a hundred one by one would hold the loop up."""
        self._together = True
        try:
            yield
        finally:
            self._together = False
            if self._unwritten:
                self._write()

    def latest(
        self,
        limit: int,
        before: int | None = None,
        who: Collection[str] | None = None,
        action: Collection[str] | None = None,
        subject: Collection[str] | None = None,
    ) -> Sequence[Act]:
        """The newest first; `before` is the number of an act, for the page after it. The rest chooses."""

        def fits(act: Act) -> bool:
            wanted = ((who, act.who), (action, act.action), (subject, act.subject))
            return all(values is None or value in values for values, value in wanted)

        near = (act for act in reversed(self._recent.values()) if before is None or act.number < before)
        found = [act for act in near if fits(act)]
        if len(found) >= limit:
            return found[:limit]
        oldest = next(iter(self._recent), None)
        older = self._read(limit - len(found), oldest if before is None else min(oldest or before, before), who, action, subject)
        return [*found, *older]

    def find(self, number: int) -> Act | None:
        if number in self._recent or self._table is None:
            return self._recent.get(number)
        try:
            return self._table.find(number)
        except StoreError as error:
            self._journal.store_failed(error)
            return None

    def undoable(self, act: Act) -> bool:
        return act.undone_by is None and act.action in self.undoers

    def undo(self, act: Act, principal: Principal, why: str) -> Act:
        """Take it back: the new act. Raises ConflictError if that can't be, or not any more, with the reason."""
        if act.undone_by is not None:
            raise ConflictError(f"act {act.number} was undone already, by act {act.undone_by}")
        if act.action not in self.undoers:
            raise ConflictError(f"an act of this kind ({act.action}) can't be undone")
        self.undoers[act.action](act, principal)
        return self.record(
            principal, "undo", act.subject, why, act.after, act.before,
            undoes=act.number, message=f"act {act.number} ({act.action} of {act.subject} by {act.who}) was undone",
        )  # fmt: skip

    async def keep_trying(self) -> None:
        """Until cancelled: brings to the store what it could not take."""
        while True:
            await asyncio.sleep(TRY_AGAIN_S)
            if self._unwritten:
                self._write()

    def counters(self) -> dict[tuple[str, ...], int]:
        return {("gslb_acts_total", action): count for action, count in self._counts.items()}

    def gauges(self) -> dict[tuple[str, ...], float]:
        return {("gslb_acts_unwritten",): len(self._unwritten)}

    def _take(self, act: Act) -> None:
        undone = self._recent.get(act.undoes) if act.undoes is not None else None
        if undone is not None:
            self._recent[undone.number] = replace(undone, undone_by=act.number)
        self._recent[act.number] = self._unwritten[act.number] = act
        for known in (self._recent, self._unwritten):
            while len(known) > RECENT:
                del known[next(iter(known))]
        if not self._together:
            self._write()

    def _write(self) -> None:
        if self._table is None:
            return
        try:
            self._table.add(self._unwritten.values(), self._kept())
        except StoreError as error:
            self._journal.store_failed(error)
            return
        self._unwritten.clear()
        self._journal.store_worked()

    def _read(
        self,
        limit: int,
        before: int | None = None,
        who: Collection[str] | None = None,
        action: Collection[str] | None = None,
        subject: Collection[str] | None = None,
    ) -> Sequence[Act]:
        if self._table is None:
            return ()
        try:
            return self._table.latest(limit, before, who, action, subject)
        except StoreError as error:
            self._journal.store_failed(error)
            return ()
