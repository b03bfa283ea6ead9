"""What becomes of a message that was not taken: when it is tried again, and when it is given up. Pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Final

FIRST_WAIT_S: Final = 5.0
LONGEST_WAIT_S: Final = 900.0
LONGEST_ASKED_S: Final = 3600.0
GIVE_UP_AFTER_S: Final = 86400.0
REFUSED_MOST: Final = 3
"""A receiver that refuses a message may be mended; but the message is perhaps what is wrong."""


class Result(Enum):
    SENT = "sent"
    LATER = "later"  # nobody there, or not now
    REFUSED = "refused"  # it was understood, and not taken


@dataclass(frozen=True, slots=True)
class Outcome:
    result: Result
    error: str = ""
    asked_s: float | None = None  # Retry-After


def judged(status: int, retry_after: str | None, utc: datetime, what: str = "") -> Outcome:
    """Of an HTTP answer (RFC 9110 section 15)."""
    if 200 <= status < 300:
        return Outcome(Result.SENT)
    error = f"answered {status}{what}"
    if 300 <= status < 400:
        return Outcome(Result.REFUSED, f"{error}; redirects are not followed, write the url that it leads to")
    if status in (408, 425, 429) or status >= 500 or status < 200:
        return Outcome(Result.LATER, error, retry_after_s(retry_after, utc))
    return Outcome(Result.REFUSED, error)


def wait_s(failures: int, asked_s: float | None, chance: float, first_s: float = FIRST_WAIT_S) -> float:
    """Until the next try, after so many failures in a row (from 1). `chance` (0..1) spreads it, so that not all come at once."""
    doubled = min(LONGEST_WAIT_S, first_s * 2.0 ** min(max(0, failures - 1), 20))
    return max(doubled * (0.5 + 0.5 * chance), min(asked_s or 0.0, LONGEST_ASKED_S))


def is_hopeless(refusals: int, age_s: float) -> bool:
    """Whether a message that was refused so often is given up."""
    return age_s >= GIVE_UP_AFTER_S or refusals >= REFUSED_MOST


def retry_after_s(text: str | None, utc: datetime) -> float | None:
    """Seconds of a Retry-After, a number or a date (RFC 9110 section 10.2.3), at most an hour; None if it says nothing."""
    if text is None or len(text) > 64 or not text.isascii():
        return None
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,10}", text):
        return min(float(text), LONGEST_ASKED_S)
    try:
        at = parsedate_to_datetime(text)
        seconds = ((at if at.tzinfo is not None else at.replace(tzinfo=UTC)) - utc).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_ASKED_S) if math.isfinite(seconds) else None
