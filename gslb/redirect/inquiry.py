"""Octets in, requests out. No I/O.

- A head is given to the parser up to its empty line, so its size is known to the octet, and so is where the next
  request begins: 8 KB of target, 16 KB of the rest.
- A body is of no use here. A short one whose length is told is read past. Of any other it is not worth knowing where it ends:
  the request is answered, and is the last one of its connection (RFC 9112 sections 6.3 and 9.6).
- Length and chunks at once, two lengths, a space before a colon, a folded line, a bare LF: the parser refuses what is used to
  smuggle requests (RFC 9112 sections 2.2, 5.1, 5.2, 6.1).
- An Upgrade is not taken (RFC 9110 section 7.8): the request is answered as if it did not ask for one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from httptools import HttpParserError, HttpParserInvalidMethodError, HttpParserUpgrade, HttpRequestParser

from gslb.redirect.location import TARGET_MAX
from gslb.redirect.refusal import Refusal

FIELDS_MAX: Final = 16384  # octets of a head besides its target
BODY_MAX: Final = 65536  # octets of a body that are read past

_LINE_END: Final = b"\r\n"
_END: Final = b"\r\n\r\n"
_METHOD: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ /")
_REQUEST_LINE: Final = 32  # octets of method, spaces, version and line end, generously
# What is looked at. Repeated fields are joined as a list (RFC 9110 section 5.3): of two Hosts that makes none.
_KEPT: Final = frozenset(
    (
        *(b"host", b"accept", b"user-agent", b"want-digest", b"content-length", b"transfer-encoding", b"expect"),
        *(b"x-forwarded-for", b"x-forwarded-proto", b"range", b"if-range"),
    )
)


class Inquiry(NamedTuple):
    """A request as far as an answer depends on it. Names of `fields` are in lower case."""

    method: bytes
    target: bytes
    http10: bool
    keep_alive: bool
    fields: Mapping[bytes, bytes]


class InquiryReader:
    """The requests of one connection. After a Refusal, or one that does not keep it alive, nothing more can be read."""

    def __init__(self) -> None:
        self._parser = HttpRequestParser(self)
        self._head_octets = 0
        self._body_left = 0
        self._tail = b""  # the last octets of a head that is not whole
        self._target = b""
        self._fields: dict[bytes, bytes] = {}
        self._head_whole = False
        self._whole = False
        self._keep_alive = False

    @property
    def partial(self) -> bool:
        """Whether a request has begun and not ended."""
        return self._head_octets > 0 or self._body_left > 0

    def read(self, data: bytes, at: int) -> tuple[int, Inquiry | None]:
        """Reads on from `at`, to the end of a request at most; tells where that is. Raises Refusal."""
        if self._body_left:
            return self._read_body(data, at)
        if not self._head_octets:
            while data.startswith(_LINE_END, at):  # RFC 9112 section 2.2: empty lines before a request are no part of it
                at += 2
        end, last = self._head_end(data, at)
        end = min(end, at + TARGET_MAX + FIELDS_MAX + _REQUEST_LINE + 1 - self._head_octets)
        piece = data[at:end]
        self._head_octets += end - at
        self._parse(piece)
        self._check_size()
        if self._head_whole:
            return end, self._behind_head()
        self._tail = b"" if last else (self._tail + piece)[-3:]
        return end, None

    def _head_end(self, data: bytes, at: int) -> tuple[int, bool]:
        """Where the head ends, as far as it has come, and whether that is with an empty line."""
        if self._tail:
            found = (self._tail + data[at : at + 3]).find(_END)
            if found >= 0:
                return at + found + len(_END) - len(self._tail), True
        found = data.find(_END, at)
        return (len(data), False) if found < 0 else (found + len(_END), True)

    def _parse(self, piece: bytes) -> None:
        try:
            self._parser.feed_data(piece)
        except HttpParserUpgrade:  # stops behind the head, which is where the piece ends
            if self._parser.get_method() == b"CONNECT":
                self._keep_alive = False  # what follows may be meant for whom it wants to be connected to
        except HttpParserInvalidMethodError:
            if self._head_octets == len(piece) and _METHOD.match(piece):
                raise Refusal(405, "Only GET and HEAD are answered here.") from None
            raise Refusal(400, "This is not a request of HTTP/1.1.") from None
        except HttpParserError as error:
            raise Refusal(400, f"The request can't be read: {error}.") from None

    def _check_size(self) -> None:
        if len(self._target) > TARGET_MAX:
            raise Refusal(414, "The target of the request is longer than 8 KB.")
        if self._head_octets > FIELDS_MAX and self._head_octets - self._line_octets() > FIELDS_MAX:
            raise Refusal(431, "The header of the request is longer than 16 KB.")

    def _line_octets(self) -> int:
        """Of the request line, which is no field; generously, until the head is whole."""
        around = len(self._parser.get_method()) + len("  HTTP/1.1\r\n") if self._head_whole else _REQUEST_LINE
        return around + len(self._target)

    def _behind_head(self) -> Inquiry | None:
        fields = self._fields
        length = int(fields.get(b"content-length", 0))
        endless = length > BODY_MAX or b"transfer-encoding" in fields
        # Who expects a 100 sends the body after it, or, told anything else, does not.
        early = endless or (length > 0 and (self._whole or b"expect" in fields))
        if early or self._whole:
            return self._end(early)
        self._head_octets, self._body_left = 0, length
        return None

    def _read_body(self, data: bytes, at: int) -> tuple[int, Inquiry | None]:
        end = min(at + self._body_left, len(data))
        self._body_left -= end - at
        self._parse(data[at:end])
        return end, None if self._body_left else self._end(False)

    def _end(self, last: bool) -> Inquiry:
        version = self._parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise Refusal(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
        keep_alive = self._keep_alive and not last
        inquiry = Inquiry(self._parser.get_method(), self._target, version == "1.0", keep_alive, self._fields)
        self._head_octets, self._tail, self._target, self._fields = 0, b"", b"", {}
        self._head_whole = self._whole = False
        return inquiry

    # What the parser calls.

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        key = name.lower()
        if key in _KEPT:
            value = value.strip(b" \t")
            before = self._fields.get(key)
            self._fields[key] = value if before is None else before + b", " + value

    def on_headers_complete(self) -> None:
        self._head_whole = True
        self._keep_alive = self._parser.should_keep_alive()

    def on_message_complete(self) -> None:
        self._whole = True
