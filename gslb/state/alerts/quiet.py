"""Hours in which nobody wants to be told. Clocks on walls jump twice a year, so each day is asked anew."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gslb.model import Quiet


def quiet_until(quiet: Quiet | None, utc: datetime) -> datetime | None:
    """When the quiet hours end that it is in now, UTC; None if it is in none."""
    if quiet is None:
        return None
    zone = ZoneInfo(quiet.timezone)
    today = utc.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        begins, ends = _moment(day, quiet.start, zone), _end(day, quiet, zone)
        if begins <= utc < ends:
            return ends
    return None


def _end(day: date, quiet: Quiet, zone: ZoneInfo) -> datetime:
    return _moment(day if quiet.start < quiet.end else day + timedelta(days=1), quiet.end, zone)


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When clocks there show it first. An hour that is left out is where it would be: PEP 495 takes it as before the jump."""
    return datetime.combine(day, at, zone).astimezone(UTC)
