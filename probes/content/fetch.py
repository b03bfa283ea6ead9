"""One request for one file of a set, and what came of it. Nothing is raised.

The request is as the probes make theirs: to the address itself, a connection of its own, no redirect followed, nothing
decoded. Bodies are poured into hashes as they come, so memory is bounded by what a sink keeps.
"""

import hashlib
import shlex
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from urllib.parse import quote

from probes import transport
from probes.answer import Head, judge_status
from probes.content.memory import Ends, Validators
from probes.content.model import ContentTarget
from probes.content.setting import ContentSetting
from probes.http import curl_url, curl_words, headers_of, request_text
from probes.model import Check, Exchange, Target
from probes.record import Record, concluded
from probes.setting import Setting
from probes.verdict import Finding, Verdict

_UNQUOTED = "/!$&'()*+,;=:@~"


class Span(NamedTuple):
    """Octets from `first` to `last`, both included, as in a Range."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"

    @property
    def length(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Ask:
    """What to ask for, below the prefix. `limit` is the most that is read of the answer; of one that says that it is longer
    nothing is. `etag`: only if it is another.
    """

    path: str
    method: str = "GET"
    span: Span | None = None
    limit: int = 0
    within_s: float | None = None
    etag: str | None = None

    @property
    def status(self) -> int:
        return 206 if self.span is not None else 200


@dataclass(slots=True)
class Answer:
    """`finding` is of the exchange; with OK the status is what was asked for (or 304), and the body is read.

    `ended`: the body had no more than the limit.
    """

    ask: Ask
    finding: Finding
    exchange: Exchange
    head: Head | None
    octets: int
    ended: bool

    @property
    def ok(self) -> bool:
        return self.finding.verdict is Verdict.OK

    @property
    def status(self) -> int | None:
        return None if self.head is None else self.head.status

    @property
    def coded(self) -> str:
        """A remark on an encoding that nobody asked for: hashes are of what came."""
        coding = (self.head and self.head.get("content-encoding")) or "identity"
        return "" if coding == "identity" else f" (it came with Content-Encoding {coding[:40]}, though identity was asked for)"

    @property
    def validators(self) -> Validators:
        """Of the whole file: of an answer to HEAD, or with the whole."""
        if self.head is None:
            return Validators()
        return Validators(told_octets(self.head), self.head.get("etag"), self.head.get("last-modified"))


def told_octets(head: Head | None) -> int | None:
    """The Content-Length."""
    told = ((head and head.get("content-length")) or "").strip()
    return int(told) if told.isdecimal() and told.isascii() and len(told) <= 18 else None


class Sums:
    """A sink: hashes of the whole and of its two ends of `part` octets, and the octets of `span`."""

    def __init__(self, part: int, span: Span | None = None) -> None:
        self.length = 0
        self.kept = bytearray()
        self._part = part
        self._span = span
        self._sha256, self._first = hashlib.sha256(), hashlib.sha256()
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._last = bytearray()

    def take(self, chunk: bytes) -> None:
        self._sha256.update(chunk)
        self._sha1.update(chunk)
        if self.length < self._part:
            self._first.update(chunk[: self._part - self.length])
        if self._span is not None:
            first, end = self._span.first - self.length, self._span.last + 1 - self.length
            self.kept += chunk[max(0, first) : max(0, end)]
        self._last += chunk
        del self._last[: -self._part]
        self.length += len(chunk)

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    @property
    def sha1(self) -> str:
        return self._sha1.hexdigest()

    @property
    def ends(self) -> Ends:
        return Ends(self._first.hexdigest(), hashlib.sha256(self._last).hexdigest())


@dataclass(slots=True)
class _Seen:
    """What the exchange has brought so far."""

    head: Head | None = None
    ended: bool = False
    headers: list[tuple[str, str]] = field(default_factory=list)


async def fetch(target: ContentTarget, setting: ContentSetting, ask: Ask, take: Callable[[bytes], object]) -> Answer:
    """Ask a site for a file. The time limit is that of a probe, or `within_s` for bodies that may take longer."""
    probe = setting.probe if ask.within_s is None else replace(setting.probe, timeout_s=ask.within_s)
    request = _request(target, ask)
    headers = headers_of(request, probe)
    headers += [("Range", f"bytes={ask.span}")] if ask.span is not None else []
    headers += [("If-None-Match", ask.etag)] if ask.etag is not None else []
    context = probe.tls_for(request.check.verify and target.tls)
    record = Record(request, probe, request=request_text(request, headers), command=_curl(request, probe, ask))
    seen = _Seen(headers=headers)
    result = await concluded(record, _exchange(record, seen, ask, take, context))
    finding = Finding(result.verdict, result.reason, result.retry_after_s)
    return Answer(ask, finding, result.exchange, seen.head, record.bytes_read, seen.ended)


async def _exchange(record: Record, seen: _Seen, ask: Ask, take: Callable[[bytes], object], context: ssl.SSLContext) -> Finding:
    async with transport.opened(record, seen.headers, context) as answer:
        seen.head = answer.head
        fault = judge_status(record.target, record.setting.own, answer.head, record.setting.utc_now())
        if fault is not None:
            return fault
        if ask.method != "HEAD" and answer.head.status == ask.status and (told_octets(answer.head) or 0) <= ask.limit:
            seen.ended = await answer.pour(ask.limit, take)
        return Finding(Verdict.OK, f"answered {answer.head.status}")


def _request(target: ContentTarget, ask: Ask) -> Target:
    check = Check(
        "https" if target.tls else "http",
        path=target.prefix + quote(ask.path, safe=_UNQUOTED),
        method=ask.method,
        status=(ask.status, 304) if ask.etag is not None else (ask.status,),
        verify=target.verify,
    )
    return Target(target.key, target.site, target.address, target.port, check, target.host, range_bytes=0)


def _curl(request: Target, probe: Setting, ask: Ask) -> str:
    """A line that repeats the request: what a whole file is told by its hash, a part by its head too."""
    words = curl_words(request, probe)
    if ask.method == "HEAD":
        return shlex.join([*words, curl_url(request)])
    if ask.span is not None:
        return shlex.join([*words, "-D", "-", "-o", "/dev/null", "-r", str(ask.span), curl_url(request)])
    return shlex.join([*words, curl_url(request)]) + " | sha256sum"
