"""Server-sent events, as they come: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

OCTETS_MOST: Final = 16 << 20  # of one message; the boards of 300 sites are 1 MB

_END: Final = re.compile(rb"\r\n|\n|\r")


class Raw(NamedTuple):
    """One message; `id` is that of the last message that had one, "" before the first."""

    event: str
    data: str
    id: str


class MessageReader:
    """Fed with octets in any pieces. Raises ValueError when a message is longer than `most`."""

    def __init__(self, most: int = OCTETS_MOST) -> None:
        self._most = most
        self.retry_s: float | None = None  # how long the node wants to be left alone before one comes again
        self._waiting = bytearray()
        self._begun = False
        self._event, self._id = "", ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, octets: bytes) -> Iterator[Raw]:
        self._waiting += octets
        if not self._begun and len(self._waiting) >= 3:
            self._begun = True
            if self._waiting.startswith(b"\xef\xbb\xbf"):
                del self._waiting[:3]
        while (line := self._line()) is not None:
            if line:
                self._field(line.decode("utf-8", "replace"))
            elif self._data:
                yield self._message()
            else:
                self._event, self._size = "", 0
        if len(self._waiting) + self._size > self._most:
            raise ValueError(f"a message of more than {self._most} octets")

    def _line(self) -> bytes | None:
        """A carriage return at the very end may be half of an end of line: it waits for what follows."""
        found = _END.search(self._waiting)
        if found is None or (found.group() == b"\r" and found.end() == len(self._waiting)):
            return None
        line = bytes(self._waiting[: found.start()])
        del self._waiting[: found.end()]
        return line

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._event = value
        elif name == "data":
            self._data.append(value)
            self._size += len(value) + 1
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit() and len(value) <= 7:
            self.retry_s = int(value) / 1000

    def _message(self) -> Raw:
        message = Raw(self._event or "message", "\n".join(self._data), self._id)
        self._event, self._size = "", 0
        self._data = []
        return message
