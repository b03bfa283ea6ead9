"""`check` of a service: how a probe tells whether a site serves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from gslb.config.kinds import BOOLEAN, HOST, SHA256, TEXT, URL_PATH, integer
from gslb.config.schema import Key, Table, choice, defaulted, list_of, optional, plain, section
from gslb.model import CheckSettings

DEFAULTS = CheckSettings()

TYPE = defaulted("type", choice("http", "https", "tcp", "dns", "exec"), DEFAULTS.type, "What is tried.")
PORT = optional("port", integer(1, 65535), "The port that is probed.", "that of `url`, else 80 or 443")
PATH = defaulted("path", URL_PATH, DEFAULTS.path, "What is fetched. Take a small file that every mirror must have.")
HOST_ = optional("host", HOST, "The `Host` that is sent.", "the service's for DNS, that of `url` for HTTP")
METHOD = defaulted("method", choice("GET", "HEAD"), DEFAULTS.method, "How it is fetched.")
STATUS = defaulted(
    "status",
    list_of(integer(100, 599), at_least=1, or_one=True),
    (),
    "The status codes that are good.",
    "[200, 206]",
)
CONTAINS = optional("contains", TEXT, "Text that the body must hold.", "any body")
SIZE = optional("size", integer(0, 2**53), "How many bytes the whole object must have.", "any size")
SHA256_ = optional(
    "sha256",
    SHA256,
    "The hash of the whole object; it is then fetched by a plain GET, at most 16 MB.",
    "any content",
)
VERIFY = defaulted("verify", BOOLEAN, DEFAULTS.verify, "Whether the certificate must be valid for the host.", "true")
COMMAND = defaulted("command", list_of(TEXT, at_least=1, unique=False), (), "The program to run, and its arguments.", "none")

CHECK = section(TYPE, PORT, PATH, HOST_, METHOD, STATUS, CONTAINS, SIZE, SHA256_, VERIFY, COMMAND)

# Which keys mean something for which type; any other is a fault, as it would be believed to be checked.
_HTTP = (PORT, PATH, HOST_, METHOD, STATUS, CONTAINS, SIZE, SHA256_, VERIFY)
MEANINGFUL: Mapping[str, tuple[Key[Any], ...]] = {
    "http": _HTTP,
    "https": _HTTP,
    "tcp": (PORT,),
    "dns": (PORT, HOST_),
    "exec": (COMMAND, PORT),
}


def build(table: Table) -> CheckSettings:
    kind = cast(Literal["http", "https", "tcp", "dns", "exec"], table[TYPE])
    return CheckSettings(
        type=kind,
        path=table[PATH],
        status=plain(table[STATUS]) or DEFAULTS.status,
        method=table[METHOD],
        port=table[PORT],
        host=table[HOST_],
        contains=table[CONTAINS],
        size=table[SIZE],
        sha256=table[SHA256_],
        verify=table[VERIFY],
        command=plain(table[COMMAND]),
    )
