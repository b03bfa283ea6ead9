"""Frame Streams: what a writer sends, and what it understands of a reader. No I/O in here.

A data frame is its length and its octets. A length of 0 escapes a control frame: its length, its kind, and fields. A file
is START, data, STOP. Over a socket both sides speak (bidirectional mode):

    writer:  READY           START data… STOP
    reader:         ACCEPT                    FINISH

Content types are agreed on in between: the reader names those that it takes, or none at all, which means any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum, IntEnum
from struct import Struct
from typing import Final, NamedTuple

CONTENT_TYPE: Final = b"protobuf:dnstap.Dnstap"
CONTROL_MAX: Final = 512  # octets of a control frame behind its length
CONTENT_TYPE_MAX: Final = 256
_CONTENT_TYPE_FIELD: Final = 1
_U32 = Struct("!I")
_ESCAPE: Final = _U32.pack(0)


class Control(IntEnum):
    ACCEPT = 1
    START = 2
    STOP = 3
    READY = 4
    FINISH = 5


# How many content types a control frame may name.
_TYPES_MOST: Final = {Control.START: 1, Control.STOP: 0, Control.FINISH: 0}


class BadFrame(Exception):
    """The reader does not speak Frame Streams, or takes no dnstap."""


class ControlFrame(NamedTuple):
    kind: Control
    content_types: tuple[bytes, ...] = ()


def control_frame(kind: Control, *content_types: bytes) -> bytes:
    fields = (_U32.pack(_CONTENT_TYPE_FIELD) + _U32.pack(len(each)) + each for each in content_types)
    body = b"".join((_U32.pack(kind), *fields))
    return _ESCAPE + _U32.pack(len(body)) + body


def data_frame(payload: bytes) -> bytes:
    return _U32.pack(len(payload)) + payload


READY: Final = control_frame(Control.READY, CONTENT_TYPE)
START: Final = control_frame(Control.START, CONTENT_TYPE)
STOP: Final = control_frame(Control.STOP)


class ControlReader:
    """Cuts what a reader says into control frames. Anything else is a BadFrame: a reader has no data for us."""

    def __init__(self) -> None:
        self._unread = bytearray()

    def feed(self, data: bytes) -> Iterator[ControlFrame]:
        unread = self._unread
        unread += data
        while len(unread) >= 8:
            escape, length = unread[:4], _U32.unpack_from(unread, 4)[0]
            if escape != _ESCAPE:
                raise BadFrame("a data frame")
            if not 4 <= length <= CONTROL_MAX:
                raise BadFrame(f"a control frame of {length} octets")
            if len(unread) < 8 + length:
                return
            body = bytes(unread[8 : 8 + length])
            del unread[: 8 + length]
            yield _control(body)


def _control(body: bytes) -> ControlFrame:
    number = _U32.unpack_from(body)[0]
    try:
        kind = Control(number)
    except ValueError:
        raise BadFrame(f"a control frame of the unknown kind {number}") from None
    types = tuple(_content_types(body))
    if len(types) > _TYPES_MOST.get(kind, len(types)):
        raise BadFrame(f"{kind.name} with {len(types)} content types")
    return ControlFrame(kind, types)


def _content_types(body: bytes) -> Iterator[bytes]:
    at = 4
    while at < len(body):
        if at + 8 > len(body):
            raise BadFrame("half a field")
        field, length = _U32.unpack_from(body, at)[0], _U32.unpack_from(body, at + 4)[0]
        at += 8
        if field != _CONTENT_TYPE_FIELD:
            raise BadFrame(f"the unknown field {field}")
        if length > CONTENT_TYPE_MAX or length > len(body) - at:
            raise BadFrame(f"a content type of {length} octets")
        yield body[at : at + length]
        at += length


class Stage(Enum):
    ASKED = "asked"  # READY was sent
    OPEN = "open"  # START was sent: data may follow
    CLOSING = "closing"  # STOP was sent
    FINISHED = "finished"


# What a reader may say when, and where that leads. Anything else is a BadFrame.
_NEXT: Final[Mapping[tuple[Stage, Control], Stage]] = {
    (Stage.ASKED, Control.ACCEPT): Stage.OPEN,
    (Stage.CLOSING, Control.FINISH): Stage.FINISHED,
    (Stage.OPEN, Control.FINISH): Stage.FINISHED,  # it has enough of us
}


class Dialogue:
    """The writer's side of a connection. Send what each method returns."""

    def __init__(self) -> None:
        self.stage = Stage.ASKED
        self._reader = ControlReader()

    def begin(self) -> bytes:
        return READY

    def received(self, data: bytes) -> bytes:
        """Raises BadFrame, after which the connection is of no use."""
        reply = b""
        for frame in self._reader.feed(data):
            stage = _NEXT.get((self.stage, frame.kind))
            if stage is None:
                raise BadFrame(f"{frame.kind.name} when {self.stage.value}")
            self.stage = stage
            if stage is Stage.OPEN:
                if frame.content_types and CONTENT_TYPE not in frame.content_types:
                    raise BadFrame("no dnstap among the content types that it takes")
                reply += START
        return reply

    def close(self) -> bytes:
        """The last that is sent; the reader then says FINISH."""
        self.stage = Stage.CLOSING
        return STOP
