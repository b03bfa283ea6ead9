"""`content` of a service: release sets, and how they are looked at."""

from __future__ import annotations

from urllib.parse import unquote

from gslb.config.kinds import RELATIVE_PATH, URL_PATH, WORD, duration, integer
from gslb.config.schema import Table, defaulted, list_of, optional, plain, required, section
from gslb.model import ContentSet

_DEFAULTS = ContentSet("", "/")

NAME = required("name", WORD, "The name of the release set; `content` of a site refers to it.")
PREFIX = required("prefix", URL_PATH, "The set is every path that begins with this one; it ends with a slash.")
MANIFEST = optional(
    "manifest",
    RELATIVE_PATH,
    "The list of its files with their hashes, on every mirror, below the prefix: SHA256SUMS, SHA1SUMS or a BSD-style list.",
    "none",
)
SENTINELS = defaulted(
    "sentinels",
    list_of(RELATIVE_PATH),
    (),
    "Files below the prefix that are looked at in every round. Without a manifest they define the generation.",
    "none",
)
LOCK = optional(
    "lock",
    RELATIVE_PATH,
    "A file below the prefix that a mirror has while it is being changed: until it is gone, the set is not taken from there.",
    "none",
)
EVERY = defaulted("every", duration(1.0, 30 * 86400.0), _DEFAULTS.every_s, "Between two scans of all its files.", "1h")
SAMPLE = defaulted(
    "sample", integer(0, 1000), _DEFAULTS.sample, "Files of the manifest that are looked at in each round besides, in turn."
)

CONTENT_SET = section(NAME, PREFIX, MANIFEST, SENTINELS, LOCK, EVERY, SAMPLE)


def build(table: Table) -> ContentSet:
    return ContentSet(
        table[NAME],
        unquote(table[PREFIX], errors="replace"),
        manifest=table[MANIFEST],
        sentinels=plain(table[SENTINELS]),
        lock=table[LOCK],
        every_s=table[EVERY],
        sample=table[SAMPLE],
    )
