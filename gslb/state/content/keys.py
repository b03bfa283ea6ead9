"""What to look at: every release set that is scanned, at each address of each site that carries it, through each door.

As with the probes of health: a client that DNS sent says `Host: <service>` and asks for the path of the set; one that was
redirected asks for what the site's `url` makes of it. Where both come to the same on the wire, it is looked at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

from gslb.model import Address, Configuration, ContentSet, Door, Family, HoldingKey, Service, SetKey, Site, StandingKey
from gslb.state.targets import TargetKey, serving
from probes.content.model import ContentTarget
from probes.model import DEFAULT_PORTS

_PLAIN: Final = "/!$&'()*+,;=:@~"  # in a path of a URL (RFC 3986 section 3.3)


class ContentKey(NamedTuple):
    """The meaning of `ContentTarget.key`. In text: service/set/door/site/address."""

    service: str
    content: str
    door: Door
    site: str
    address: Address

    def __str__(self) -> str:
        return f"{self.service}/{self.content}/{self.door}/{self.site}/{self.address}"

    @property
    def family(self) -> Family:
        return self.address.version

    @property
    def set(self) -> SetKey:
        return SetKey(self.service, self.content)

    @property
    def holding(self) -> HoldingKey:
        return HoldingKey(self.service, self.content, self.door, self.site, self.family)

    @property
    def standing(self) -> StandingKey:
        return StandingKey(self.service, self.door, self.site, self.family)

    @property
    def target(self) -> TargetKey:
        """Of the probes of health at the same place."""
        return TargetKey(self.service, self.door, self.site, self.address)

    @classmethod
    def parse(cls, text: str) -> ContentKey:
        """Raises ValueError for what is no key."""
        service, content, door, rest = text.split("/", 3)
        site, address = rest.rsplit("/", 1)
        return cls(service, content, Door(door), site, ip_address(address))


def content_targets(configuration: Configuration) -> tuple[ContentTarget, ...]:
    """In the order of the configuration, one per key."""
    return tuple(
        _target(ContentKey(service.host, content.name, door, site.id, address), service, content, site)
        for service, content in scanned_sets(configuration)
        for door in Door
        if door in service.via
        for site in carrying(configuration, service, content)
        for address in site.addresses
    )


def scanned_sets(configuration: Configuration) -> Iterator[tuple[Service, ContentSet]]:
    for service in configuration.services:
        yield from ((service, content) for content in service.content if content.scanned)


def carrying(configuration: Configuration, service: Service, content: ContentSet) -> tuple[Site, ...]:
    """The sites of a service that an operator says have the set."""
    sites = serving(service, configuration.sites)
    return tuple(site for site in sites if site.content is None or content.name in site.content)


def _target(key: ContentKey, service: Service, content: ContentSet, site: Site) -> ContentTarget:
    check = service.check
    url = urlsplit(site.url_https if check.type == "https" and site.url_https else site.url)
    tls = url.scheme == "https"
    own = url.port or DEFAULT_PORTS["https" if tls else "http"]
    by_dns = key.door is Door.DNS
    port = check.port if by_dns and check.port and check.type in ("http", "https") else own
    return ContentTarget(
        key=str(key),
        site=site.id,
        address=str(key.address),
        port=port,
        host=_host(service.host if by_dns else url.hostname or service.host, port, tls),
        prefix=quote(content.prefix, safe=_PLAIN) if by_dns else _below(url, content),
        tls=tls,
        verify=check.verify,
        manifest=content.manifest,
        sentinels=content.sentinels,
        lock=content.lock,
        sample=content.sample,
        every_s=content.every_s,
        rsync=None if site.rsync is None else site.rsync.rstrip("/") + "/" + content.prefix.lstrip("/"),
    )


def _below(url: SplitResult, content: ContentSet) -> str:
    """As a redirect writes it: the path is appended, with one slash between."""
    return url.path.rstrip("/") + "/" + quote(content.prefix, safe=_PLAIN).removeprefix("/")


def _host(name: str, port: int, tls: bool) -> str:
    host = f"[{name}]" if ":" in name else name
    return host if port == DEFAULT_PORTS["https" if tls else "http"] else f"{host}:{port}"
