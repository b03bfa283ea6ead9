"""Where would this client land, and why: what both doors would do, told for people."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Literal
from urllib.parse import unquote

from pydantic import BaseModel, Field

from gslb.admin.by_hand import by_hand
from gslb.errors import UsageError
from gslb.geo.distance import distance_km
from gslb.model import Client, Decision, Door, Family, Network, Request, Service, Site, View, World
from gslb.steering import Lookup, Scopes, decide, locate
from gslb.steering.map import map_of
from gslb.steering.terms import Terms, terms

Via = Literal["dns", "http", "https"]


class ExplainedClient(BaseModel):
    """`network` is what steering goes by; `location` is [latitude, longitude]."""

    address: str = Field(description="Of a network, its first.")
    given: str = Field(description="What is explained: an address, or a network.")
    resolver: str | None = Field(description="Who asked on its behalf, by DNS.")
    network: str
    country: str | None
    location: tuple[float, float] | None
    asn: int | None
    home: str | None


class ExplainedSite(BaseModel):
    """Kept with a `rank` from 1, or dropped by `filter`, for `reason`."""

    site: str
    region: str
    rank: int | None
    filter: str
    reason: str
    distance_km: float | None
    addresses: list[str]
    share: float = Field(description="Of the clients that are alike, the part for which this site comes first; 0 to 1.")
    weight: int
    capacity: int | None = Field(description="Mbit/s")
    latency_ms: float | None = Field(description="As the nearest vantage has it, for clients near one.")
    vantage: str | None = Field(description="That one.")


class Stage(BaseModel):
    """One filter, in the order of the chain: which sites it dropped, and how many were left after it."""

    filter: str
    dropped: list[str]
    left: int


class Explanation(BaseModel):
    """`answers` are what the door tells this client: addresses, or the URL of the redirect.

    `scope` is as wide as the `map` allows; or no wider than the block of the `database`, while the tree of scopes grows.
    """

    service: str
    via: Via
    family: int
    path: str | None
    client: ExplainedClient
    why: str
    answers: list[str]
    ttl_s: int
    scope: int
    scope_by: Literal["map", "database"]
    slot: int
    world: int
    command: str = Field(description="Asks this node the same by hand.")
    policy: list[str] = Field(description="The chain of filters, in order.")
    stages: list[Stage] = Field(description="Rules and restrictions first, then the chain; without filters that only order.")
    sites: list[ExplainedSite]


def explain(
    world: World,
    lookup: Lookup,
    address: IPv4Address | IPv6Address | Network,
    service: str | None = None,
    via: Via = "dns",
    path: str | None = None,
    family: Family | None = None,
    scopes: Scopes | None = None,
    resolver: IPv4Address | IPv6Address | None = None,
) -> Explanation:
    """`address` may be a network, as a client subnet of DNS is; `resolver` is who sent that, and is seen by DNS alone.
    `family` is that of the address asked for (A, AAAA) or connected from; by default the client's own.
    `scopes` are the trees that the doors go by.

    Raises UsageError for a service that is not there, or none where there is more than one.
    """
    found = _service(world, service, Door.DNS if via == "dns" else Door.HTTP)
    network = address if isinstance(address, IPv4Network | IPv6Network) else ip_network((address.packed, address.max_prefixlen))
    asker = resolver if via == "dns" else None
    seen_by = (asker.version, int(asker)) if asker else None
    client = locate(lookup, network.version, int(network.network_address), network.prefixlen, seen_by)
    view = _view(via, family or address.version)
    told = path if via != "dns" else None
    decoded = None if told is None else unquote(told.partition("?")[0], errors="replace")  # as the redirector reads it
    request = Request(found.host, view, decoded)
    decision = decide(world, client, request)
    steering = map_of(world)
    return Explanation(
        service=found.host,
        via=via,
        family=view.family,
        path=told,
        client=_client(network, asker, client, steering.classify(found.host, client).home),
        why=decision.why.value,
        answers=_answers(world, decision, view, path),
        ttl_s=decision.ttl_s,
        scope=steering.scope(found.host, client, scopes),
        scope_by="map" if scopes is not None and steering.services[found.host].key in scopes.trees else "database",
        slot=steering.slot(found.host, client),
        world=decision.world,
        command=by_hand(world.configuration, found.host, client, view, told),
        policy=list(found.policy),
        stages=list(_stages(decision)),
        sites=list(_sites(world, client, decision, terms(world, client, request))),
    )


def _service(world: World, host: str | None, door: Door) -> Service:
    services = [service for service in world.configuration.services if door in service.via]
    names = ", ".join(service.host for service in services) or "none"
    if host is None and len(services) == 1:
        return services[0]
    if host is None:
        raise UsageError(f"say which service; by {door} there is {names}")
    wanted = host.lower().removesuffix(".")
    for service in services:
        if wanted == service.host or (door is Door.HTTP and wanted in service.http_hosts):
            return service
    raise UsageError(f"there is no service {wanted} by {door}; there is {names}")


def _view(via: Via, family: Family) -> View:
    first = {"dns": View.DNS4, "http": View.HTTP4, "https": View.HTTPS4}[via]
    return View(first + (family == 6))


def _client(given: Network, resolver: IPv4Address | IPv6Address | None, client: Client, home: str | None) -> ExplainedClient:
    bits = IPv4Address(client.network) if client.family == 4 else IPv6Address(client.network)
    place = client.place
    return ExplainedClient(
        address=str(given.network_address),
        given=str(given.network_address) if given.prefixlen == given.max_prefixlen else str(given),
        resolver=str(resolver) if resolver else None,
        network=str(ip_network((int(bits), client.length)) if client.family == 4 else ip_network((bits.packed, client.length))),
        country=place.country,
        location=place.location,
        asn=place.asn,
        home=home,
    )


def _answers(world: World, decision: Decision, view: View, path: str | None) -> list[str]:
    told = decision.choices[: decision.told]
    if view.door is Door.DNS:
        return [str(address) for choice in told for address in choice.addresses] or [str(each) for each in decision.addresses]
    sites = [world.configuration.site(choice.site) for choice in told]
    return [_url(site, view) + (path or "/").removeprefix("/") for site in sites]


def _url(site: Site, view: View) -> str:
    return site.url_https or site.url if view.tls else site.url


def _stages(decision: Decision) -> Iterator[Stage]:
    """The traces name for each site that was dropped the filter that did it: they are told in the order that filters run."""
    dropped: dict[str, list[str]] = {}
    for trace in decision.trace:
        if trace.rank is None:
            dropped.setdefault(trace.filter, []).append(trace.site)
    left = len(decision.trace)
    for name in sorted(dropped, key=lambda each: _RUN.index(each) if each in _RUN else len(_RUN)):
        left -= len(dropped[name])
        yield Stage(filter=name, dropped=dropped[name], left=left)


# Whom a site serves at all, then what it can, then the chain, then the request's own wish.
_RUN = ("only", "rules", "address", "up", "content", "nearest", "fastest", "spill", "sticky", "first", "avoid")


def _sites(world: World, client: Client, decision: Decision, weighed: Terms) -> list[ExplainedSite]:
    told = {choice.site: choice.addresses for choice in decision.choices}
    here = client.place.location
    found = []
    for trace in decision.trace:
        site = world.configuration.site(trace.site)
        far = round(distance_km(here, site.location), 1) if here else None
        measured = weighed.latency.get(site.id)
        found.append(
            ExplainedSite(
                site=site.id,
                region=site.region,
                rank=trace.rank,
                filter=trace.filter,
                reason=trace.reason,
                distance_km=far,
                addresses=[str(address) for address in told.get(site.id, ())],
                share=weighed.shares.get(site.id, 0.0),
                weight=site.weight,
                capacity=site.capacity,
                latency_ms=measured.used_ms if measured else None,
                vantage=measured.vantage if measured else None,
            )
        )
    return found
