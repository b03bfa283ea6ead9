"""What the HTTP door counts: counters are a dict from (name, label values...) to a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

METRICS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "gslb_http_responses_total": ("Responses sent, by status.", ("status",)),
    "gslb_http_steered_total": ("Requests that were steered, by first site and reason.", ("service", "site", "why")),
    "gslb_http_decided_total": (
        "Requests that the table does not answer: by class (new to it) or request (content set, /@N/, avoid).",
        ("service", "cause"),
    ),
    "gslb_http_pledges_total": (
        "Client networks that stay at a generation of a release set: begun, kept (a request for one that is not served any "
        "more), ended (nobody has it, or overtime is over), evicted (its place was needed).",
        ("service", "event"),
    ),
    "gslb_http_forwarded_total": (
        "Connections and requests whose client a trusted proxy named, by how: proxy-v2, x-forwarded-for.",
        ("how",),
    ),
    "gslb_http_failures_total": (
        "Requests that failed inside and were answered 500. Anything but 0 is a bug.",
        ("error",),
    ),
    "gslb_http_connections_total": ("Connections accepted.", ("scheme",)),
    "gslb_http_exhausted_total": ("Times that there were no descriptors or memory to accept a TLS connection.", ()),
    "gslb_http_closed_total": (
        "Connections that we cut: idle, header, slow, evicted, proxy, handshake, stopped.",
        ("reason",),
    ),
}
