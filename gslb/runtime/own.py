"""What is ours, so that no site can send a client back to us: service hosts, and the addresses we listen on."""

from __future__ import annotations

from gslb.model import Configuration


def own_names(configuration: Configuration) -> frozenset[tuple[str, int | None]]:
    """Host and port; a port of None is any port. An address alone is not ours: a site may share it at another port."""
    names: set[tuple[str, int | None]] = set()
    for service in configuration.services:
        names |= {(host, None) for host in (service.host, *service.http_hosts)}
    names |= {(endpoint.host, endpoint.port) for endpoint in (*configuration.listen.http, *configuration.listen.https)}
    return frozenset(names)
