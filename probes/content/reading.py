"""The manifest of a site, and which generation it has; without a manifest, what its sentinels are."""

import asyncio
import hashlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from probes.content.fetch import Answer, Ask
from probes.content.files import Inspection
from probes.content.manifest import Listed, ManifestError, listed, parse
from probes.content.memory import Manifested
from probes.content.model import FileFact, Look
from probes.content.session import Decided, Session, refusal
from probes.verdict import Failed, Verdict

SMALL = 65_536
"""Octets of a manifest that is read anew in every round; of a larger one only if its ETag is another."""
_AT_ONCE = 4
"""Manifests of the greatest length that may be in hand at once."""


async def unlocked(session: Session) -> None:
    """Raises Decided where the site says that it is being changed."""
    lock = session.target.lock
    if lock is None:
        return
    answer = await session.ask(Ask(lock, "HEAD"))
    if answer.ok:
        raise Decided(Look.ABSENT, f"is being changed ({lock} is there)", answer.exchange)
    fault = refusal(answer, lock)
    there = answer.finding.verdict is not Verdict.WRONG_STATUS or (answer.status or 500) >= 500
    if fault is not None and (there or fault.look is Look.UNKNOWN):
        raise Decided(fault.look, fault.reason, answer.exchange)


async def read(session: Session) -> Listed:
    """What the site should have: as its manifest says, else as its sentinels are. Raises Decided where neither can be had."""
    session.listed = await _manifest(session) if session.target.manifest is not None else await _defined(session)
    return session.listed


async def unchanged(session: Session) -> None:
    """Raises Decided where the manifest is another than it was before the files were looked at, or the lock is there now."""
    try:
        await unlocked(session)
        now = await _manifest(session, anew=True) if session.target.manifest is not None else session.listed
    except Decided as decided:
        if decided.look is Look.UNKNOWN:
            return
        raise
    if now is not session.listed:
        raise Decided(Look.ABSENT, f"is being changed ({session.target.manifest} changed while its files were looked at)")


async def _manifest(session: Session, *, anew: bool = False) -> Listed:
    path = session.target.manifest or ""
    known = None if session.full or anew else _known(session)
    octets = bytearray()
    answer = await _pour(session, path, octets, session.site.manifest.etag if known and session.site.manifest else None)
    fault = refusal(answer, path)
    if fault is not None:
        raise Decided(fault.look, fault.reason, answer.exchange)
    session.modified_utc = _moment(answer)
    if answer.status == 304 and known is not None:
        return known
    if not answer.ended:
        limit = session.setting.manifest_octets
        raise Decided(Look.ABSENT, f"{path} has more than {limit} octets, the most of a manifest", answer.exchange)
    return await _parsed(session, path, bytes(octets), answer)


def _known(session: Session) -> Listed | None:
    """The manifest that was read last, where it is worth while to ask whether it is another."""
    last = session.site.manifest
    if last is None or last.etag is None or last.octets <= SMALL:
        return None
    found = session.memory.manifests.get(last.key)
    return found if isinstance(found, Listed) else None


async def _pour(session: Session, path: str, octets: bytearray, etag: str | None) -> Answer:
    memory, setting = session.memory, session.setting
    most = _AT_ONCE * setting.manifest_octets

    def take(chunk: bytes) -> None:
        if memory.octets_in_hand + len(chunk) > most:
            raise Failed(Verdict.INTERNAL, f"manifests of more than {most} octets are being read at once")
        memory.octets_in_hand += len(chunk)
        octets.extend(chunk)

    try:
        ask = Ask(path, limit=setting.manifest_octets, within_s=setting.body_s, etag=etag)
        return await session.ask(ask, take)
    finally:
        memory.octets_in_hand -= len(octets)


async def _parsed(session: Session, path: str, octets: bytes, answer: Answer) -> Listed:
    """Read as a manifest, once for all sites that have the same. A long one is read beside the loop."""
    files_max = session.setting.manifest_files
    digest = hashlib.sha256(octets).hexdigest()
    key = (path, files_max, digest)
    session.site.manifest = Manifested(key, len(octets), answer.validators.etag)
    found = session.memory.manifests.get(key)
    if found is None:
        short = len(octets) <= SMALL
        found = _tried(octets, files_max, path) if short else await asyncio.to_thread(_tried, octets, files_max, path)
        found = session.memory.manifests.get(key) or session.memory.manifests.put(key, found)
    if isinstance(found, str):
        raise Decided(Look.ABSENT, f"{path} is no manifest: {found}{answer.coded}", answer.exchange)
    return found


def _tried(octets: bytes, files_max: int, path: str) -> Listed | str:
    try:
        return parse(octets, files_max, path)
    except ManifestError as error:
        return str(error)


async def _defined(session: Session) -> Listed:
    """The generation that the sentinels are."""
    files: dict[str, FileFact] = {}
    for path in session.target.sentinels:
        inspection = Inspection(session, path, None, defining=True, thorough=path == session.target.sentinels[0])
        fault = await inspection.run()
        session.note(fault, inspection.exchange)
        if fault is not None:
            raise Decided(fault.look, fault.reason, inspection.exchange)
        fact = inspection.fact()
        if fact is None:
            most = session.setting.file_octets
            raise Decided(Look.ABSENT, f"{path} has more than {most} octets, and can't tell a generation", inspection.exchange)
        files[path] = fact
    found = listed(files)
    known = session.memory.manifests.get(found.generation)
    return known if isinstance(known, Listed) else _kept(session, found)


def _kept(session: Session, found: Listed) -> Listed:
    session.memory.manifests.put(found.generation, found)
    return found


def _moment(answer: Answer) -> datetime | None:
    """The Last-Modified, in UTC."""
    try:
        date = parsedate_to_datetime(answer.validators.modified or "")
        return (date if date.tzinfo is not None else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
