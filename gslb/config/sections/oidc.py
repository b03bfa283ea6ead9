"""`admin.oidc`: logging in by OpenID Connect."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from gslb.config.faults import quoted
from gslb.config.kinds import FILE, TEXT, WORD
from gslb.config.schema import Table, as_mapping, defaulted, list_of, map_of, optional, plain, required, scalar, section
from gslb.config.values import line_of_text
from gslb.model.oidc import OidcSettings

_LONGEST = 1024
_SCOPE = re.compile(r"[!#-\[\]-~]{1,64}")  # RFC 6749 section 3.3


def _address(text: str) -> str:
    """A url of https without query; http on this machine alone. Without a slash at its end."""
    try:
        parts = urlsplit(text)
        sound = re.fullmatch(r"[!-~]+", text) and len(text) <= _LONGEST and parts.hostname and parts.port != 0
    except ValueError:
        sound = None
    if not sound or parts.scheme not in ("http", "https") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"{quoted(text)} is not the url of a provider or node; write it as https://login.example.org")
    if parts.scheme == "http" and not _is_here(parts.hostname or ""):
        raise ValueError(f"{quoted(text)} is not https: whoever is on the way could log in as anybody; write https://")
    return text.rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _scope(text: str) -> str:
    if not _SCOPE.fullmatch(text):
        raise ValueError(f"{quoted(text)} is not a scope; write one as profile")
    return text


URL_ = scalar("url", _address)
GROUPS = list_of(TEXT)

CLAIM = defaulted("claim", TEXT, "groups", "The claim of the ID token that says who is what: a text, or a list of them.")
OPERATOR = defaulted("operator", GROUPS, (), "Values of it that make an operator.", "none")
OWNER = defaulted(
    "owner",
    map_of(line_of_text, list_of(WORD, at_least=1), "values of the claim, each with a list of sites"),
    (),
    "Values of it that make an owner, and of which sites.",
    "none",
)
VIEWER = defaulted("viewer", GROUPS, (), "Values of it that make a viewer.", "none")
ROLES = section(CLAIM, OPERATOR, OWNER, VIEWER)

ISSUER = required("issuer", URL_, "The identity provider, as it calls itself in its discovery document.")
CLIENT_ID = required("client_id", TEXT, "What this node is called there.")
SECRET_FILE = optional("client_secret_file", FILE, "The file with its secret.", "none: a public client, by PKCE alone")
ROLES_ = required("roles", ROLES, "Who may what. Who has none of these values is refused.")
SCOPES = defaulted("scopes", list_of(scalar("scope", _scope)), (), "What is asked for beside `openid`.", "profile")
URL = optional("url", URL_, "This node as browsers see it, for the way back.", "by their Host")
OIDC = section(ISSUER, CLIENT_ID, SECRET_FILE, ROLES_, SCOPES, URL)

OIDC_ = optional("oidc", OIDC, "Logging in by OpenID Connect; it takes `pip install 'gslb[oidc]'`.", "off")


def build(table: Table, absolute: Callable[[str], str]) -> OidcSettings | None:
    own = table[OIDC_]
    return None if own is None else _settings(own, own[ROLES_], absolute)


def _settings(own: Table, roles: Table, absolute: Callable[[str], str]) -> OidcSettings:
    secret_file, scopes = own[SECRET_FILE], plain(own[SCOPES]) or ("profile",)
    return OidcSettings(
        issuer=own[ISSUER],
        client_id=own[CLIENT_ID],
        client_secret_file=None if secret_file is None else absolute(secret_file),
        claim=roles[CLAIM],
        operator=plain(roles[OPERATOR]),
        viewer=plain(roles[VIEWER]),
        owner={name: plain(sites) for name, sites in as_mapping(roles[OWNER]).items()},
        scopes=tuple(dict.fromkeys(("openid", *scopes))),
        url=own[URL],
    )
