"""Who is on the way to the identity provider, and which one it is by the configuration of now."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from gslb.admin.node import Node
from gslb.admin.oidc.errand import Errands
from gslb.model.oidc import OidcSettings

if TYPE_CHECKING:
    from gslb.admin.oidc.provider import Provider

CODE_MOST: Final = 2048
_VISIBLE: Final = re.compile(r"[ -~]+", re.ASCII)  # RFC 6749 appendix A


class Desk:
    def __init__(self, node: Node, clock: Callable[[], float] = time.monotonic) -> None:
        self.errands = Errands()
        self.clock = clock
        self._node = node
        self._made: tuple[tuple[OidcSettings, str | None], Provider] | None = None

    def provider(self) -> Provider | None:
        """None where the configuration has none. Another one for other settings, with another memory."""
        own = self._node.configuration.oidc
        if own is None:
            return None
        wanted = own, self._node.oidc_secret
        if self._made is None or self._made[0] != wanted:
            from gslb.admin.oidc.provider import Provider  # takes the extra

            self._made = wanted, Provider(*wanted, self.clock)
        return self._made[1]


class Return(NamedTuple):
    """What a browser brings back (RFC 6749 section 4.1.2, RFC 9207)."""

    state: str
    code: str
    error: str
    issuer: str | None


def returned(query: Iterable[tuple[str, str]]) -> Return | None:
    """None for what no provider sends: a name twice, nothing to go by, or signs that have no place in it."""
    found: dict[str, str] = {}
    for name, value in query:
        if name in ("state", "code", "error", "iss"):
            if name in found or len(value) > CODE_MOST or not _VISIBLE.fullmatch(value):
                return None
            found[name] = value
    if "state" not in found or ("code" in found) == ("error" in found):
        return None
    return Return(found["state"], found.get("code", ""), found.get("error", ""), found.get("iss"))
