"""`listen` and `tls`: where this node is asked."""

from __future__ import annotations

from collections.abc import Callable

from gslb.config.kinds import ENDPOINT, FILE, NETWORK
from gslb.config.schema import Table, defaulted, list_of, optional, plain, required, section
from gslb.model import Listen, Tls

DNS = defaulted("dns", list_of(ENDPOINT, unique=False), (), "DNS, UDP and TCP on each.", "none")
DOT = defaulted("dot", list_of(ENDPOINT, unique=False), (), "DNS over TLS (RFC 7858); needs `tls`.", "none")
HTTP = defaulted("http", list_of(ENDPOINT, unique=False), (), "The redirector.", "none")
HTTPS = defaulted("https", list_of(ENDPOINT, unique=False), (), "The same with TLS; needs `tls`.", "none")
ADMIN = optional("admin", ENDPOINT, "Dashboard, API and metrics.", "none")
TRUSTED_PROXIES = defaulted(
    "trusted_proxies",
    list_of(NETWORK, or_one=True),
    (),
    "Networks whose X-Forwarded-For, X-Forwarded-Proto and PROXY v2 are believed.",
    "none",
)
LISTEN = section(DNS, DOT, HTTP, HTTPS, ADMIN, TRUSTED_PROXIES)

CERTIFICATE = required("certificate", FILE, "PEM file: the certificate, and those up to its root.")
KEY = required("key", FILE, "PEM file: its key, without a passphrase.")
TLS = section(CERTIFICATE, KEY)


def build(table: Table) -> Listen:
    return Listen(
        dns=plain(table[DNS]),
        dot=plain(table[DOT]),
        http=plain(table[HTTP]),
        https=plain(table[HTTPS]),
        admin=table[ADMIN],
        trusted_proxies=plain(table[TRUSTED_PROXIES]),
    )


def build_tls(table: Table, absolute: Callable[[str], str]) -> Tls:
    return Tls(absolute(table[CERTIFICATE]), absolute(table[KEY]))
