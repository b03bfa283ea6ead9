"""Who an identity provider says somebody is, and what that is worth here."""

from __future__ import annotations

from dataclasses import dataclass

from gslb.admin.principal import Principal
from gslb.model.oidc import OidcSettings


@dataclass(frozen=True, slots=True)
class Identity:
    """`groups` are the values of the claim that roles go by."""

    issuer: str
    client_id: str
    subject: str
    name: str
    groups: frozenset[str]


def principal_of(identity: Identity, settings: OidcSettings | None) -> Principal | None:
    """By the settings of now: a role that is taken out of them ends at once, and with another provider all do."""
    if settings is None or (identity.issuer, identity.client_id) != (settings.issuer, settings.client_id):
        return None
    if identity.groups & frozenset(settings.operator):
        return Principal(identity.name, "operator", "oidc")
    owned = (sites for group, sites in settings.owner.items() if group in identity.groups)
    sites = tuple(dict.fromkeys(site for each in owned for site in each))
    if sites:
        return Principal(identity.name, "owner", "oidc", sites)
    return Principal(identity.name, "viewer", "oidc") if identity.groups & frozenset(settings.viewer) else None


def has_operators(settings: OidcSettings | None) -> bool:
    return settings is not None and bool(settings.operator)
