"""What a dnstap reader says over its socket, as any bytes: understood, or refused with a BadFrame, and never out of turn."""

from __future__ import annotations

import sys
from pathlib import Path

from gslb.dns.dnstap import START, BadFrame, Dialogue, Stage, frames
from gslb.dns.dnstap.frames import CONTROL_MAX, Control, ControlReader, control_frame

CORPUS = Path(__file__).with_name("corpus") / "fstrm"


def seeds() -> list[bytes]:
    return [path.read_bytes() for path in sorted(CORPUS.iterdir())]


def one_input(data: bytes) -> None:
    """The first octet says how the rest is cut, and whether we had said STOP."""
    cut, dialogue = (data[0] % 32 + 1 if data else 1), Dialogue()
    if data and data[0] & 0x80:
        dialogue.close()
    octets, said = data[1:], b""
    try:
        for start in range(0, len(octets), cut):
            said += dialogue.received(octets[start : start + cut])
    except BadFrame:
        pass
    else:
        assert said == START or dialogue.stage is not Stage.OPEN
    assert said in (b"", START), "START once at most"
    _round_trip(octets)


def _round_trip(octets: bytes) -> None:
    """What is understood means what it says: written again, it is the same octets."""
    reader, again = ControlReader(), b""
    try:
        for frame in reader.feed(octets):
            assert isinstance(frame.kind, Control)
            written = control_frame(frame.kind, *frame.content_types)
            assert len(written) <= CONTROL_MAX + 8
            again += written
    except BadFrame:
        pass
    assert octets.startswith(again)


if __name__ == "__main__":
    import atheris

    for member in (ControlReader.feed, Dialogue.received, frames._control, frames._content_types):
        atheris.instrument_func(member)
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
