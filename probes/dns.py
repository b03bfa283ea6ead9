"""The dns prober: one question to the address over UDP, and over TCP when the answer was cut."""

import asyncio
import shlex

import dns.asyncquery
import dns.flags
import dns.message
import dns.rcode

from probes.model import Result, Target
from probes.record import Phase, Record, concluded
from probes.setting import Setting
from probes.verdict import Failed, Finding, Verdict


async def probe_dns(target: Target, setting: Setting) -> Result:
    """Probe by asking for `query_name`: NOERROR is well. `contains` is looked for in the answer as text."""
    record = Record(target, setting, command=_dig(target, setting))
    return await concluded(record, _exchange(record))


def _dig(target: Target, setting: Setting) -> str:
    wait = f"+time={max(1, round(setting.phase_s))}"
    words = ["dig", f"@{target.address}", "-p", str(target.port), "+norecurse", "+tries=1", wait]
    return shlex.join([*words, target.check.query_name or ".", target.check.query_type])


async def _exchange(record: Record) -> Finding:
    check = record.target.check
    query = dns.message.make_query(check.query_name or ".", check.query_type, use_edns=0, payload=1232, flags=0)
    record.request = query.to_text()
    start_s = record.setting.clock()
    async with record.within(Phase.FIRST_BYTE):
        wire = await _over_udp(record.target, query)
    record.first_byte_ms = record.since_ms(start_s)
    record.phase = Phase.BODY
    answer = _parsed(wire)
    if answer.flags & dns.flags.TC:
        answer = await _over_tcp(record, query)
    record.bytes_read = len(wire)
    record.response = answer.to_text()
    return _judged(record.target, answer)


def _judged(target: Target, answer: dns.message.Message) -> Finding:
    rcode = dns.rcode.to_text(answer.rcode())
    if answer.rcode() != dns.rcode.NOERROR:
        return Finding(Verdict.DNS_RCODE, f"answered {rcode}")
    wanted = target.check.contains
    if wanted is not None and not any(wanted in rrset.to_text() for rrset in answer.answer):
        return Finding(Verdict.WRONG_CONTENT, f"{wanted!r} is not in the answer")
    return Finding(Verdict.OK, f"answered {rcode} with {len(answer.answer)} record sets")


class _Asked(asyncio.DatagramProtocol):
    """Waits for the one datagram that answers the query; others, by ID or question, are not for us."""

    def __init__(self, query: dns.message.Message) -> None:
        self._query = query
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        if data[:2] == self._query.id.to_bytes(2, "big") and not self.answer.done():
            self.answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


async def _over_udp(target: Target, query: dns.message.Message) -> bytes:
    """The answer. The socket is connected: a closed port is an error at once, strangers are not heard."""
    loop = asyncio.get_running_loop()
    transport, asked = await loop.create_datagram_endpoint(lambda: _Asked(query), remote_addr=(target.address, target.port))
    try:
        transport.sendto(query.to_wire())
        return await asked.answer
    finally:
        asked.answer.cancel()
        transport.abort()


async def _over_tcp(record: Record, query: dns.message.Message) -> dns.message.Message:
    target, limit_s = record.target, record.setting.timeout_s
    try:
        return await dns.asyncquery.tcp(query, target.address, port=target.port, timeout=limit_s)
    except (dns.exception.DNSException, EOFError) as error:
        raise Failed(Verdict.MALFORMED, f"the answer over TCP cannot be read: {type(error).__name__}") from error


def _parsed(wire: bytes) -> dns.message.Message:
    try:
        return dns.message.from_wire(wire, ignore_trailing=True)
    except Exception as error:  # dnspython lets a few others out on hostile bytes
        raise Failed(Verdict.MALFORMED, f"the answer cannot be read: {type(error).__name__}") from error
