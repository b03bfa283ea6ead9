"""Files that change under a running node: good ones swap in, bad ones are refused, and queries are answered all the time."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.geo.makers import city, mmdb
from tests.scenarios.lifecycle import Burst, Node, settings, started, wait_until

CLIENT = "198.18.0.0/24"  # a network that the bundled database does not know
TOKYO, NEW_YORK = city("JP", 35.68, 139.77), city("US", 40.7, -74.0)
OVERRIDE = {"network": "198.18.0.0/15", "country": "DE", "location": [50.1, 8.7]}


def database(folder: Path, record: object) -> Path:
    """Renamed into place, as geoipupdate does."""
    path = folder / "city.mmdb"
    mmdb(folder / "new.mmdb", {"198.18.0.0/15": record, "128.0.0.0/2": city("US", 37.0, -122.0)})  # type: ignore[dict-item]
    (folder / "new.mmdb").replace(path)
    return path


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reload")
    database(folder, TOKYO)
    with started(folder, geo={"databases": ["city.mmdb", "bundled"]}) as node:
        yield node


def last(node: Node, *kinds: str) -> str:
    return str(node.told(*kinds)[-1]["event"])


def lands_on(node: Node, site: str) -> None:
    """Through both doors, from every worker."""
    wait_until(lambda: all(node.lands(CLIENT) == node.redirected("198.18.0.9") == site for _ in range(16)), 30, f"it is {site}")


def reloads(node: Node) -> int:
    return len(node.told("reload", "reload-refused"))


def test_a_replaced_database_moves_its_clients(node):
    lands_on(node, "jp-1")
    database(node.folder, NEW_YORK)
    lands_on(node, "us-1")
    assert last(node, "geo-replaced") == "the GeoIP databases were read again"


def test_a_broken_database_is_refused_and_a_worker_that_starts_then_does_without_it(node):
    (node.folder / "city.mmdb").write_bytes(b"half of a download" * 1000)
    wait_until(lambda: node.told("geo-refused"), 20, "it is refused")
    assert "a new database was refused, the old one stays: " in last(node, "geo-refused")
    lands_on(node, "us-1")
    old = node.worker_pids()
    for pid in old.values():
        os.kill(pid, signal.SIGKILL)
    assert Burst(node, 40).answered() == 40
    database(node.folder, TOKYO)
    lands_on(node, "jp-1")


def test_overrides_reach_the_workers_without_a_change_of_databases(node):
    node.change(geo={"databases": ["city.mmdb", "bundled"], "overrides": [OVERRIDE]})
    lands_on(node, "eu-1")
    node.change(geo={"databases": ["city.mmdb", "bundled"]})
    lands_on(node, "jp-1")


def test_a_file_written_in_place_is_read_when_it_is_whole(node):
    before, text = reloads(node), json.dumps({**node.configuration, "geo": {"overrides": [OVERRIDE]}}, indent=1)
    with node.file.open("w") as file:
        for start in range(0, len(text), 400):
            file.write(text[start : start + 400])
            file.flush()
            time.sleep(0.05)
    lands_on(node, "eu-1")
    assert reloads(node) == before + 1
    node.change()
    lands_on(node, "jp-1")


def test_sighup_reads_at_once_and_says_so_when_nothing_changed(node):
    before = reloads(node)
    node.process.send_signal(signal.SIGHUP)
    wait_until(lambda: reloads(node) == before + 1, 20, "it is read")
    assert last(node, "reload") == "the configuration was read again: no change"


def test_a_bad_file_is_refused_with_its_first_fault_and_the_old_one_runs_on(node):
    world = node.world()
    node.change(probes={"interval": "soon"}, sites=[])
    wait_until(lambda: node.api("config")["reload"]["accepted"] is False, 20, "it is refused")
    said = last(node, "reload-refused")
    assert said.startswith(f"the configuration was refused, the old one keeps running: {node.file}:")
    assert said.endswith(" more)")
    assert node.metric("gslb_config_reload_success") == {"": 0.0}
    assert node.world() >= world
    lands_on(node, "jp-1")


def test_what_takes_a_restart_is_told_and_does_not_change_by_halves(node):
    fresh = settings(node.folder, geo={"databases": ["city.mmdb", "bundled"]})
    listen = node.configuration["listen"] | {"http": ["127.0.0.1:1"]}
    node.configuration = {**fresh, "listen": listen, "node": "renamed"}
    node.write(node.configuration)
    said = "listen changed, which takes a restart; node changed, which takes a restart"
    wait_until(lambda: any(said in line["event"] for line in node.told("reload")), 20, "it is told")
    time.sleep(1)  # the node asks itself every interval
    assert node.told("listener-deaf") == []
    lands_on(node, "jp-1")
