"""`boot` and `serve_through` of a service: what boot loaders ask for, and who of them can't follow a redirect."""

from __future__ import annotations

from gslb.config.kinds import TEXT, URL_PATH, WORD
from gslb.config.schema import Table, defaulted, list_of, optional, plain, required, section
from gslb.model import BootImage, ServeThrough

_DEFAULTS = ServeThrough()

NAME = required("name", WORD, "Its scripts are `/~boot/NAME.sh`, `/~boot/NAME.fastest.sh` and `/~boot/NAME.ipxe`.")
KERNEL = required("kernel", URL_PATH, "The kernel, by its path on every mirror.")
INITRD = defaulted("initrd", list_of(URL_PATH, or_one=True), (), "The initial RAM disks, in order.", "none")
HTTPFUSE = optional("httpfuse", URL_PATH, "The directory of the blocks; the script adds `httpfuse=` with its URL.", "none")
APPEND = defaulted("append", TEXT, "", "The rest of the kernel's command line.", "nothing")
CONTENT = optional("content", WORD, "The release set that all of it is of.", "by the path of the kernel")

IMAGE = section(NAME, KERNEL, INITRD, HTTPFUSE, APPEND, CONTENT)

AGENTS = defaulted(
    "agents",
    list_of(TEXT),
    (),
    "How the User-Agent of a client begins that can't follow a redirect. An empty list: everybody is redirected.",
    f"[{', '.join(_DEFAULTS.agents)}]",
)

SERVE_THROUGH = section(AGENTS)


def build(table: Table) -> BootImage:
    return BootImage(
        table[NAME],
        table[KERNEL],
        initrd=plain(table[INITRD]),
        httpfuse=table[HTTPFUSE],
        append=table[APPEND],
        content=table[CONTENT],
    )


def build_serve_through(table: Table) -> ServeThrough:
    return ServeThrough(plain(table[AGENTS])) if AGENTS in table else _DEFAULTS
