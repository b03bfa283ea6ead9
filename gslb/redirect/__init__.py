"""The HTTP door: Decision -> HTTP response."""

from gslb.model.counting import Counters
from gslb.redirect.metrics import METRICS
from gslb.redirect.pages import Pages, build_pages
from gslb.redirect.redirector import Redirector
from gslb.redirect.selfcheck import is_own_response, self_request
from gslb.redirect.server import HttpServer, tls_context
from gslb.redirect.serving import Serving
from gslb.redirect.through import Through

__all__ = [
    "METRICS",
    "Counters",
    "HttpServer",
    "Pages",
    "Redirector",
    "Serving",
    "Through",
    "build_pages",
    "is_own_response",
    "self_request",
    "tls_context",
]
