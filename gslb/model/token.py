"""Tokens that were made through the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

ROLES: Final = ("viewer", "owner", "operator")


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token: all but itself. `sha256` is of its whole text, hexadecimal."""

    id: str
    name: str
    role: str  # of ROLES
    sites: tuple[str, ...]  # of an owner
    sha256: str
    created: datetime  # UTC
    created_by: str
    expires: datetime | None = None  # None: never
    revoked: datetime | None = None
    last_used: datetime | None = None  # to the minute or so

    def is_live(self, utc: datetime) -> bool:
        return self.revoked is None and (self.expires is None or utc < self.expires)
