"""`transfer` of a zone, and `tsig_keys`."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from gslb.config import values
from gslb.config.kinds import FILE, HOST, NETWORK
from gslb.config.schema import Table, choice, defaulted, list_of, optional, plain, required, scalar, section
from gslb.model import Endpoint, Transfer, TsigAlgorithm, TsigKey

DNS_PORT = 53


def _told(text: str) -> Endpoint:
    """`192.0.2.7`, or with a port `192.0.2.7:5353` and `[2001:db8::7]:5353`."""
    try:
        return Endpoint(str(values.address(text)), DNS_PORT)
    except ValueError:
        return values.endpoint(text)


ALLOW = defaulted("allow", list_of(NETWORK, or_one=True), (), "Who may take the zone.", "nobody")
TSIG = optional("tsig", HOST, "The name of the key that requests and NOTIFY are signed with (RFC 8945).", "unsigned")
NOTIFY = defaulted(
    "notify",
    list_of(scalar("address or address:port", _told), or_one=True),
    (),
    "Who is told of changes (RFC 1996).",
    "nobody",
)
TRANSFER = section(ALLOW, TSIG, NOTIFY)

NAME = required("name", HOST, "The name of the key.")
ALGORITHM = required("algorithm", choice("hmac-sha256", "hmac-sha384", "hmac-sha512"), "Its algorithm.")
SECRET_FILE = required("secret_file", FILE, "The file with its secret in base64.")
TSIG_KEY = section(NAME, ALGORITHM, SECRET_FILE)


def build(table: Table) -> Transfer:
    return Transfer(plain(table[ALLOW]), table[TSIG], plain(table[NOTIFY]))


def build_key(table: Table, absolute: Callable[[str], str]) -> TsigKey:
    return TsigKey(table[NAME], cast(TsigAlgorithm, table[ALGORITHM]), absolute(table[SECRET_FILE]))
