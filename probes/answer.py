"""What an HTTP answer says about the site. Pure: no socket, no clock.

The head is judged before the body is read, so that a site that refuses slowly is called what it is. A
redirect to this load balancer is the gravest, whatever status was expected: clients would run in a circle.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from probes.model import OBJECT_LIMIT, Target
from probes.setting import Own, is_own
from probes.verdict import Failed, Finding, Verdict

RETRY_AFTER_LIMIT_S = 86400.0

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CONTENT_RANGE = re.compile(r"bytes 0-(?P<last>[0-9]{1,18})/(?P<total>[0-9]{1,18}|\*)", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers; names in lower case, in the order they came."""

    status: int
    headers: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str | None:
        """The first header of a name."""
        return next((value for have, value in self.headers if have == name), None)


@dataclass(frozen=True, slots=True)
class Body:
    """The first bytes, how many were read, whether that was all, and the SHA-256 of them if asked for."""

    kept: bytes
    length: int
    ended: bool
    sha256: str | None


def judge_head(target: Target, own: Own, head: Head, now: datetime) -> Finding | None:
    """What is wrong by the head alone, or None. `now` is UTC. Raises Failed for what is no HTTP."""
    return judge_status(target, own, head, now) or _length_fault(target, head)


def judge_status(target: Target, own: Own, head: Head, now: datetime) -> Finding | None:
    """What is wrong by status and Location, or None. Raises Failed for a Location that is no URL."""
    return _redirect_to_us(target, own, head) or _status_fault(target, head, now)


def judge_body(target: Target, head: Head, body: Body) -> Finding:
    """The finding for a whole answer whose head was well."""
    check = target.check
    if check.sha256 is not None and not body.ended:
        return Finding(Verdict.WRONG_CONTENT, f"the object is larger than {OBJECT_LIMIT >> 20} MB")
    if check.sha256 is not None and body.sha256 != check.sha256:
        return Finding(Verdict.WRONG_CONTENT, f"the SHA-256 of the object is {body.sha256}, not {check.sha256}")
    if check.contains is not None and check.contains.encode() not in body.kept:
        return Finding(Verdict.WRONG_CONTENT, f"{check.contains!r} is not in the first {len(body.kept)} bytes")
    return _unseen_size(target, head, body) or Finding(Verdict.OK, f"answered {head.status}")


def location_of(target: Target, head: Head) -> tuple[str, int, bool] | None:
    """Host and port a redirect leads to, and whether it names them itself. Raises Failed for no URL."""
    location = head.get("location")
    if head.status not in _REDIRECTS or location is None:
        return None
    try:
        absolute = bool(urlsplit(location).netloc)
        url = urlsplit(urljoin(f"{target.check.type}://{target.sent_host}{target.check.path}", location))
        port = url.port or (443 if url.scheme == "https" else 80)
    except ValueError as error:
        raise Failed(Verdict.MALFORMED, f"redirects to {location[:200]!r}, which is no URL") from error
    return url.hostname or "", port, absolute


def _location_text(head: Head) -> str:
    return (head.get("location") or "")[:200]


def _redirect_to_us(target: Target, own: Own, head: Head) -> Finding | None:
    leads = location_of(target, head)
    if leads is None or not leads[2] or not is_own(own, leads[0], leads[1]):
        return None
    where = _location_text(head)
    return Finding(Verdict.REDIRECT_LOOP, f"redirects to {where}, this load balancer: clients would go in a circle")


def _status_fault(target: Target, head: Head, now: datetime) -> Finding | None:
    if head.status in accepted(target):
        return None
    wait_s = retry_after_s(head, now)
    if head.status in (429, 503) and wait_s is not None:
        return Finding(Verdict.THROTTLED, f"answered {head.status}, asks to come back in {wait_s:.0f} s", wait_s)
    if location_of(target, head) is not None:
        return Finding(Verdict.REDIRECT, f"answered {head.status}, a redirect to {_location_text(head)}")
    wanted = " or ".join(str(status) for status in target.check.status)
    return Finding(Verdict.WRONG_STATUS, f"answered {head.status}, expected {wanted}")


def accepted(target: Target) -> frozenset[int]:
    """The statuses that are well: 206 stands for 200 when we asked for a part (RFC 9110 15.3.7)."""
    wanted = frozenset(target.check.status)
    return wanted | {206} if 200 in wanted and target.ranged else wanted


def retry_after_s(head: Head, now: datetime) -> float | None:
    """Seconds of Retry-After, a number or a date (RFC 9110 10.2.3), at most a day; None if unreadable."""
    value = (head.get("retry-after") or "").strip()
    if _NUMBER.fullmatch(value):
        return min(float(value), RETRY_AFTER_LIMIT_S)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    aware = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return min(max(0.0, (aware - now).total_seconds()), RETRY_AFTER_LIMIT_S)


def _length_fault(target: Target, head: Head) -> Finding | None:
    """The size of the object, as far as the head tells it."""
    total = told_size(head)
    if total is None:
        return None
    if target.check.size is not None and total != target.check.size:
        return Finding(Verdict.WRONG_CONTENT, f"the object has {total} bytes, not {target.check.size}")
    if target.check.sha256 is not None and total > OBJECT_LIMIT:
        return Finding(Verdict.WRONG_CONTENT, f"the object has {total} bytes, more than {OBJECT_LIMIT >> 20} MB")
    return None


def told_size(head: Head) -> int | None:
    """Bytes of the whole object, as the head tells. Raises Failed for a part we did not ask for."""
    if head.status == 206:
        match = _CONTENT_RANGE.fullmatch((head.get("content-range") or "").strip())
        if match is None:
            raise Failed(Verdict.MALFORMED, f"206 with Content-Range {head.get('content-range')!r}")
        return None if match["total"] == "*" else int(match["total"])
    length = (head.get("content-length") or "").strip()
    return int(length) if _NUMBER.fullmatch(length) else None


def _unseen_size(target: Target, head: Head, body: Body) -> Finding | None:
    """For a size that the head did not tell: the body tells it if we saw all of it."""
    size = target.check.size
    if size is None or told_size(head) is not None:
        return None
    if head.status != 206 and body.ended and target.check.method == "GET" and body.length != size:
        return Finding(Verdict.WRONG_CONTENT, f"the object has {body.length} bytes, not {size}")
    if head.status != 206 and body.ended and target.check.method == "GET":
        return None
    if body.length > size:
        return Finding(Verdict.WRONG_CONTENT, f"the object has more than {size} bytes")
    return Finding(Verdict.MALFORMED, "the answer does not tell how long the object is")
