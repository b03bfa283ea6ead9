"""What was asked of a site, and whether its answer will do. No I/O.

A boot loader believes what it is told: GRUB takes whatever comes for the octets that it asked for. So an answer is only passed
on where its length is told, and is the part that was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

RANGES_MAX: Final = 16  # parts of one request; more are not honoured (RFC 9110 section 14.2)

_NUMBER: Final = re.compile(rb"[0-9]{1,18}")
_RANGE: Final = re.compile(rb"bytes=([0-9,\t -]{1,400})", re.IGNORECASE)
_PART: Final = re.compile(rb"[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*")
_CONTENT_RANGE: Final = re.compile(rb"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", re.IGNORECASE)
_UNSATISFIED: Final = re.compile(rb"bytes \*/[0-9]{1,18}", re.IGNORECASE)
_PRINTABLE: Final = re.compile(rb"[!-~](?:[ -~]{0,1000}[!-~])?")
_STRONG: Final = re.compile(rb'"[!#-~]{1,500}"')
_COMPRESSED: Final = re.compile(rb"\.(?:gz|tgz|z|bz2|tbz2|xz|txz|zst|lz|br|svgz)(?:\?.*)?\Z", re.IGNORECASE)

# What is passed on, as it is written to the client. Everything else is between us and the site.
PASSED: Final = (
    (b"content-type", "Content-Type"),
    (b"content-range", "Content-Range"),
    (b"accept-ranges", "Accept-Ranges"),
    (b"etag", "ETag"),
    (b"last-modified", "Last-Modified"),
)


class Unfit(Exception):
    """An answer that is not passed on; `reason` is a word for the metrics."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Span(NamedTuple):
    """Octets `first` to `last` of `total`. Of an empty object `last` is -1."""

    first: int
    last: int
    total: int


class Part(NamedTuple):
    """One range that was asked for, as in RFC 9110 section 14.1.2; None: open at that end."""

    first: int | None
    last: int | None

    def fits(self, span: Span) -> bool:
        end = span.total - 1
        if self.first is None:
            return span.last == end and span.first == max(0, span.total - (self.last or 0))
        return span.first == self.first and span.last == (end if self.last is None else min(self.last, end))

    def begins_within(self, total: int) -> bool:
        """Whether a file of so many octets has any of it."""
        return bool(total and self.last) if self.first is None else self.first < total


class Asked(NamedTuple):
    """`parts` are empty without a Range, or with one that is not honoured. `conditional`: with If-Range; the whole will do."""

    head: bool
    parts: tuple[Part, ...] = ()
    conditional: bool = False
    compressed: bool = False  # by its name: then an encoding is what the file is, not what was done to it


class Answer(NamedTuple):
    """Names are in lower case; what came twice is not among them."""

    status: int
    fields: Mapping[bytes, bytes]


class Grant(NamedTuple):
    """What the client gets: so many octets. `span` is where they are in the object, None for several parts."""

    status: int
    octets: int
    span: Span | None


class Validators(NamedTuple):
    """By which two answers are known to be of the same octets, None where a site does not tell (RFC 9110 section 8.8)."""

    etag: bytes | None
    modified: bytes | None

    def match(self, other: Validators) -> bool:
        """A weak ETag proves nothing. Two strong ones that differ disprove, whatever the dates are."""
        if self.etag is not None and other.etag is not None:
            return self.etag == other.etag
        return self.modified is not None and self.modified == other.modified

    def disproves(self, other: Validators) -> bool:
        """Of two answers of one server: whether the file was changed in between."""
        return any(None not in pair and pair[0] != pair[1] for pair in zip(self, other, strict=True))

    def is_of_another_time(self, other: Validators) -> bool:
        """Copies of one file have one date, as mirrors make them, whatever their servers make of ETags."""
        return None not in (self.modified, other.modified) and self.modified != other.modified


def read_answer(status: int, fields: Iterable[tuple[bytes, bytes]]) -> Answer:
    found: dict[bytes, bytes] = {}
    twice: set[bytes] = set()
    for name, value in fields:
        key = name.lower()
        if key in found:
            twice.add(key)
        found[key] = value.strip(b" \t")
    return Answer(status, {key: value for key, value in found.items() if key not in twice})


def read_range(value: bytes | None) -> tuple[Part, ...]:
    """Of a Range header; empty for one that is to be ignored."""
    found = _RANGE.fullmatch(value.strip(b" \t")) if value is not None else None
    if found is None:
        return ()
    texts = found[1].split(b",")
    parts = [part for text in texts if (part := _part(text)) is not None]
    return tuple(parts) if len(parts) == len(texts) <= RANGES_MAX else ()


