"""A Range of a client and the head of a site's answer to it, any octets: passed on as what it is, or not at all.

An input is the Range, a line end, the status, a line end, and fields as they stand in a head.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

if __name__ == "__main__":
    import atheris

    instrumented = atheris.instrument_imports(include=["gslb.redirect.through.heads"])
else:
    instrumented = contextlib.nullcontext()

with instrumented:
    from gslb.redirect.reply import write_head
    from gslb.redirect.through.heads import (
        Answer,
        Asked,
        Grant,
        Span,
        Unfit,
        judge,
        judge_rest,
        passed_fields,
        read_answer,
        read_range,
        validators_of,
        write_range,
    )

CORPUS = Path(__file__).with_name("corpus") / "through"
_FIELD = re.compile(r"[A-Z][A-Za-z-]+: [!-~](?:[ -~]*[!-~])?")


def one_input(data: bytes) -> None:
    wanted, _, rest = data.partition(b"\n")
    status, _, fields = rest.partition(b"\n")
    pairs = [(name, value) for name, _, value in (line.partition(b":") for line in fields.splitlines())]
    code = int(status) if re.fullmatch(rb"[2-5][0-9][0-9]", status) else 200
    check(wanted, read_answer(code, pairs))


def check(wanted: bytes, answer: Answer) -> None:
    parts = read_range(wanted)
    assert read_range(write_range(parts)) == parts if parts else True
    for asked in (Asked(False, parts), Asked(False, parts, conditional=True), Asked(True, compressed=True)):
        _check_grant(asked, answer)
    _check_rest(answer)
    assert validators_of(answer).etag is None or not str(validators_of(answer).etag).startswith("W/")


def _check_grant(asked: Asked, answer: Answer) -> None:
    try:
        grant = judge(asked, answer)
    except Unfit:
        return
    assert grant.status in (200, 206, 416)
    assert 0 <= grant.octets < 10**18
    _check_span(asked, grant)
    lines = write_head(grant.status, passed_fields(answer), grant.octets).decode("ascii").split("\r\n")
    assert all(_FIELD.fullmatch(line) for line in lines[1:-1])
    assert lines[-1] == ""
    assert grant.status == 200 or any(line.startswith("Content-Range:") for line in lines) or grant.span is None


def _check_span(asked: Asked, grant: Grant) -> None:
    span = grant.span
    if span is None:
        assert len(asked.parts) > 1 or grant.status == 416
        return
    assert span.last - span.first + 1 == grant.octets
    assert 0 <= span.first <= span.last + 1 <= span.total
    assert grant.status == 200 or len(asked.parts) > 1 or asked.parts[0].fits(span)


def _check_rest(answer: Answer) -> None:
    wanted = Span(5, 9, 10)
    try:
        judge_rest(wanted, False, answer)
    except Unfit:
        return
    assert answer.status == 206
    assert answer.fields[b"content-length"].lstrip(b"0") == b"5"


def seeds() -> Iterator[bytes]:
    return (path.read_bytes() for path in sorted(CORPUS.iterdir()))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
