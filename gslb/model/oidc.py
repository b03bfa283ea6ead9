"""Logging in by OpenID Connect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """Who may what by the values of one claim of the ID token; the largest right of a person counts."""

    issuer: str  # without a slash at its end, as its own discovery document says it
    client_id: str
    client_secret_file: str | None = None  # absolute; None: a public client, by PKCE alone
    claim: str = "groups"
    operator: tuple[str, ...] = ()
    viewer: tuple[str, ...] = ()
    owner: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # value of the claim -> sites
    scopes: tuple[str, ...] = ("openid", "profile")
    url: str | None = None  # of this node as browsers see it; None: by their Host