def _part(text: bytes) -> Part | None:
    found = _PART.fullmatch(text)
    if found is None or not (found[1] or found[2]):
        return None
    first, last = (int(digits) if digits else None for digits in found.groups())
    return None if first is not None and last is not None and last < first else Part(first, last)


def read_if_range(value: bytes | None) -> bytes | None:
    """None for what is neither a strong ETag nor looks like a date: no site has anything that is equal to it."""
    if value is None or len(value) > 500 or value.startswith(b"W/") or _PRINTABLE.fullmatch(value) is None:
        return None
    return value


def write_range(parts: tuple[Part, ...]) -> bytes:
    def text(number: int | None) -> str:
        return "" if number is None else str(number)

    return f"bytes={','.join(f'{text(part.first)}-{text(part.last)}' for part in parts)}".encode("ascii")


def is_compressed(target: bytes) -> bool:
    """Whether the name of a file says so. Apache calls a .gz "encoded", though nobody encoded it for this answer."""
    return _COMPRESSED.search(target) is not None


def read_content_range(value: bytes | None) -> Span | None:
    found = _CONTENT_RANGE.fullmatch(value) if value is not None else None
    if found is None:
        return None
    span = Span(*map(int, found.groups()))
    return span if span.first <= span.last < span.total else None


def read_length(answer: Answer) -> int | None:
    """None where the length is not told, or told in two ways (RFC 9112 section 6.3)."""
    value = answer.fields.get(b"content-length")
    if value is None or b"transfer-encoding" in answer.fields or _NUMBER.fullmatch(value) is None:
        return None
    return int(value)


def validators_of(answer: Answer) -> Validators:
    etag = answer.fields.get(b"etag")
    strong = etag is not None and _STRONG.fullmatch(etag) is not None
    return Validators(etag if strong else None, answer.fields.get(b"last-modified") or None)


def judge(asked: Asked, answer: Answer) -> Grant:
    """What the first answer gives the client. Raises Unfit."""
    if answer.status == 416 and asked.parts:
        return Grant(416, 0, None)
    octets = _sound_length(asked.compressed, answer)
    if answer.status == 200:
        # RFC 9110 section 14.2 lets a site ignore a Range; GRUB would take its beginning for the part that it asked for.
        if len(asked.parts) == 1 and not asked.conditional and asked.parts[0] != Part(0, None):
            raise Unfit("range")
        return Grant(200, octets, Span(0, octets - 1, octets))
    if not asked.parts:
        raise Unfit("status")
    if len(asked.parts) > 1 and answer.fields.get(b"content-type", b"").lower().startswith(b"multipart/byteranges"):
        return Grant(206, octets, None)
    span = read_content_range(answer.fields.get(b"content-range"))
    if span is None or octets != span.last - span.first + 1:
        raise Unfit("range")
    if len(asked.parts) == 1 and not asked.parts[0].fits(span):  # several may be joined (RFC 9110 section 15.3.7.2)
        raise Unfit("range")
    return Grant(206, octets, span)


def judge_rest(wanted: Span, compressed: bool, answer: Answer) -> None:
    """Whether this is the rest that was asked for. Raises Unfit."""
    octets = _sound_length(compressed, answer)
    span = read_content_range(answer.fields.get(b"content-range"))
    if answer.status != 206 or span is None:
        raise Unfit("range")
    if span.total != wanted.total:
        raise Unfit("changed")
    if span != wanted or octets != span.last - span.first + 1:
        raise Unfit("range")


def _sound_length(compressed: bool, answer: Answer) -> int:
    """Of a 200 or 206. Raises Unfit."""
    if answer.status in (404, 410):
        raise Unfit("missing")
    if 300 <= answer.status < 400:
        raise Unfit("redirect")
    if answer.status not in (200, 206):
        raise Unfit("status")
    if answer.fields.get(b"content-encoding", b"identity").lower() != b"identity" and not compressed:
        raise Unfit("encoded")
    octets = read_length(answer)
    if octets is None:
        raise Unfit("length")
    return octets


def passed_fields(answer: Answer) -> list[tuple[str, str]]:
    """What of an answer the client is told: never an empty value, nor anything but printable ASCII."""
    found = []
    for key, name in PASSED:
        value = answer.fields.get(key)
        if value is None or _PRINTABLE.fullmatch(value) is None:
            continue
        if key == b"content-range" and not (read_content_range(value) if answer.status == 206 else _UNSATISFIED.fullmatch(value)):
            continue
        found.append((name, value.decode("ascii")))
    return found
