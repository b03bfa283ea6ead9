"""What `gslb simulate` predicts, and what a real node with thirteen real mirrors then does."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import dns.edns
import dns.message
import dns.query
import pytest

from gslb.geo import GeoIndex
from gslb.model import GeoSettings
from gslb.runtime.demo.sites import NODE, SITES
from gslb.runtime.simulator import drawn
from tests.scenarios.failing import DOWN_WITHIN_S, QUICK, root, running
from tests.scenarios.node import HOST, PATH, RunningNode, gslb

__all__ = ["root"]  # the fixture

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]  # thousands of requests, on a machine that may do other things

WITHIN = 0.02  # of all clients, at any site
TRIES = 2
Clients = list[tuple[IPv4Network, float]]


def crowd(count: int) -> Clients:
    """Networks of all countries, as the product draws them."""
    members = drawn(GeoIndex.open(GeoSettings()), None, 4, count).networks()
    return [(network, weight) for network, weight in members if isinstance(network, IPv4Network)]


def written(clients: Clients, folder: Path) -> str:
    path = folder / "clients.csv"
    path.write_text("network,weight\n" + "".join(f"{network},{weight!r}\n" for network, weight in clients))
    return f"networks:{path}"


def predicted(node: RunningNode, via: str, *words: str) -> Any:
    done = gslb("simulate", str(node.file), "--via", via, "--json", *words)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["source"]["kind"] == "node"
    return told


def shares(told: Any, side: str) -> dict[str, float]:
    return {row["site"]: row[side]["share"] for row in told["sites"]} | {"": told["none"][side]}


def seen(clients: Clients, sites: Iterable[str]) -> dict[str, float]:
    found: defaultdict[str, float] = defaultdict(float)
    for (_, weight), site in zip(clients, sites, strict=True):
        found[site] += weight
    whole = sum(weight for _, weight in clients)
    return {site: weight / whole for site, weight in found.items()}


def by_dns(node: RunningNode, clients: Clients) -> Iterator[str]:
    """Each client's network is told as the client subnet, as a resolver does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for network, _ in clients:
            option = dns.edns.ECSOption(str(network.network_address), network.prefixlen)
            query = dns.message.make_query(HOST, "A", use_edns=0, options=[option], flags=0)
            (rrset,) = dns.query.udp(query, node.dns[0], 10, node.dns[1], sock=sock).answer
            yield node.by_address[str(rrset[0])]


def by_http(node: RunningNode, clients: Clients) -> Iterator[str]:
    """From an address in the middle of each network."""
    connection = http.client.HTTPConnection(*node.http, timeout=20)
    for network, _ in clients:
        connection.request("HEAD", PATH, headers={"Host": HOST, "X-Forwarded-For": str(network[77])})
        response = connection.getresponse()
        response.read()
        assert response.status == 302
        yield node.by_url[response.headers["Location"].removesuffix(PATH.removeprefix("/"))]
    connection.close()


DOORS = {"dns": by_dns, "http": by_http}


def agree(told: Mapping[str, float], live: Mapping[str, float]) -> None:
    apart = {site: abs(told.get(site, 0.0) - live.get(site, 0.0)) for site in {*told, *live}}
    assert max(apart.values()) <= WITHIN, {site: (told.get(site), live.get(site)) for site in apart}


def is_out(node: RunningNode, clients: Clients, landed: list[str], gone: tuple[str, ...]) -> bool:
    """Whether both doors have the World without them: by one client of each, as it was sent there before."""
    for site in gone:
        network = clients[landed.index(site)][0]
        if node.condition(site) != "down" or {node.lands(str(network)), node.redirected(str(network[77]))} & set(gone):
            return False
    return True


def steady(node: RunningNode, gone: tuple[str, ...]) -> int:
    """The number of the World in which all others are as well as can be; 0 while one is slow, or starts, on a busy machine."""
    well = all(each["id"] in gone or (each["condition"] == "up" and not each["slow"]) for each in node.api("sites"))
    return int(node.api("status")["world"]) if well else 0


def asked(node: RunningNode, clients: Clients, gone: tuple[str, ...], *words: str) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """By door what is predicted, if there are words, and the site of each client, while nothing else happens."""
    told: dict[str, Any] = {}
    found: dict[str, list[str]] = {}
    for _ in range(TRIES):
        world = node.wait_for(lambda: steady(node, gone), 30, "the other sites are well")
        told = {via: predicted(node, via, *words) for via in DOORS if words}
        found = {via: list(ask(node, clients)) for via, ask in DOORS.items()}
        if steady(node, gone) == world:
            break
    return told, found


async def told_and_done(root: Path, folder: Path, count: int, *gone: str) -> None:
    clients = crowd(count)
    who = ["--population", written(clients, folder)]
    probes = {**QUICK, "location": list(NODE), "vantage": "tokyo"}
    async with running(root, folder, list(SITES), probes=probes) as (node, fleet):
        words = [*who, *(word for site in gone for word in ("--off", site))]
        told, before = await asyncio.to_thread(asked, node, clients, (), *words)
        for via in DOORS:
            agree(shares(told[via], "before"), seen(clients, before[via]))
        for site in gone:
            await fleet.kill(site)
        landed = before["dns"]
        await asyncio.to_thread(node.wait_for, lambda: is_out(node, clients, landed, gone), DOWN_WITHIN_S, f"{gone} are out")
        _, after = await asyncio.to_thread(asked, node, clients, gone)
        for via in DOORS:
            live = seen(clients, after[via])
            assert not live.keys() & set(gone)
            agree(shares(told[via], "after"), live)
            stayed = seen(clients, (old if old == new else "moved" for old, new in zip(before[via], after[via], strict=True)))
            assert told[via]["moved"] == pytest.approx(stayed["moved"], abs=WITHIN)


async def test_predicted_shares_are_those_of_a_live_run_with_a_site_killed_and_without(root, tmp_path):
    await told_and_done(root, tmp_path, 1000, "jp-osaka-1")


@pytest.mark.long
async def test_predicted_shares_are_those_of_a_live_run_where_a_region_gets_short_of_capacity(root, tmp_path):
    await told_and_done(root, tmp_path, 4000, "eu-london-1", "eu-frankfurt-1")
