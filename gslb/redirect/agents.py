"""What kind of client asks, by its User-Agent: a boot loader, a downloader, a browser.

A name is looked for at the beginning alone, and its case does not count. BusyBox calls itself `Wget` and nothing more, which is
how it is told from GNU Wget, that always adds its version (seen: BusyBox 1.35, Wget 1.21, wget2 1.99.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gslb.model.counting import Counters, add

LOOKED_AT: Final = 64  # octets of an agent
AGENTS_KEPT: Final = 1024  # with a service and a status each
AGENT_OCTETS: Final = 256  # a longer one is judged anew each time

OTHER: Final = "other"

# The first that fits.
PREFIXES: Final[tuple[tuple[bytes, str], ...]] = (
    (b"ipxe/", "ipxe"),
    (b"grub", "grub"),
    (b"uefihttpboot", "uefi"),
    (b"rpiboot", "rpi"),
    (b"busybox", "busybox"),
    (b"wget2", "wget2"),
    (b"wget/", "wget"),
    (b"curl/", "curl"),
    (b"debian apt", "apt"),
    (b"apt/", "apt"),
    (b"aria2/", "aria2"),
    (b"mozilla/", "browser"),
    (b"opera/", "browser"),
)
EXACT: Final[Mapping[bytes, str]] = {b"wget": "busybox"}
KINDS: Final = (*dict.fromkeys(kind for _, kind in PREFIXES), OTHER)


def classify(agent: bytes) -> str:
    """One of KINDS, whatever the octets are."""
    lower = agent[:LOOKED_AT].strip(b" \t").lower()
    exact = EXACT.get(lower)
    if exact is not None:
        return exact
    return next((kind for prefix, kind in PREFIXES if lower.startswith(prefix)), OTHER)


# In place of a status: a stream has none yet, and of 200 there are two.
THROUGH: Final = 0
SCRIPT: Final = 1

_OUTCOMES: Final[Mapping[int, str]] = {302: "redirected", THROUGH: "through", SCRIPT: "script", 503: "unavailable", 500: "error"}
OUTCOMES: Final = (*_OUTCOMES.values(), "document", "refused")


class Clients:
    """Counts requests by kind of client and what it got, and when somebody wants another site than the first."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._keys: dict[tuple[str, bytes, int], tuple[str, ...]] = {}  # of the counters, by what was answered

    def answered(self, service: str, agent: bytes, status: int) -> None:
        """`service` is "" for a request that was of none."""
        counters = self._counters
        try:  # nearly always there: half as dear as to ask first
            counters[self._keys[service, agent, status]] += 1
        except KeyError:
            add(counters, *self._key(service, agent, status))

    def retried(self, service: str, agent: bytes, first: str) -> None:
        """It asks for the second-best or a later site: the `first` one, or "", did not do."""
        self._second(service, agent, first, "retry")

    def avoided(self, service: str, agent: bytes, site: str) -> None:
        """It wants any site but this one."""
        self._second(service, agent, site, "avoid")

    def _key(self, service: str, agent: bytes, status: int) -> tuple[str, ...]:
        outcome = _OUTCOMES.get(status) or ("refused" if status >= 400 else "document")
        key = ("gslb_http_clients_total", service, classify(agent), outcome)
        if len(agent) <= AGENT_OCTETS:
            if len(self._keys) >= AGENTS_KEPT:
                self._keys.clear()
            self._keys[service, agent, status] = key
        return key

    def _second(self, service: str, agent: bytes, site: str, how: str) -> None:
        add(self._counters, "gslb_http_second_choices_total", service, site, how)
        add(self._counters, "gslb_http_second_choice_clients_total", classify(agent), how)
