"""Where clients land, on a real node with thirteen sites: near home, together, and where `gslb explain` says."""

import functools
import http.server
import json
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from gslb.runtime.demo.sites import SITES
from tests.scenarios.node import EUROPE, HOST, JAPAN, US, Document, RunningNode, document, gslb, networks, of_region, site

HONOLULU: Document = {"network": "198.51.100.0/24", "country": "US", "location": [21.3, -157.9]}
TOKYO: Document = {"network": "203.0.113.0/24", "country": "JP", "location": [35.68, 139.77]}
DEAD = "us-dallas-1"


@pytest.fixture(scope="module")
def mirrors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """One server that answers on every loopback address; gives its port."""
    root = tmp_path_factory.mktemp("tree")
    file = root / "archives/linux/oscircular/tcgeeks/v1.0/index.idx"
    file.parent.mkdir(parents=True)
    file.write_text("map\n")
    handler = functools.partial(Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("0.0.0.0", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


def thirteen(port: int, state_dir: Path, **changes: object) -> Document:
    geo = {"databases": ["bundled"], "overrides": [HONOLULU, TOKYO]}
    return document([site(each, port) for each in SITES], state_dir, geo=geo, **changes)


def kill(configuration: Document, *ids: str) -> None:
    """Nobody listens on port 9, which is where the probes go with the url."""
    for each in configuration["sites"]:
        if each["id"] in ids:
            each["url"] = f"http://{each['addresses'][0]}:9/"


@pytest.fixture(scope="module")
def node(mirrors: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """Of thirteen sites one is down: nobody listens on its port."""
    folder = tmp_path_factory.mktemp("node")
    configuration = thirteen(mirrors, folder / "state")
    kill(configuration, DEAD)
    with RunningNode(configuration, folder) as running:
        yield running


@pytest.mark.parametrize(("client", "region"), [(JAPAN, "jp"), (US, "us"), (EUROPE, "eu")])
def test_clients_land_in_their_own_region_with_a_true_scope(node, client, region):
    reply = node.ask(client)
    (option,) = [option for option in reply.options if option.otype == 8]
    assert node.lands(client).startswith(f"{region}-")
    assert option.scopelen >= 16
    inside = client.replace(".0.0/16", ".200.0/24")
    assert option.scopelen > 16 or node.lands(inside) == node.lands(client)


def test_honolulu_is_served_from_the_united_states(node):
    assert node.lands(HONOLULU["network"]).startswith("us-")
    assert node.redirected("198.51.100.7").startswith("us-")


def test_honolulu_falls_back_by_distance_where_no_order_is_written_and_never_to_frankfurt(mirrors, tmp_path):
    """US sites are nearer than Tokyo's; without them, Tokyo and its neighbours; Europe last."""
    configuration = thirteen(mirrors, tmp_path / "state")
    del configuration["services"][0]["regions"]
    kill(configuration, *(each.id for each in of_region("us")))
    with RunningNode(configuration, tmp_path) as running:
        assert running.lands(HONOLULU["network"]).startswith("jp-")
        kept = [line for line in running.api("explain", address="198.51.100.7")["sites"] if line["rank"]]
        assert [line["region"] for line in kept] == ["jp"] * 7 + ["eu"] * 3


def test_tokyo_and_its_neighbours_share_the_load_of_tokyo(mirrors, tmp_path):
    """Many networks of one place: each has one site, and no site has them all."""
    configuration = thirteen(mirrors, tmp_path / "state")
    placed = [{**TOKYO, "network": f"11.{number}.0.0/16"} for number in range(200)]
    configuration["geo"]["overrides"] += placed
    with RunningNode(configuration, tmp_path) as running:
        share = Counter(running.lands(each["network"]) for each in placed)
    assert set(share) == {"jp-tokyo-1", "jp-tsukuba-1", "jp-nagoya-1"}
    assert all(count > 200 / 3 * 0.6 for count in share.values())


def test_a_client_network_has_one_site_over_a_thousand_questions_through_both_doors(node):
    by_dns = {node.lands(f"133.11.{number}.0/24") for number in range(250) for _ in range(2)}
    by_http = {node.redirected(f"133.11.{number}.{number}") for number in range(250) for _ in range(2)}
    assert len(by_dns) == 1
    assert by_dns == by_http


def test_when_one_of_thirteen_sites_leaves_only_its_own_clients_move(mirrors, tmp_path):
    configuration = thirteen(mirrors, tmp_path / "state")
    clients = list(networks(600))
    with RunningNode(configuration, tmp_path) as running:
        before = {client: running.lands(client) for client in clients}
        gone = before.get(JAPAN, "jp-tokyo-1")
        left = [each for each in configuration["sites"] if each["id"] != gone]
        running.write({**configuration, "sites": left})
        running.wait_for(lambda: running.events("reload"), 20, "the file is read again")
        running.wait_for(lambda: running.lands("133.11.0.0/16") != gone, 20, "nobody lands on the site that left")
        after = {client: running.lands(client) for client in clients}
    moved = {client for client in clients if before[client] != after[client]}
    assert moved == {client for client in clients if before[client] == gone}
    assert 0 < len(moved) < len(clients) / 4


@pytest.mark.parametrize("via", ["dns", "http"])
@pytest.mark.parametrize("client", ["133.11.0.1", "18.0.0.1", "141.20.0.1", "198.51.100.7", "10.1.2.3"])
def test_explain_names_every_site_and_agrees_with_what_the_doors_do(node, client, via):
    said = gslb("explain", str(node.file), client, "--via", via, "--json")
    assert (said.returncode, said.stderr) == (0, "")
    told = json.loads(said.stdout)
    assert told["source"]["kind"] == "node"
    assert {line["site"] for line in told["sites"]} == {each.id for each in SITES}
    assert all(line["reason"] for line in told["sites"])
    (first,) = [line["site"] for line in told["sites"] if line["rank"] == 1]
    assert first == (node.lands(f"{client}/32") if via == "dns" else node.redirected(client))


def test_explain_says_why_a_site_is_dropped(node):
    lines = gslb("explain", str(node.file), "18.0.0.1").stdout.splitlines()
    (dead,) = [line for line in lines if DEAD in line]
    assert "down: " in dead
    assert HOST in lines[3]
