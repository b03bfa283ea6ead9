"""A look at one set on one site: a round, or a scan of all its files.

A round asks for the lock, reads the manifest, and looks at the files that had a fault before, at the sentinels, and at a few
more in turn. A scan looks at every file, and reads as many of them whole as its bound allows; the next one goes on from there.

Octets: each request costs some 600 for the two heads. A round with a manifest of 2 KB, one sentinel of 2 KB and four files of
1 KB has nine or ten of them, and reads 8 KB besides: 14 KB, at an interval of 10 s some 80 KB a minute for each address and
`Host`. A file of more than 1 MB costs 128 KB for its ends. Whole files are bounded to 1 MB a round; a large one that changed is
read whole besides, at most one in 30 s.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping

from probes.content.files import Inspection
from probes.content.listing import ListingError, listing
from probes.content.manifest import Listed
from probes.content.memory import Memory
from probes.content.model import ContentResult, ContentTarget, Fault, Look
from probes.content.reading import read, unchanged, unlocked
from probes.content.session import Decided, Session
from probes.content.setting import ContentSetting
from probes.record import REASON_LIMIT, printable

IN_VAIN = 5
"""Files of a scan in a row that nobody could look at, after which the site is left alone."""

_log = logging.getLogger(__name__)


async def look(target: ContentTarget, setting: ContentSetting, memory: Memory, full: bool = False) -> ContentResult:
    """Look at a set once. Raises nothing but a cancel."""
    session = Session(target, setting, memory, full=full)
    within_s = setting.scan_s if full else setting.round_s
    try:
        async with asyncio.timeout(within_s):
            await (_scan(session) if full else _round(session))
        return _result(session, *_summary(session))
    except Decided as decided:
        session.exchange = decided.exchange or session.exchange
        return _result(session, decided.look, decided.reason)
    except TimeoutError:
        if session.site.scan_position == session.scan_start:
            session.site.scan_position += session.checked
        return _result(session, *await _confirmed(session, *_unfinished(session, within_s)))
    except Exception as error:  # whatever it is, the schedule goes on and a person gets to read it
        _log.exception("looking at %s of %s failed", target.prefix, target.site)
        return _result(session, Look.UNKNOWN, f"the look itself failed: {type(error).__name__}: {error}")


async def _round(session: Session) -> None:
    await unlocked(session)
    found = await read(session)
    session.site.turn += 1
    thorough = True
    for path, sampled in _chosen(session, found):
        inspection = Inspection(session, path, found.files.get(path), thorough=thorough)
        fault = await inspection.run()
        session.note(fault, inspection.exchange)
        thorough = False
        if (sampled and inspection.deferred) or (fault is not None and fault.look in (Look.WRONG, Look.UNKNOWN)):
            break
    if session.gravest in (Look.ABSENT, Look.WRONG):
        await unchanged(session)


def _chosen(session: Session, found: Listed) -> Iterator[tuple[str, bool]]:
    """Suspects, then the sentinels, a different one first in each round, then a sample (True) in turn."""
    target, site = session.target, session.site
    relevant = {*target.sentinels, *(path for path in site.suspects if path in found.files)}
    site.suspects = {path: suspect for path, suspect in site.suspects.items() if path in relevant}
    if target.manifest is None:
        return  # each sentinel was read to know the generation
    first = site.turn % max(1, len(target.sentinels))
    chosen = dict.fromkeys((*site.suspects, *target.sentinels[first:], *target.sentinels[:first]))
    yield from ((path, False) for path in tuple(chosen))
    count, start = len(found.paths), site.position
    for step in range(min(target.sample, count)):
        path = found.paths[(start + step) % count]
        if path not in chosen:
            yield path, True
        site.position = start + step + 1  # not reached where the round ended before it


async def _scan(session: Session) -> None:
    await unlocked(session)
    found = await read(session)
    if session.target.manifest is None:
        return  # each sentinel was read to know the generation
    seen = await _listed_by_rsync(session, found)
    count = len(found.paths)
    start = session.site.scan_position = session.scan_start = session.site.scan_position % count
    paths = iter([(start + step, found.paths[(start + step) % count]) for step in range(count)])
    extra = [path for path in session.target.sentinels if path not in found.files]
    scan = _Scan(session, found, seen)
    async with asyncio.TaskGroup() as group:
        for _ in range(session.setting.at_a_time):
            group.create_task(scan.work(paths))
    for path in extra:
        await scan.one(path)
    if session.gravest is not Look.UNKNOWN:  # good, too: a scan is long, and rounds may have seen the lock meanwhile
        await unchanged(session)


class _Scan:
    """What those who work at one scan share."""

    def __init__(self, session: Session, found: Listed, seen: Mapping[str, int]) -> None:
        self._session = session
        self._found = found
        self._seen = seen
        self._in_vain = 0
        self._spent = False

    async def work(self, paths: Iterator[tuple[int, str]]) -> None:
        """Take one path after the other, until there are no more or the site is gone. The next scan begins at the first that
        could not be read whole."""
        for position, path in paths:
            if self._in_vain >= IN_VAIN or self._session.retry_after_s is not None:
                return
            if await self.one(path) and not self._spent:
                self._spent = True
                self._session.site.scan_position = position

    async def one(self, path: str) -> bool:
        """Whether there were no octets left to read this file whole."""
        session = self._session
        if path in self._seen and not session.affords(self._seen[path]) and path not in session.site.suspects:
            session.note(None)
            return True
        first = session.checked == 0
        inspection = Inspection(session, path, self._found.files.get(path), thorough=first, size=self._seen.get(path))
        fault = await inspection.run()
        session.note(fault, inspection.exchange)
        self._in_vain = self._in_vain + 1 if fault is not None and fault.look is Look.UNKNOWN else 0
        return inspection.deferred


async def _listed_by_rsync(session: Session, found: Listed) -> Mapping[str, int]:
    """The sizes of the files that a listing shows as they should be. It can only acquit: what it lacks is asked for over HTTP."""
    if session.target.rsync is None:
        return {}
    try:
        sizes = await listing(session.target.rsync, session.setting, found.files)
    except ListingError as error:
        session.remark = f"; no listing by rsync: {error}"
        return {}
    files = found.files
    return {path: size for path, size in sizes.items() if files[path].size in (None, size)}


def _summary(session: Session) -> tuple[Look, str]:
    gravest = session.gravest
    if gravest is Look.GOOD:
        of = len(session.listed.paths) if session.listed is not None else 0
        return gravest, f"{session.checked} of {of} files looked at, {session.hashed} read whole{session.remark}"
    first = next((fault for fault in session.faults if fault.look is gravest), None)
    more = session.counts[gravest] - 1
    reason = first.reason if first is not None else "more than can be told is the matter"
    return gravest, reason + (f" (and {more} more files)" if more > 0 else "")


def _unfinished(session: Session, within_s: float) -> tuple[Look, str]:
    """What a look comes to that ran out of time: a fault is one, and what was not seen is not known."""
    if session.gravest is not Look.GOOD:
        return _summary(session)
    if session.full and session.counts[Look.GOOD]:
        return Look.GOOD, f"only {_summary(session)[1]} within {within_s:g} s"
    return Look.UNKNOWN, f"not done within {within_s:g} s, after {session.checked} files and {session.octets} octets"


async def _confirmed(session: Session, verdict: Look, reason: str) -> tuple[Look, str]:
    """The verdict on what was seen of a site in time, if that is not being changed by now."""
    if verdict is not Look.GOOD:
        return verdict, reason
    try:
        async with asyncio.timeout(session.setting.round_s):
            await unchanged(session)
    except Decided as decided:
        return decided.look, decided.reason
    except TimeoutError:
        return Look.UNKNOWN, f"{reason}, and not even its manifest came within {session.setting.round_s:g} s more"
    return verdict, reason


def _result(session: Session, verdict: Look, reason: str) -> ContentResult:
    target, probe, found = session.target, session.setting.probe, session.listed
    return ContentResult(
        key=target.key,
        site=target.site,
        address=target.address,
        look=verdict,
        reason=_line(reason),
        generation=found.generation if found is not None else "",
        files=found.files if found is not None else None,
        modified_utc=session.modified_utc,
        checked=session.checked,
        full=session.full,
        at_monotonic=probe.clock(),
        at_utc=probe.utc_now(),
        exchange=session.exchange,
        hashed=session.hashed,
        lacking=session.counts[Look.ABSENT],
        wrong=session.counts[Look.WRONG],
        faults=tuple(Fault(_line(fault.path), fault.look, _line(fault.reason)) for fault in session.faults),
        octets=session.octets,
        retry_after_s=session.retry_after_s,
    )


def _line(text: str) -> str:
    return printable(text, REASON_LIMIT).replace("\n", " ").replace("\r", " ")
