"""Who asks, and what they may."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from gslb.model import User

Role = Literal["viewer", "owner", "operator"]
By = Literal["loopback", "token", "session", "oidc", "node"]


@dataclass(frozen=True, slots=True)
class Principal:
    """`by` is how we know: an owner sees and drains `sites` alone, a viewer sees all, an operator may all.

    `expires` is when the token behind it ends. "node" is the node itself, which ends what has an end.
    """

    name: str
    role: Role
    by: By
    sites: tuple[str, ...] = ()
    expires: datetime | None = None

    @property
    def sees_all(self) -> bool:
        return self.role != "owner"

    def sees(self, site: str) -> bool:
        return self.sees_all or site in self.sites

    def steers(self, site: str) -> bool:
        return self.role == "operator" or (self.role == "owner" and site in self.sites)

    def subjects(self, named: Iterable[str] | None) -> frozenset[str] | None:
        """Whose events are for them, of those that are asked for; None: everybody's."""
        wanted = None if named is None else frozenset(named)
        if self.sees_all:
            return wanted
        return frozenset(self.sites) if wanted is None else wanted & frozenset(self.sites)

    @property
    def may(self) -> tuple[str, ...]:
        """What a page may offer: an owner the first ones for the own sites, an operator all."""
        return () if self.by == "loopback" else MAY[self.role]


MAY: Final[dict[Role, tuple[str, ...]]] = {
    "viewer": (),
    "owner": ("drain", "enable", "scan", "undo", "maintenance", "acknowledge"),
    "operator": ("drain", "enable", "scan", "undo", "maintenance", "override", "apply", "acknowledge", "alerts", "tokens"),
}

LOOPBACK = Principal("loopback", "viewer", "loopback")


def principal_of(user: User, by: By) -> Principal:
    return Principal(user.name, user.role, by, user.sites, user.expires)
