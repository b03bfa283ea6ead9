"""What to probe: every check of a service, at each address of each site, through each door.

A client that DNS sent to a site says `Host: <service>`, one that was redirected says the host of the site's
`url`. A mirror may have one virtual host and lack the other, so each door has its own check and its own
health. Where both come to the same bytes on the wire the scheduler makes one exchange of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from gslb.model import Address, CheckSettings, Configuration, Door, Family, Service, Site, StandingKey
from probes.model import DEFAULT_PORTS, Check, Target


class TargetKey(NamedTuple):
    """The meaning of `Target.key`. In text: service/door/site/address."""

    service: str
    door: Door
    site: str
    address: Address

    def __str__(self) -> str:
        return f"{self.service}/{self.door}/{self.site}/{self.address}"

    @property
    def family(self) -> Family:
        return self.address.version

    @property
    def standing(self) -> StandingKey:
        return StandingKey(self.service, self.door, self.site, self.family)

    @classmethod
    def parse(cls, text: str) -> TargetKey:
        """Raises ValueError for what is no key."""
        service, door, rest = text.split("/", 2)
        site, address = rest.rsplit("/", 1)
        return cls(service, Door(door), site, ip_address(address))


def targets(configuration: Configuration) -> tuple[Target, ...]:
    """In the order of the configuration, one per key."""
    return tuple(
        target(key, configuration.service(key.service), configuration.site(key.site)) for key in target_keys(configuration)
    )


def target_keys(configuration: Configuration) -> Iterator[TargetKey]:
    for service in configuration.services:
        for door in Door:
            if door in service.via:
                for site in serving(service, configuration.sites):
                    yield from (TargetKey(service.host, door, site.id, address) for address in site.addresses)


def serving(service: Service, sites: tuple[Site, ...]) -> tuple[Site, ...]:
    """The sites that some client of the service may be sent to: of a region in any of its orders, or named by a rule. To probe
    others would be to ask strangers."""
    orders = service.regions
    if not orders or ("default" not in orders and any(site.region not in orders for site in sites)):
        return sites
    named = {region for order in orders.values() for region in order}
    named |= {name for rule in service.rules if rule.action != "never" for name in rule.targets}
    return tuple(site for site in sites if site.region in named or site.id in named)


def target(key: TargetKey, service: Service, site: Site) -> Target:
    settings = service.check
    url = _url(settings, site)
    port = settings.port or _url_port(settings, url) or DEFAULT_PORTS.get(settings.type, 80)
    return Target(
        key=str(key),
        site=site.id,
        address=str(key.address),
        port=port,
        check=_check(settings, service),
        host=settings.host or _host(key.door, settings, service, url, port),
    )


def _check(settings: CheckSettings, service: Service) -> Check:
    """Port and host are left to the target, so that checks that differ only in how they say it are equal."""
    return Check(
        type=settings.type,
        path=settings.path,
        method=settings.method,
        status=settings.status,
        contains=settings.contains,
        size=settings.size,
        sha256=settings.sha256,
        verify=settings.verify,
        command=settings.command,
        query_name=service.host if settings.type == "dns" else None,
    )


def _url(settings: CheckSettings, site: Site) -> SplitResult:
    return urlsplit(site.url_https if settings.type == "https" and site.url_https else site.url)


def _url_port(settings: CheckSettings, url: SplitResult) -> int | None:
    """The port of the URL, where it is one for this type of check: https is not asked of an http port."""
    if settings.type == "dns" or (settings.type == "https" and url.scheme != "https"):
        return None
    return url.port or DEFAULT_PORTS.get(url.scheme)


def _host(door: Door, settings: CheckSettings, service: Service, url: SplitResult, port: int) -> str:
    """What a client of this door sends as `Host`. Where nothing is sent, doors do not differ."""
    if settings.type not in ("http", "https"):
        return service.host
    name = url.hostname if door is Door.HTTP and url.hostname else service.host
    host = f"[{name}]" if ":" in name else name
    return host if port == DEFAULT_PORTS[settings.type] else f"{host}:{port}"
