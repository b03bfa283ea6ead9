"""A Decision told to people and to programs: a plain dictionary, and the same as lines."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from gslb.model import ADDRESS_BITS, Client, Decision, Request, Why
from gslb.steering.classes import ClientClass

WHY: Mapping[Why, str] = {
    Why.NEAREST: "the nearest site that is up",
    Why.FASTEST: "measured latency outranks distance here",
    Why.RULE: "a rule of the service says so",
    Why.SPILL: "the nearest region is short of capacity, and this client is one of those it gives away",
    Why.DEFAULT: "nobody knows where this client is: the default order",
    Why.FAIL_OPEN: "every site is down, so one is tried all the same",
    Why.STARTING: "the first round of probes is not in yet: geography alone",
    Why.ALL_DOWN: "no site is left that may be served",
    Why.ALL_DOWN_ADDRESSES: "every site is down: the addresses configured for that",
    Why.NO_ADDRESS: "no site has an address of this family, or https",
    Why.RESTRICTED: "rules and restrictions leave this client no site",
}


def explain(decision: Decision, client: Client, client_class: ClientClass, request: Request, slot: int) -> dict[str, Any]:
    """Plain values alone: it goes into JSON as it is."""
    return {
        "service": request.service,
        "door": request.view.door.value,
        "family": request.view.family,
        "tls": request.view.tls,
        "path": request.path,
        "client": _client(client) | {"home": client_class.home, "slot": slot},
        "why": decision.why.value,
        "reason": WHY[decision.why],
        "told": [choice.site for choice in decision.choices[: decision.told]],
        "addresses": _addresses(decision),
        "ttl_s": decision.ttl_s,
        "scope": decision.scope,
        "world": decision.world,
        "sites": [
            {"site": line.site, "rank": line.rank, "filter": line.filter, "reason": line.reason} for line in decision.trace
        ],
    }


def _addresses(decision: Decision) -> list[str]:
    told = [address for choice in decision.choices[: decision.told] for address in choice.addresses]
    return [str(address) for address in (*told, *decision.addresses)]


def _client(client: Client) -> dict[str, Any]:
    place = client.place
    shift = ADDRESS_BITS[client.family] - client.length
    network = ip_network((client.network >> shift << shift, client.length))
    return {
        "network": str(network),
        "country": place.country,
        "location": None if place.location is None else list(place.location),
        "asn": place.asn,
        "placed_by_resolver": client.special is not None,
    }


def lines(explained: Mapping[str, Any]) -> list[str]:
    """For a terminal: who asks, what it gets and why, then a line a site."""
    told = ", ".join(explained["told"]) or ", ".join(explained["addresses"]) or "nothing"
    head = [
        f"{explained['client']['network']} ({_where(explained['client'])})",
        f"{explained['service']} over {explained['door']}, IPv{explained['family']}: {told}",
        f"because {explained['reason']} ({explained['why']})",
        f"for {explained['ttl_s']} s and all of its /{explained['scope']}, in world {explained['world']}",
    ]
    width = max((len(line["site"]) for line in explained["sites"]), default=0)
    return head + [_site_line(line, width) for line in explained["sites"]]


def _where(client: Mapping[str, Any]) -> str:
    location = client["location"]
    parts = [
        client["country"],
        None if location is None else f"{location[0]:g} {location[1]:g}",
        None if client["asn"] is None else f"AS{client['asn']}",
        "placed by its resolver" if client["placed_by_resolver"] else None,
        None if client["home"] is None else f"home region {client['home']}",
    ]
    return ", ".join(part for part in parts if part) or "nobody knows where it is"


def _site_line(line: Mapping[str, Any], width: int) -> str:
    rank = "-" if line["rank"] is None else str(line["rank"])
    kept = "" if line["rank"] is not None else f"dropped ({line['filter']}): "
    return f"{rank:>3} {line['site']:<{width}}  {kept}{line['reason']}"
