"""A Result as JSON, and back.

Results arrive from vantage points elsewhere, so reading is the parser of a stranger's bytes: every key is
required and known, every text has a length and nothing unprintable in it, every number is finite and in
bounds. What does not fit is a ReportError and nothing else. `from_json(to_json(result))` is the result.
"""

import ipaddress
import json
from datetime import UTC, datetime
from typing import Any, NoReturn

from probes.answer import RETRY_AFTER_LIMIT_S
from probes.model import Exchange, Result, Timings
from probes.record import REASON_LIMIT, TEXT_LIMIT, is_printable
from probes.verdict import Verdict

BYTES_LIMIT = 64 * 1024
"""The longest JSON text of one result that is read at all."""

_NAME_LIMIT = 512
_HOUR_MS = 3_600_000.0
_BYTES_READ_LIMIT = 2**40
_MONOTONIC_LIMIT_S = 1e10
_CERTIFICATE_LIMIT_DAYS = 4_000_000.0


class ReportError(ValueError):
    """A report that is not one; the message names the key and what is wrong with it."""


def to_json(result: Result) -> dict[str, Any]:
    """The result as plain values for `json.dumps`."""
    timings, exchange = result.timings, result.exchange
    return {
        "key": result.key,
        "site": result.site,
        "address": result.address,
        "verdict": result.verdict.value,
        "reason": result.reason,
        "timings": {name: getattr(timings, name) for name in Timings.__slots__},
        "exchange": {name: getattr(exchange, name) for name in Exchange.__slots__},
        "at_monotonic": result.at_monotonic,
        "at_utc": result.at_utc.astimezone(UTC).isoformat(),
        "retry_after_s": result.retry_after_s,
    }


def parse(raw: bytes) -> Result:
    """The result in a JSON text. Raises ReportError."""
    if len(raw) > BYTES_LIMIT:
        raise ReportError(f"more than {BYTES_LIMIT} bytes")
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"not JSON: {error}") from error
    return from_json(value)


def from_json(value: object) -> Result:
    """The result in plain values, as `json.loads` gives them. Raises ReportError."""
    fields = _fields(value, "result", tuple(Result.__slots__))
    return Result(
        key=_text(fields, "key", _NAME_LIMIT),
        site=_text(fields, "site", _NAME_LIMIT),
        address=_address(fields),
        verdict=_verdict(fields),
        reason=_text(fields, "reason", REASON_LIMIT),
        timings=_timings(fields["timings"]),
        exchange=_exchange(fields["exchange"]),
        at_monotonic=_number(fields, "at_monotonic", 0.0, _MONOTONIC_LIMIT_S),
        at_utc=_time(fields),
        retry_after_s=_optional(fields, "retry_after_s", 0.0, RETRY_AFTER_LIMIT_S),
    )


def _timings(value: object) -> Timings:
    fields = _fields(value, "timings", tuple(Timings.__slots__))
    return Timings(**{name: _optional(fields, name, 0.0, _HOUR_MS) for name in fields})


def _exchange(value: object) -> Exchange:
    fields = _fields(value, "exchange", tuple(Exchange.__slots__))
    bytes_read = fields["bytes_read"]
    if type(bytes_read) is not int or not 0 <= bytes_read <= _BYTES_READ_LIMIT:
        raise ReportError("bytes_read: not a number of bytes")
    days = (-_CERTIFICATE_LIMIT_DAYS, _CERTIFICATE_LIMIT_DAYS)
    return Exchange(
        request=_text(fields, "request", TEXT_LIMIT),
        response=_text(fields, "response", TEXT_LIMIT),
        bytes_read=bytes_read,
        error=_text(fields, "error", REASON_LIMIT),
        at_utc=_text(fields, "at_utc", 64),
        command=_text(fields, "command", TEXT_LIMIT),
        certificate_days=_optional(fields, "certificate_days", *days),
    )


def _fields(value: object, what: str, names: tuple[str, ...]) -> dict[str, object]:
    """The members of an object that has exactly these names."""
    if not isinstance(value, dict):
        raise ReportError(f"{what}: not an object")
    if set(value) != set(names):
        raise ReportError(f"{what}: has to have {', '.join(names)}, no more and no less")
    return {name: value[name] for name in names}


def _text(fields: dict[str, object], name: str, limit: int) -> str:
    value = fields[name]
    if not isinstance(value, str) or len(value) > limit or not is_printable(value):
        raise ReportError(f"{name}: not a printable text of at most {limit} characters")
    return value


def _number(fields: dict[str, object], name: str, low: float, high: float) -> float:
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ReportError(f"{name}: not a number from {low:g} to {high:g}")
    return float(value)


def _optional(fields: dict[str, object], name: str, low: float, high: float) -> float | None:
    return None if fields[name] is None else _number(fields, name, low, high)


def _verdict(fields: dict[str, object]) -> Verdict:
    try:
        return Verdict(_text(fields, "verdict", 64))
    except ValueError as error:
        raise ReportError("verdict: not a known one") from error


def _address(fields: dict[str, object]) -> str:
    text = _text(fields, "address", 64)
    try:
        ipaddress.ip_address(text)
    except ValueError as error:
        raise ReportError("address: not an IP address") from error
    if "%" in text:
        raise ReportError("address: has a zone index")
    return text


def _time(fields: dict[str, object]) -> datetime:
    """A moment with its offset, in UTC."""
    text = _text(fields, "at_utc", 64)
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("no offset")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ReportError("at_utc: not an ISO time with its offset") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
