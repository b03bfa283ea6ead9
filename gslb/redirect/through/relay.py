"""Octets from a site to a client, and from the next site when that one stops.

Before the first octet has gone any site will do that the decision names. After it, only one that holds the same octets: by the
hash that the manifest of its generation has for the file, or by its name, or by length and validators. Wrong octets are worse
than none: where that can't be known the connection is cut. What a manifest has a hash for is held to it, and its last piece is
kept back until the hash is right.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from hashlib import sha1, sha256
from typing import TYPE_CHECKING, Any, Final

import gslb
from gslb.model import ManifestFile, named_by_content
from gslb.model.counting import add
from gslb.redirect.pages import decision_field
from gslb.redirect.reply import Reply, Sink, write_head, write_reply
from gslb.redirect.through.errand import Errand, known_file, offer, surely_same
from gslb.redirect.through.heads import (
    Grant,
    Part,
    Span,
    Unfit,
    Validators,
    judge,
    judge_rest,
    passed_fields,
    validators_of,
    write_range,
)  # fmt: skip
from gslb.redirect.through.origin import Failed, Opened, Source, fetch
from gslb.redirect.through.outlet import Broken

if TYPE_CHECKING:
    from gslb.redirect.through.door import Through

TRIES: Final = 2  # of one address: one may have been restarted a moment ago
RETRY_S: Final = 5  # told to who is refused
_AGENT: Final = f"gslb/{gslb.__version__} (serve-through)".encode("ascii")
_SENTENCES: Final = {
    "streams": "As many files are being served through here as may be at a time. Please try again in a while.",
    "client": "As many files are being served through to this client as may be at a time. Please try again in a while.",
    "rate": "All that may be served through here in a second is taken. Please try again in a while.",
}


class Relay:
    """One request."""

    def __init__(self, through: Through, errand: Errand) -> None:
        self.buffer = max(1, through.limits.through_buffer // 2)
        self._through = through
        self._patience = through.patience
        self._errand = errand
        self._tried: Counter[tuple[str, object]] = Counter()
        self._opened: Opened | None = None
        self._left = 0
        self._grant = Grant(0, 0, None)
        self._first = ("", Validators(None, None))  # generation and validators of the first site
        self._said: dict[tuple[str, object], Validators] = {}  # by each address that gave octets
        self._known: ManifestFile | None = None
        self._hash: Any = None
        self._givers: dict[str, None] = {}

    async def run(self, sink: Sink) -> None:
        """Raises Broken where a body has begun and can't be brought to its end."""
        streams, owner, service = self._through.streams, self._errand.owner, self._errand.service
        refused = streams.enter(owner)
        if refused is not None:
            add(self._through.counters, "gslb_through_refused_total", service, refused)
            sink.begin(write_reply(503, _SENTENCES[refused], (("Retry-After", str(RETRY_S)),)))
            return
        outcome = "left"
        try:
            outcome = await self._serve(sink)
        except Broken:
            outcome = "broken"
            raise
        finally:
            streams.leave(owner)
            add(self._through.counters, "gslb_through_requests_total", service, outcome)
            if self._opened is not None:
                await self._opened.close()

    async def _serve(self, sink: Sink) -> str:
        reply = await self._begin()
        sink.begin(reply)
        if self._opened is None:
            return "unserved"
        if not self._errand.asked.head:
            await self._pour(sink)
        return "whole"

    # The head.

    async def _begin(self) -> Reply:
        missing = True
        try:
            async with asyncio.timeout(self._patience.head_s):
                while (source := self._next()) is not None:
                    try:
                        self._opened = await self._open(source, self._errand.asked.parts)
                        return self._accept(self._opened)
                    except Unfit as unfit:
                        missing = missing and unfit.reason == "missing"
                        await self._leave(source, unfit.reason)
                    except Failed as failed:
                        missing = False
                        await self._leave(source, failed.reason)
        except TimeoutError:
            missing = False
        return _nothing(missing and bool(self._tried))

    def _accept(self, opened: Opened) -> Reply:
        """The head for the client. Raises Unfit."""
        answer, source, errand = opened.answer, opened.source, self._errand
        grant = judge(errand.asked, answer)
        known = known_file(errand, source.generation)
        if known is not None and known.size is not None and self._is_of_other_size(grant, known.size):
            self._mismatch(source.site)
            raise Unfit("size")
        self._grant, self._left, self._known = grant, grant.octets, known
        self._first = source.surely_at, validators_of(answer)
        self._said[source.site, source.address] = self._first[1]
        self._hash = self._begin_hash(grant.span)
        if self._hash is not None and not grant.octets and not self._hash_is_right():
            self._mismatch(source.site)
            raise Unfit("size")
        told = offer(errand)
        decision = decision_field(source.site, told.why, told.world, errand.stale) + ";through"
        fields = [*passed_fields(answer), ("Cache-Control", "private, no-store"), ("GSLB-Decision", decision)]
        return Reply(grant.status, write_head(grant.status, fields, grant.octets))

    def _is_of_other_size(self, grant: Grant, octets: int) -> bool:
        if grant.status == 416:
            return any(part.begins_within(octets) for part in self._errand.asked.parts)
        return grant.span is not None and grant.span.total != octets

    def _begin_hash(self, span: Span | None) -> Any:
        """Only the whole of a file can be held to its hash."""
        known = self._known
        if known is None or span is None or span.first != 0 or span.last != span.total - 1:
            return None
        if known.sha256 is not None:
            return sha256()
        return None if known.sha1 is None else sha1(usedforsecurity=False)

    # The body.

    async def _pour(self, sink: Sink) -> None:
        since_s = time.monotonic()
        while self._left:
            source = self._opened.source if self._opened is not None else None
            try:
                octets = await self._read()
            except Failed as failed:
                if source is not None:
                    await self._leave(source, failed.reason)
                await self._go_on(since_s)
                continue
            wait_s = self._through.pace.reserve(len(octets))
            if wait_s:
                await asyncio.sleep(wait_s)
            await sink.write(octets)
            since_s = time.monotonic()

    async def _read(self) -> bytes:
        """The next piece, and that the last one makes the hash right. Raises Failed, or Broken where it does not."""
        if self._opened is None:
            raise Failed("broke")
        octets = await self._opened.read()
        if not octets or len(octets) > self._left:
            raise Failed("broke")
        self._left -= len(octets)
        site = self._opened.source.site
        self._givers[site] = None
        self._count("gslb_through_octets_total", site, len(octets))
        if self._hash is not None:
            self._hash.update(octets)
            if not self._left and not self._hash_is_right():
                for giver in self._givers:
                    self._mismatch(giver)
                raise Broken
        return octets

    def _hash_is_right(self) -> bool:
        known = self._known
        return known is not None and self._hash.hexdigest() == str(known.sha256 or known.sha1).lower()

    async def _go_on(self, since_s: float) -> None:
        """With the next site that holds the same octets. Raises Broken."""
        span = self._grant.span
        if span is None:  # several parts: how they are put together is each site's own
            raise Broken
        rest = Span(span.last + 1 - self._left, span.last, span.total)
        while (source := self._next()) is not None and time.monotonic() < since_s + self._patience.give_up_s:
            same = surely_same(self._errand, self._known, self._first[0], source.surely_at)
            if same is False:
                await self._leave(source, "generation")
                self._tried[source.site, source.address] = TRIES
                continue
            try:
                self._opened = await self._open(source, (Part(rest.first, rest.last),))
                self._check(self._opened, rest, same)
            except Unfit as unfit:
                await self._leave(source, unfit.reason)
            except Failed as failed:
                await self._leave(source, failed.reason)
            else:
                return
        raise Broken

    def _check(self, opened: Opened, rest: Span, same: bool | None) -> None:
        """Raises Unfit."""
        judge_rest(rest, self._errand.asked.compressed, opened.answer)
        told, here = validators_of(opened.answer), (opened.source.site, opened.source.address)
        first = self._first[1]
        changed = here in self._said and self._said[here].disproves(told)  # whatever was known of its generation
        if changed or not (first.match(told) or (same and not self._may_be_behind(first, told))):
            raise Unfit("changed")
        self._said.setdefault(here, told)

    def _may_be_behind(self, first: Validators, told: Validators) -> bool:
        """Of two sites at one generation as far as is known: one may have moved on since, and of a part no hash will tell."""
        return self._hash is None and not named_by_content(self._errand.path) and first.is_of_another_time(told)

    # Sites.

    def _next(self) -> Source | None:
        """The best address that was not tried yet, else one that may be tried again."""
        sources = offer(self._errand).sources
        least = min((self._tried[source.site, source.address] for source in sources), default=TRIES)
        if least >= TRIES:
            return None
        return next(source for source in sources if self._tried[source.site, source.address] == least)

    async def _open(self, source: Source, parts: tuple[Part, ...]) -> Opened:
        """Raises Failed."""
        self._tried[source.site, source.address] += 1
        fields = [(b"User-Agent", _AGENT), (b"Accept", b"*/*"), (b"Accept-Encoding", b"identity"), (b"Connection", b"close")]
        if parts:
            fields.append((b"Range", write_range(parts)))
            if parts is self._errand.asked.parts and self._errand.if_range is not None:
                fields.append((b"If-Range", self._errand.if_range))
        context = await self._through.tls() if source.tls else None
        try:
            async with asyncio.timeout(self._patience.open_s):
                return await fetch(source, self._errand.method, fields, self._through.pace.piece, self._patience, context)
        except TimeoutError as error:
            raise Failed("silent") from error

    async def _leave(self, source: Source, reason: str) -> None:
        add(self._through.counters, "gslb_through_failovers_total", self._errand.service, source.site, reason)
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.close()

    def _mismatch(self, site: str) -> None:
        add(self._through.counters, "gslb_through_mismatches_total", self._errand.service, site)

    def _count(self, name: str, site: str, octets: int) -> None:
        counters, key = self._through.counters, (name, self._errand.service, site)
        counters[key] = counters.get(key, 0) + octets


def _nothing(missing: bool) -> Reply:
    if missing:
        return write_reply(404, "No mirror has this file.")
    text = "No mirror could give this file: none that was asked answered, or told how long it is. Please try again in a while."
    return write_reply(502, text, (("Retry-After", str(RETRY_S)),))
