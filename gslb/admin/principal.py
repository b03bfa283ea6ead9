"""Who asks, and what they may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gslb.model import User

Role = Literal["viewer", "owner", "operator"]


@dataclass(frozen=True, slots=True)
class Principal:
    """`by` is how we know: an owner sees and drains `sites` alone, a viewer sees all, an operator may all."""

    name: str
    role: Role
    by: Literal["loopback", "token", "session", "oidc", "node"]
    sites: tuple[str, ...] = ()

    @property
    def sees_all(self) -> bool:
        return self.role != "owner"

    def sees(self, site: str) -> bool:
        return self.sees_all or site in self.sites

    def steers(self, site: str) -> bool:
        return self.role == "operator" or (self.role == "owner" and site in self.sites)


LOOPBACK = Principal("loopback", "viewer", "loopback")


def principal_of(user: User, by: Literal["token", "session"]) -> Principal:
    return Principal(user.name, user.role, by, user.sites)
