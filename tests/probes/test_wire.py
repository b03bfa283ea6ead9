"""A result as JSON: there and back, and whatever a stranger sends instead."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.http import probe_http
from probes.model import Check, Exchange, Result, Target
from probes.setting import Setting
from probes.verdict import Verdict
from probes.wire import BYTES_LIMIT, ReportError, from_json, parse, to_json
from tests.ports import free_port
from tests.probes.peers import answering
from tests.probes.strategies import results

CORPUS = Path(__file__).parents[1] / "fuzz/corpus/probe_result"

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def read(value: object) -> Result | None:
    """The result, None for a ReportError; anything else that is raised is a bug."""
    try:
        return from_json(value)
    except ReportError:
        return None


@given(results)
def test_a_result_survives_json(result: Result) -> None:
    assert parse(json.dumps(to_json(result)).encode()) == result
    assert parse(json.dumps(to_json(result), ensure_ascii=False).encode()) == result


@given(results, st.data())
def test_a_changed_report_is_a_result_within_bounds_or_refused(result: Result, data: st.DataObject) -> None:
    report = to_json(result)
    part: dict[str, Any] = data.draw(st.sampled_from([report, report["timings"], report["exchange"]]))
    part[data.draw(st.sampled_from(list(part)))] = data.draw(values)
    again = read(report)
    assert again is None or from_json(to_json(again)) == again


@given(values)
def test_any_json_value_is_refused_or_read(value: object) -> None:
    assert read(value) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(ReportError):
        parse(raw)


def report(**changed: object) -> dict[str, Any]:
    text = (
        '{"key": "k", "site": "s", "address": "192.0.2.1", "verdict": "ok", "reason": "",'
        ' "timings": {"connect_ms": 1.5, "tls_ms": null, "first_byte_ms": 2, "total_ms": 4},'
        ' "exchange": {"request": "", "response": "", "bytes_read": 0, "error": "", "at_utc": "",'
        ' "command": "", "certificate_days": null},'
        ' "at_monotonic": 1.0, "at_utc": "2026-01-01T00:00:00+00:00", "retry_after_s": null}'
    )
    fields: dict[str, Any] = json.loads(text)
    return fields | changed


def test_the_form_on_the_wire_is_this() -> None:
    assert from_json(report()).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"verdict": "fine"}, "verdict: not a known one"),
        ({"address": "fe80::1%eth0"}, "address: has a zone index"),
        ({"address": "example"}, "address: not an IP address"),
        ({"reason": "a\x1b[2Jb"}, "reason: not a printable text of at most 500 characters"),
        ({"reason": "\ud800"}, "reason: not a printable text of at most 500 characters"),
        ({"key": "k" * 513}, "key: not a printable text of at most 512 characters"),
        ({"at_monotonic": float("nan")}, "at_monotonic: not a number from 0 to 1e+10"),
        ({"at_monotonic": True}, "at_monotonic: not a number from 0 to 1e+10"),
        ({"at_monotonic": 10**400}, "at_monotonic: not a number from 0 to 1e+10"),
        ({"at_utc": "2026-01-01T00:00:00"}, "at_utc: not an ISO time with its offset"),
        ({"at_utc": "9999-12-31T23:59:59-23:59"}, "at_utc: not an ISO time with its offset"),
        ({"retry_after_s": -1}, "retry_after_s: not a number from 0 to 86400"),
        ({"timings": []}, "timings: not an object"),
        ({"more": 1}, "result: has to have"),
    ],
)
def test_what_is_out_of_bounds_is_refused_by_name(changed: dict[str, object], told: str) -> None:
    with pytest.raises(ReportError) as refusal:
        from_json(report(**changed))
    assert str(refusal.value).startswith(told)


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xff", b"[" * 60_000, b" " * (BYTES_LIMIT + 1), b"9" * 5000, b"NaN", b'{"key": Infinity}'],
    ids=["empty", "not UTF-8", "deep", "long", "a long number", "NaN", "Infinity"],
)
def test_what_is_no_json_is_refused(raw: bytes) -> None:
    with pytest.raises(ReportError):
        parse(raw)


@pytest.mark.anyio
async def test_what_the_prober_makes_of_a_hostile_answer_can_be_sent() -> None:
    odd = b"HTTP/1.1 200 \x1b[31m\xe2\x80\xa8\r\nX: \x85\x9b" + b"y" * 9000 + b"\r\nContent-Length: 1\r\n\r\nx"
    async with answering(odd) as peer:
        hostile = await probe_http(peer.target(), Setting())
    refused = await probe_http(Target("k", "s", "::1", free_port("::1"), Check("http"), "h"), Setting())
    for result in (hostile, refused):
        assert parse(json.dumps(to_json(result)).encode()) == result


def test_the_keys_are_the_fields() -> None:
    assert list(to_json(from_json(report()))) == list(Result.__slots__)
    assert list(report()["exchange"]) == list(Exchange.__slots__)


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.stem)
def test_the_kept_corpus_is_read_or_refused(path: Path) -> None:
    good = path.stem in {"ok", "expired", "throttled"}
    if good:
        result = parse(path.read_bytes())
        assert from_json(to_json(result)) == result
    else:
        with pytest.raises(ReportError):
            parse(path.read_bytes())
