"""All reading of outside bytes goes through this one cursor, which never reads past the end."""

from __future__ import annotations

NAME_MAX = 255  # octets with the root label (RFC 1035 section 2.3.4)


class Malformed(Exception):
    """The bytes are not a DNS message: FORMERR."""


class Cursor:
    """Reads `data` from `at` on. Every method raises Malformed where bytes are missing or mean nothing."""

    __slots__ = ("_octets", "at", "data", "end")

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at
        self.end = len(data)
        self._octets: dict[int, int] = {}  # of the names that were walked, by where a label of theirs starts

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
        if self.at < self.end and self.data[self.at] == 0:
            self.at += 1
            return True
        walked: dict[int, int] = {}
        octets = self._walk(walked)
        if octets > NAME_MAX:
            raise Malformed("name over 255 octets")
        self._octets.update((at, octets - before) for at, before in walked.items())
        return octets == 1

    def _walk(self, walked: dict[int, int]) -> int:
        """Octets of the name with its root label. `walked` gets where its labels start, and the octets before each.

        Every record may point into one long name, each elsewhere: so behind a pointer nothing is walked twice, and
        all names of a message together cost no more than its octets.
        """
        data, end = self.data, self.end
        at = self.at
        after = total = 0
        while at < end and total < NAME_MAX:
            known = self._octets.get(at) if after else None
            if known is not None:
                self.at = after
                return total + known
            length = data[at]
            if length == 0:
                self.at = after or at + 1
                return total + 1
            if at in walked:
                raise Malformed("pointer loop")
            walked[at] = total
            if length < 64:
                at += length + 1
                total += length + 1
            elif length < 192 or at + 1 >= end:
                raise Malformed("label type, or half a pointer")
            else:
                target = (length & 0x3F) << 8 | data[at + 1]
                if target >= at:  # RFC 1035 section 4.1.4: to a prior occurrence
                    raise Malformed("pointer loop")
                after = after or at + 2
                at = target
        raise Malformed("name overruns, or is over 255 octets")
