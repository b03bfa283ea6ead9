"""The one seam to httpx.

An exchange goes to the address of the target while `Host` and SNI are the service's: the URL carries the
address, the header list and `sni_hostname` the name, and `target` the path byte for byte. The transport is
used without a client: no proxy, no redirect, no cookie, no decoding, and a new connection each time, since
a pooled one outlives a dead server.

What bounds memory: httpcore refuses a head above 100 KB, the body is read raw and only as far as the caller
says, so that a compression bomb is only ever its compressed bytes. What bounds time: the time-outs here for
connect, TLS and first byte, and the whole exchange in `record.concluded`.
"""

import hashlib
import re
import ssl
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC
from importlib.util import find_spec
from typing import Any, cast

import anyio.streams.tls  # noqa: F401  # these two: else httpx imports them inside the first measurement
import httpcore  # noqa: F401
import httpx
from cryptography import x509

from probes.answer import Body, Head
from probes.model import LOOK_LIMIT
from probes.record import Phase, Record
from probes.verdict import Failed, Verdict

if find_spec("sniffio") is None:
    # httpcore tries to import it at every lock, and Python would search the disk each time: a quarter of the cost of a probe.
    sys.modules["sniffio"] = None  # type: ignore[assignment]

_NO_POOL = httpx.Limits(max_connections=1, max_keepalive_connections=0)
_HEAD_LIMIT = 4096
_PROTOCOL_FAULTS = (
    (re.compile("without sending a response"), Verdict.RESET, "the connection was closed without an answer"),
    (re.compile("without sending complete message body"), Verdict.TRUNCATED, "the answer broke off"),
)


class Opened:
    """An answer whose head is in; the body is read on demand."""

    def __init__(self, response: httpx.Response, record: Record) -> None:
        self._response = response
        self._record = record
        raw = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
        self.head = Head(response.status_code, tuple((name.lower(), value) for name, value in raw))

    async def read(self, limit: int, hashed: bool) -> Body:
        """Read up to `limit` bytes and stop. The first 4096 are kept; the hash is of all. Raises Failed."""
        digest = hashlib.sha256()
        kept = bytearray()

        def take(chunk: bytes) -> None:
            kept.extend(chunk[: LOOK_LIMIT - len(kept)])
            if hashed:
                digest.update(chunk)

        ended = await self.pour(limit, take)
        return Body(bytes(kept), self._record.bytes_read, ended, digest.hexdigest() if hashed else None)

    async def pour(self, limit: int, take: Callable[[bytes], object]) -> bool:
        """Give up to `limit` bytes to `take` as they come, and stop. Whether the body had no more. Raises Failed."""
        with _translated(self._record):
            raw = cast(AsyncGenerator[bytes, None], self._response.aiter_raw())
            async with aclosing(raw) as chunks:
                async for chunk in chunks:
                    room = limit - self._record.bytes_read
                    self._record.bytes_read += min(len(chunk), room)
                    take(chunk[:room])
                    if len(chunk) > room:
                        return False
        return True


@asynccontextmanager
async def opened(record: Record, headers: list[tuple[str, str]], context: ssl.SSLContext) -> AsyncIterator[Opened]:
    """Connect, send the request and await the head of the answer. Raises Failed."""
    target, setting = record.target, record.setting
    limits = {"connect": setting.phase_s, "read": setting.phase_s, "write": setting.phase_s, "pool": None}
    request = httpx.Request(
        target.check.method,
        httpx.URL(scheme=target.check.type, host=target.address, port=target.port),
        headers=headers,
        extensions={
            "target": target.check.path.encode("ascii"),
            "sni_hostname": target.server_name,
            "timeout": limits,
            "trace": _Watch(record, limits),
        },
    )
    async with _transport(context) as transport:
        with _translated(record):
            response = await transport.handle_async_request(request)
        record.response = _head_text(response)
        async with aclosing(response):
            yield Opened(response, record)


def _transport(context: ssl.SSLContext) -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=_NO_POOL)


class _Watch:
    """httpcore's trace: times the phases, and says which one a time-out would hit.

    The limit for reading is the first byte's until the head is in. From then on only the whole exchange has
    one, and httpcore reads `limits` again for the body.
    """

    def __init__(self, record: Record, limits: dict[str, float | None]) -> None:
        self._record = record
        self._limits = limits

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        record = self._record
        match event:
            case "connection.connect_tcp.started":
                record.begin(Phase.CONNECT)
            case "connection.connect_tcp.complete":
                record.connect_ms = record.since_ms(record.phase_started_s)
            case "connection.start_tls.started":
                record.begin(Phase.TLS)
            case "connection.start_tls.complete":
                record.tls_ms = record.since_ms(record.phase_started_s)
                record.certificate_days = _certificate_days(info["return_value"], record)
            case "http11.send_request_headers.started":
                record.begin(Phase.FIRST_BYTE)
            case "http11.receive_response_headers.complete":
                record.first_byte_ms = record.since_ms(record.phase_started_s)
                record.phase = Phase.BODY
                self._limits["read"] = record.setting.timeout_s


class _translated:
    """Turns what httpx raises into Failed; what is no fault of the transport goes through."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, httpx.TimeoutException):
            raise self._record.phase_over() from error
        if isinstance(error, httpx.RemoteProtocolError):
            raise _protocol_fault(error) from error
        if isinstance(error, httpx.ConnectError | httpx.ReadError) and _closed(error):
            where = "TLS handshake" if self._record.phase is Phase.TLS else "answer"
            verdict = Verdict.TLS if self._record.phase is Phase.TLS else Verdict.RESET
            raise Failed(verdict, f"the connection was closed in the middle of the {where}") from error


def _protocol_fault(error: httpx.RemoteProtocolError) -> Failed:
    for pattern, verdict, reason in _PROTOCOL_FAULTS:
        if pattern.search(str(error)):
            return Failed(verdict, reason)
    return Failed(Verdict.MALFORMED, f"the answer is not HTTP: {error}")


def _closed(error: BaseException) -> bool:
    """Whether nothing but a closed connection is behind it: no errno, no TLS alert."""
    current: BaseException | None = error
    while current is not None:
        if isinstance(current, OSError):
            return isinstance(current, ssl.SSLEOFError)
        current = current.__cause__ or current.__context__
    return True


def _certificate_days(stream: Any, record: Record) -> float | None:
    """Days until the certificate of the connection expires, to a hundredth."""
    tls = stream.get_extra_info("ssl_object")
    raw = tls.getpeercert(binary_form=True) if tls is not None else None
    if raw is None:
        return None
    left = x509.load_der_x509_certificate(raw).not_valid_after_utc - record.setting.utc_now().astimezone(UTC)
    return round(left.total_seconds() / 86400, 2)


def _head_text(response: httpx.Response) -> str:
    """Status line and headers as they came, cut to a few kilobytes."""
    reason = response.extensions.get("reason_phrase", b"")
    lines = [b"%s %d %s" % (response.http_version.encode(), response.status_code, reason)]
    lines += [b"%s: %s" % header for header in response.headers.raw]
    return b"\r\n".join(lines)[:_HEAD_LIMIT].decode("latin-1")
