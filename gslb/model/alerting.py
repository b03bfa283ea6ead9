"""Who is told of incidents, and how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Literal

from gslb.model.event import Severity

ChannelKind = Literal["webhook", "slack", "alertmanager", "email"]


@dataclass(frozen=True, slots=True)
class Audience:
    """Which incidents: of any of these sites, regions and owners' sites, from a severity on. None named: of all."""

    sites: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()  # names of users
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True)
class Quiet:
    """Each day from `start` to `end` as clocks show it in `timezone` (IANA), over midnight if `end` is before `start`.
    Incidents as bad as `but` are told all the same."""

    start: time
    end: time
    timezone: str = "UTC"
    but: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Smtp:
    """`tls` from the first byte on (port 465), else `starttls` (port 587), else neither."""

    host: str
    sender: str
    recipients: tuple[str, ...]
    port: int = 587
    starttls: bool = True
    tls: bool = False
    user: str | None = None
    password_file: str | None = None  # absolute


@dataclass(frozen=True, slots=True)
class Channel:
    """`url` or `url_file` but for e-mail. `digest_s` collects messages, `repeat_s` tells again of what is still open."""

    name: str
    kind: ChannelKind
    url: str | None = None
    url_file: str | None = None  # absolute; for addresses that are secrets themselves
    secret_file: str | None = None  # absolute; what a webhook's messages are signed with
    smtp: Smtp | None = None
    audience: Audience = Audience()
    quiet: Quiet | None = None
    digest_s: float | None = None
    repeat_s: float | None = None


@dataclass(frozen=True, slots=True)
class Alerts:
    """`wait_s` an incident is open before anybody is told, `gather_s` findings of one region join it, and `settle_s` all of it
    has been well before it is over. `dashboard` is the address of this node in messages; it ends with one slash."""

    wait_s: float = 30.0
    gather_s: float = 600.0
    settle_s: float = 120.0
    dashboard: str | None = None
    channels: tuple[Channel, ...] = ()
