"""What the DNS door counts: counters are a dict from (name, label values...) to a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

METRICS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "gslb_dns_answers_total": (
        "Answers sent, by transport, type of the question and RCODE.",
        ("transport", "type", "rcode"),
    ),
    "gslb_dns_steered_total": (
        "Answers for steered names, by first site and reason.",
        ("service", "site", "why"),
    ),
    "gslb_dns_client_subnet_total": ("Queries with a client subnet, by its family.", ("family",)),
    "gslb_dns_dnssec_answers_total": (
        "Answers to who asks for signatures (DO): signed; reduced (to addresses or hints whose set is signed); unsigned.",
        ("result",),
    ),
    "gslb_dns_cookies_total": (
        "Queries with a cookie: good; renewed (good, and given a new one); client (no server cookie); old; bad; malformed.",
        ("result",),
    ),
    "gslb_dns_rate_limited_total": (
        "Responses that were limited: dropped, slipped (cut to TC), badcookie; dry-run: would have been.",
        ("action",),
    ),
    "gslb_dns_truncated_total": ("Answers cut to TC because they did not fit.", ("transport",)),
    "gslb_dns_dropped_total": ("Messages without an answer: short, response, send.", ("transport", "reason")),
    "gslb_dns_failures_total": (
        "Queries that failed inside and were answered SERVFAIL. Anything but 0 is a bug.",
        ("error",),
    ),
    "gslb_dns_unknown_classes_total": (
        "Steered answers decided in the worker, the table not having their class.",
        ("service",),
    ),
    "gslb_dns_tsig_failures_total": ("Signed queries whose signature was not accepted (RFC 8945).", ("error",)),
    "gslb_dns_transfers_total": (
        "Zones asked for: sent, current, refused, unsigned, busy, aborted.",
        ("zone", "type", "result"),
    ),
    "gslb_dns_tcp_connections_total": ("TCP connections accepted, tcp and tls.", ("transport",)),
    "gslb_dns_tcp_exhausted_total": ("Times that no connection could be accepted for want of descriptors or memory.", ()),
    "gslb_dns_tcp_closed_total": (
        "TCP connections that we closed: idle, evicted, slow, handshake, stopped.",
        ("reason",),
    ),
}
