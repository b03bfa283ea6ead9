"""What people did to this node: the lines of its audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Act:
    """One change: who made it, with which right, and why. `number` grows by one an act, and goes on after a restart.

    `before` and `after` are how the subject was and is, as the API shows it; {} where there was nothing. `undoes` is the number
    of the act that this one took back, `undone_by` that of the one which took this back.
    """

    number: int
    at: datetime  # UTC
    who: str
    role: str
    by: str  # token, session or oidc
    action: str  # a word: "drain", "enable", "override", "token-create", …
    subject: str  # a site, an override, a token, …
    why: str = ""
    before: Mapping[str, object] = field(default_factory=dict)
    after: Mapping[str, object] = field(default_factory=dict)
    undoes: int | None = None
    undone_by: int | None = None
