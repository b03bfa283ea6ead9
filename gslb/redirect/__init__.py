"""The HTTP door: Decision -> HTTP response."""

from gslb.redirect.metrics import METRICS, Counters
from gslb.redirect.pages import Pages, build_pages
from gslb.redirect.redirector import Redirector
from gslb.redirect.sample import Sample
from gslb.redirect.selfcheck import is_own_response, self_request
from gslb.redirect.server import HttpServer, tls_context
from gslb.redirect.serving import Serving

__all__ = [
    "METRICS",
    "Counters",
    "HttpServer",
    "Pages",
    "Redirector",
    "Sample",
    "Serving",
    "build_pages",
    "is_own_response",
    "self_request",
    "tls_context",
]
