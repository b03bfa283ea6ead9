"""`cookies` and `rate_limit`: who is answered how often."""

from __future__ import annotations

from collections.abc import Callable

from gslb.config.kinds import BOOLEAN, FILE, NETWORK, integer
from gslb.config.schema import Table, defaulted, list_of, optional, plain, required, section
from gslb.model import Cookies, RateLimit

SECRETS_FILE = optional(
    "secrets_file",
    FILE,
    "One or two secrets of 16 octets in hexadecimal, a line each: the first makes server cookies, both are believed. "
    "Nodes that share it believe each other's.",
    "secrets of this node's own, new every day",
)
COOKIES = section(SECRETS_FILE)

_DEFAULTS = RateLimit(1)

RESPONSES = required(
    "responses_per_s", integer(1, 1_000_000), "Responses a second over UDP to one /24 or /56, of all workers together."
)
SLIP = defaulted("slip", integer(0, 10), _DEFAULTS.slip, "Every n-th limited response is cut to TC instead of dropped; 0: none.")
EXEMPT = defaulted("exempt", list_of(NETWORK, or_one=True), (), "Networks that are not limited.", "none")
DRY_RUN = defaulted("dry_run", BOOLEAN, _DEFAULTS.dry_run, "Count, and limit nobody.", "false")
RATE_LIMIT = section(RESPONSES, SLIP, EXEMPT, DRY_RUN)


def build_cookies(table: Table, absolute: Callable[[str], str]) -> Cookies:
    file = table[SECRETS_FILE]
    return Cookies(None if file is None else absolute(file))


def build_rate_limit(table: Table) -> RateLimit:
    return RateLimit(table[RESPONSES], table[SLIP], plain(table[EXEMPT]), table[DRY_RUN])
