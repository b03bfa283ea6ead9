"""Whether a page of ours made the browser ask, and over TLS."""

from __future__ import annotations

from typing import Final

from fastapi import Request

from gslb.admin import credentials
from gslb.admin.credentials import address_of
from gslb.admin.problems import refusal
from gslb.admin.sessions import Session

CSRF: Final = "X-CSRF-Token"


def from_own_page(request: Request) -> bool:
    """Whether the page that made the browser send this is ours: by `Origin` (RFC 6454 section 7) and `Sec-Fetch-Site` (Fetch
    Metadata), which no page can forge. One of them has to be there, and none may say otherwise; the second comes over TLS alone.
    """
    origins, sites = request.headers.getlist("origin"), request.headers.getlist("sec-fetch-site")
    if not (origins or sites) or any(site != "same-origin" for site in sites):
        return False
    return all(credentials.is_same_host(origin, request.headers.get("host", "")) for origin in origins)


def need_own_page(request: Request, session: Session) -> None:
    """Raises 403 where a change with this session does not come from a page of ours, by all that can be known of it."""
    if not from_own_page(request):
        raise refusal(403, "the request does not come from this node's own page")
    values = request.headers.getlist(CSRF)
    if len(values) != 1 or not session.is_vouched_for(values[0]):
        raise refusal(403, f"a change with a session cookie takes {CSRF}: the value of csrf in GET /api/v1/me")


def is_secure(request: Request) -> bool:
    """Whether the browser came over TLS: then the cookie is for TLS alone. Only a proxy of this machine is believed."""
    address = address_of(peer_of(request))
    forwarded = address is not None and address.is_loopback and request.headers.get("x-forwarded-proto") == "https"
    return request.url.scheme == "https" or forwarded


def peer_of(request: Request) -> str:
    return request.client.host if request.client else ""
