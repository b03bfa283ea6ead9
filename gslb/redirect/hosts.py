"""Which service a request is for, by its Host."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gslb.model import Door, Service
from gslb.redirect.refusal import Refusal

# uri-host [ ":" port ], RFC 9110 section 7.2 and RFC 3986 section 3.2.2. A comma and a space are what two Host headers make.
_HOST: Final = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::[0-9]*)?")
NO_HOST: Final = "A request of HTTP/1.1 needs a Host header."  # RFC 9112 section 3.2


@dataclass(frozen=True, slots=True)
class Hosts:
    """Names of services that are steered over HTTP. `only` is the service, if there is just one."""

    services: Mapping[bytes, str]
    only: str | None

    def find(self, host: bytes | None, http10: bool) -> str:
        """The service (its host as configured). Raises Refusal: 400 without a usable Host, 404 for one nobody has here."""
        if host is None:
            return self._without_host(http10)
        service = self.services.get(host)
        if service is None:
            service = self.services.get(bare(host))
        if service is None:
            raise Refusal(404, "No service here has the name that the request is for.")
        return service

    def check(self, host: bytes | None, http10: bool) -> None:
        """Raises Refusal where `find` would not even look."""
        if host is not None:
            bare(host)
        elif not http10:
            raise Refusal(400, NO_HOST)

    def _without_host(self, http10: bool) -> str:
        if not http10:
            raise Refusal(400, NO_HOST)
        if self.only is None:
            raise Refusal(404, "A request without a Host header does not say which service it is for.")
        return self.only


def bare(host: bytes) -> bytes:
    """Without port, case and final dot. Raises Refusal for what is no host."""
    found = _HOST.fullmatch(host)
    if found is None:
        raise Refusal(400, "The Host header is not one host name.")
    return found[1].lower().removesuffix(b".")


def hosts_of(services: Sequence[Service]) -> Hosts:
    steered = [service for service in services if Door.HTTP in service.via]
    names = {name.encode(): service.host for service in steered for name in (service.host, *service.http_hosts)}
    return Hosts(names, steered[0].host if len(steered) == 1 else None)
