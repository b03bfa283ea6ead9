"""From an ID token to who somebody is (OpenID Connect Core section 3.1.3.7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet
from joserfc.jws import JWSRegistry

from gslb.admin.oidc.errand import Errand
from gslb.admin.oidc.errors import ProviderError
from gslb.admin.oidc.identity import Identity
from gslb.model.oidc import OidcSettings
from gslb.model.text import unprintable

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Those of public keys alone: never `none`, and no HMAC, for which a public key could be passed off as the secret."""

LEEWAY_S: Final = 60  # by which clocks may differ
KEYS_MOST: Final = 64
GROUPS_MOST: Final = 1000
LONGEST: Final = 255

_NAMES: Final = ("preferred_username", "email", "name")


def keys_of(document: Mapping[str, Any]) -> KeySet:
    """The keys of a JWK Set (RFC 7517) that we know how to use; secret ones among them are not used."""
    written = document.get("keys")
    found = []
    for each in written[:KEYS_MOST] if isinstance(written, list) else []:
        if isinstance(each, dict) and each.get("kty") != "oct" and each.get("use", "sig") == "sig":
            try:
                found.append(JWKRegistry.import_key(each))
            except (JoseError, ValueError, TypeError, KeyError):
                continue
    if not found:
        raise ProviderError("it shows no key that ID tokens could be signed with")
    return KeySet(found)


def read(
    token: Mapping[str, Any],
    keys: KeySet,
    algorithms: Iterable[str],
    errand: Errand,
    settings: OidcSettings,
    issuer: str,
    utc_s: float,
) -> Identity:
    """`token` is what the token endpoint answers. Raises JoseError where the ID token is not good, else ProviderError."""
    text = token.get("id_token")
    if not isinstance(text, str) or not text.isascii():
        raise ProviderError("it sends no ID token; is openid among the scopes of this client?")
    registry = JWSRegistry(algorithms=[each for each in ALGORITHMS if each in set(algorithms)], strict_check_header=False)
    decoded = jwt.decode(text, keys, registry=registry)
    wanted = {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": settings.client_id}}
    params = {"nonce": errand.nonce, "client_id": settings.client_id, "access_token": token.get("access_token")}
    claims = CodeIDToken(decoded.claims, decoded.header, wanted, params)
    claims.validate(now=int(utc_s), leeway=LEEWAY_S)
    return _identity(decoded.claims, settings)


def _identity(claims: Mapping[str, Any], settings: OidcSettings) -> Identity:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _is_name(subject):
        raise ProviderError("it does not say who this is")
    name = next((claims[each] for each in _NAMES if isinstance(claims.get(each), str) and _is_name(claims[each])), subject)
    told = claims.get(settings.claim)
    groups = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    short = frozenset(each for each in groups[:GROUPS_MOST] if isinstance(each, str) and len(each) <= LONGEST)
    return Identity(settings.issuer, settings.client_id, subject, name, short & values_of(settings))


def values_of(settings: OidcSettings) -> frozenset[str]:
    return frozenset((*settings.operator, *settings.viewer, *settings.owner))


def _is_name(text: str) -> bool:
    return 0 < len(text) <= LONGEST and unprintable(text) is None and bool(text.strip())
