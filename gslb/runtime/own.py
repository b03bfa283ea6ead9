"""What is ours, so that no site can send a client back to us: service hosts, and the addresses we listen on."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator
from pathlib import Path

from gslb.model import Configuration, Endpoint


def own_names(configuration: Configuration) -> frozenset[tuple[str, int | None]]:
    """Host and port; a port of None is any port. An address alone is not ours: a site may share it at another port."""
    names: set[tuple[str, int | None]] = set()
    for service in configuration.services:
        names |= {(host, None) for host in (service.host, *service.http_hosts)}
    for endpoint in (*configuration.listen.http, *configuration.listen.https):
        names |= {(host, endpoint.port) for host in _hosts(endpoint)}
    return frozenset(names)


def _hosts(endpoint: Endpoint) -> frozenset[str]:
    """The address, or for a wildcard every address that this machine has now."""
    address = ipaddress.ip_address(endpoint.host)
    if not address.is_unspecified:
        return frozenset((endpoint.host,))
    return frozenset(_local6() if address.version == 6 else _local4())


def _local4() -> Iterator[str]:
    """From the routing table of the kernel: each line "|-- ADDRESS" is followed by what it is."""
    yield "127.0.0.1"
    address = ""
    for line in _lines("/proc/net/fib_trie"):
        if found := re.search(r"-- (\S+)", line):
            address = found[1]
        elif "/32 host LOCAL" in line:
            yield address


def _local6() -> Iterator[str]:
    yield "::1"
    for line in _lines("/proc/net/if_inet6"):
        yield socket.inet_ntop(socket.AF_INET6, bytes.fromhex(line.split()[0]))


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
