"""All reading of outside bytes goes through this one cursor, which never reads past the end."""

from __future__ import annotations

NAME_MAX = 255  # octets with the root label (RFC 1035 section 2.3.4)
HOPS_MAX = 16  # pointers to follow in one name; names that people send have one


class Malformed(Exception):
    """The bytes are not a DNS message: FORMERR."""


class Cursor:
    """Reads `data` from `at` on. Every method raises Malformed where bytes are missing or mean nothing."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at
        self.end = len(data)

    def skip(self, count: int) -> int:
        """Passes `count` octets and returns where they start."""
        start = self.at
        if count > self.end - start:
            raise Malformed("runs past the end of the message")
        self.at = start + count
        return start

    def u16(self) -> int:
        start = self.skip(2)
        return self.data[start] << 8 | self.data[start + 1]

    def take(self, count: int) -> bytes:
        start = self.skip(count)
        return self.data[start : start + count]

    def question_name(self) -> bytes:
        """The name of the question as sent. It is the first name, so a pointer has nothing to point to."""
        data, end, start = self.data, self.end, self.at
        at = start
        while at < end:
            length = data[at]
            if length == 0:
                at += 1
                if at - start > NAME_MAX:
                    break
                self.at = at
                return data[start:at]
            if length > 63:
                raise Malformed("label type in the question")
            at += length + 1
        raise Malformed("name of the question is too long or overruns")

    def skip_name(self) -> bool:
        """Passes a name that may be compressed, following its pointers; tells whether it is the root."""
        data, end = self.data, self.end
        at = floor = self.at
        after, total, hops = 0, 0, 0
        while at < end:
            length = data[at]
            if length == 0:
                self.at = after or at + 1
                return total == 0
            if length < 64:
                at += length + 1
                total += length + 1
                if total >= NAME_MAX:
                    raise Malformed("name over 255 octets")
            elif length < 192 or at + 1 >= end:
                raise Malformed("label type, or half a pointer")
            else:
                target = (length & 0x3F) << 8 | data[at + 1]
                hops += 1
                # Only backwards, before all that was read of this name: so no loop is possible.
                if target >= floor or hops > HOPS_MAX:
                    raise Malformed("pointer loop")
                after = after or at + 2
                at = floor = target
        raise Malformed("name overruns")
