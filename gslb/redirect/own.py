"""Our own URLs, from the configuration alone: what a client wrote in Host is told to nobody (BEHAVIOUR, HTTP 6)."""

from __future__ import annotations

from gslb.model import Configuration, Door, Service


def own_url(configuration: Configuration, service: Service, tls: bool) -> str | None:
    """Where the redirector serves this service, without the slash at the end. None where no name is known to lead to it: a
    host that is steered in DNS leads to the mirrors.
    """
    public = service.public_url_https if tls else service.public_url
    if public is not None:
        return public[:-1]
    names = service.http_hosts if Door.DNS in service.via else (*service.http_hosts, service.host)
    endpoints = configuration.listen.https if tls else configuration.listen.http
    if not names or not endpoints:
        return None
    scheme, usual = ("https", 443) if tls else ("http", 80)
    port = endpoints[0].port
    return f"{scheme}://{names[0]}" + ("" if port == usual else f":{port}")
