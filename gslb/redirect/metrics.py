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
    "gslb_http_boot_scripts_total": (
        "Scripts that boot an image, by its name and their kind: sh, fastest.sh, ipxe.",
        ("service", "image", "kind"),
    ),
    "gslb_http_measured_total": (
        "Reports of what clients measured: accepted; malformed, foreign (token of another network, service or secret), "
        "expired, duplicate, unknown (site), absurd (time), busy (more than control was told of).",
        ("service", "result"),
    ),
    "gslb_http_clients_total": (
        "Requests by kind of client (ipxe, grub, uefi, rpi, busybox, wget, wget2, curl, apt, aria2, browser, other) and what it "
        "got: redirected, through, script, document, refused, unavailable, error.",
        ("service", "kind", "outcome"),
    ),
    "gslb_http_second_choices_total": (
        "Requests for another site than the first, by the site that did not do: retry (/@2/ and higher), avoid (?avoid=).",
        ("service", "site", "how"),
    ),
    "gslb_http_second_choice_clients_total": ("The same by kind of client.", ("kind", "how")),
    "gslb_http_documents_total": (
        "Answers about a file in place of a redirect, by form: mirrorlist, meta4, metalink, sha256, sha1.",
        ("service", "form"),
    ),
    "gslb_http_forwarded_total": (
        "Connections and requests whose client a trusted proxy named, by how: proxy-v2, x-forwarded-for.",
        ("how",),
    ),
    "gslb_through_requests_total": (
        "Requests served through, by outcome: whole, unserved (no site would), broken (cut in the middle: no site with the same "
        "octets was left), left (the client went, or was cut).",
        ("service", "outcome"),
    ),
    "gslb_through_octets_total": ("Octets taken from sites to serve them through.", ("service", "site")),
    "gslb_through_failovers_total": (
        "Times that a site was left for the next while serving through: connect, silent, broke, malformed, tls; or its answer "
        "would not do: missing, redirect, status, encoded, length, range, size, changed, generation.",
        ("service", "site", "reason"),
    ),
    "gslb_through_mismatches_total": (
        "Files served through that were not what their manifest says, by each site that gave octets; no client got the last.",
        ("service", "site"),
    ),
    "gslb_through_refused_total": (
        "Requests to be served through that were told to come again: streams, client (too many of one), rate.",
        ("service", "why"),
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
