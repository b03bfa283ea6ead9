"""The command that asks a node by hand what is explained."""

from __future__ import annotations

import shlex
from ipaddress import IPv4Address, IPv6Address, ip_address

from gslb.model import Client, Configuration, Door, Endpoint, View

_ANY = ("0.0.0.0", "::")


def by_hand(configuration: Configuration, host: str, client: Client, view: View, path: str | None) -> str:
    """`dig` with the client's subnet; `curl`, with the client's address where a proxy would be believed."""
    network = IPv4Address(client.network) if client.family == 4 else IPv6Address(client.network)
    if view.door is Door.DNS:
        kind = "A" if view.family == 4 else "AAAA"
        return f"dig {_at(configuration.listen.dns)}+norecurse {host} {kind} +subnet={network}/{client.length}"
    listen = configuration.listen
    doors = listen.https if view.tls else listen.http
    said = ["-H", f"X-Forwarded-For: {network}"] if listen.trusted_proxies else []
    scheme = "https" if view.tls else "http"
    if doors and not view.tls:
        said = ["-H", f"Host: {host}", *said]
        return shlex.join(["curl", "-sI", *said, f"{scheme}://{_authority(doors[0])}{path or '/'}"])
    return shlex.join(["curl", "-sI", *said, f"{scheme}://{host}{path or '/'}"])


def _at(doors: tuple[Endpoint, ...]) -> str:
    if not doors:
        return ""
    port = "" if doors[0].port == 53 else f"-p {doors[0].port} "
    return f"@{_reached(doors[0].host)} {port}"


def _authority(door: Endpoint) -> str:
    host = _reached(door.host)
    bracketed = f"[{host}]" if ip_address(host).version == 6 else host
    return bracketed if door.port == 80 else f"{bracketed}:{door.port}"


def _reached(host: str) -> str:
    """Who listens on all addresses is reached at the loopback one."""
    return host if host not in _ANY else "::1" if host == "::" else "127.0.0.1"
