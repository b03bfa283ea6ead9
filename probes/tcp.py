"""The tcp prober: connect, and if the check has `contains`, wait for the greeting that contains it."""

import asyncio
import shlex

from probes.model import LOOK_LIMIT, Result, Target
from probes.record import Phase, Record, concluded
from probes.setting import Setting
from probes.verdict import Failed, Finding, Verdict


async def probe_tcp(target: Target, setting: Setting) -> Result:
    """Probe by a TCP connection, closed at once; with `contains` after at most 4096 bytes of greeting."""
    record = Record(target, setting, command=_nc(target, setting))
    return await concluded(record, _exchange(record))


def _nc(target: Target, setting: Setting) -> str:
    words = ["nc", "-v", "-w", str(max(1, round(setting.phase_s)))]
    words += ["-z"] if target.check.contains is None else []
    return shlex.join([*words, target.address, str(target.port)])


async def _exchange(record: Record) -> Finding:
    target = record.target
    async with record.within(Phase.CONNECT):
        reader, writer = await asyncio.open_connection(target.address, target.port, limit=LOOK_LIMIT)
    record.connect_ms = record.since_ms(record.started_s)
    try:
        if target.check.contains is not None:
            await _greeting(record, reader, target.check.contains.encode())
        return Finding(Verdict.OK, "connected")
    finally:
        writer.transport.abort()


async def _greeting(record: Record, reader: asyncio.StreamReader, wanted: bytes) -> None:
    """Read until the greeting contains what is wanted. Raises Failed when it does not."""
    start_s = record.setting.clock()
    async with record.within(Phase.FIRST_BYTE):
        seen = await reader.read(LOOK_LIMIT)
    record.first_byte_ms = record.since_ms(start_s)
    record.phase = Phase.BODY
    while wanted not in seen:
        _note(record, seen)
        more = await reader.read(LOOK_LIMIT - len(seen)) if len(seen) < LOOK_LIMIT else b""
        if not more:
            raise Failed(Verdict.WRONG_CONTENT, f"{wanted.decode()!r} is not in the greeting")
        seen += more
    _note(record, seen)


def _note(record: Record, seen: bytes) -> None:
    record.bytes_read = len(seen)
    record.response = seen.decode("latin-1")
