"""A zone file by path under a running node: a good one is served at once, a bad one is refused, and the old one stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.lifecycle import Node, started, wait_until
from tests.scenarios.node import HOST

ZONE: dict[str, Any] = {
    "name": HOST,
    "nameservers": {f"ns1.{HOST}": ["127.0.0.1"]},
    "contact": "hostmaster@inetboot.net",
    "records_file": "boot.zone",
}


def write(node_folder: Path, text: str, name: str = "boot.zone") -> None:
    partial = node_folder / "partial"
    partial.write_text(text)
    partial.replace(node_folder / name)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("zone-file")
    write(folder, "info TXT first\n")
    with started(folder, zones=[ZONE]) as node:
        yield node


def text_of(node: Node, name: str = "info") -> str:
    return "".join(str(rrset[0]) for rrset in node.ask(rdtype="TXT", name=f"{name}.{HOST}").answer)


def serial(node: Node) -> int:
    return int(node.ask(rdtype="SOA").answer[0][0].serial)


def says(node: Node, text: str) -> None:
    """From every worker."""
    wait_until(lambda: all(text_of(node) == f'"{text}"' for _ in range(16)), 30, f"it says {text}")


def test_another_zone_file_is_served_at_once_under_a_higher_serial(node):
    says(node, "first")
    before = serial(node)
    write(node.folder, "info TXT second\n")
    says(node, "second")
    assert serial(node) > before
    assert f"zone {HOST}: records changed" in str(node.told("reload")[-1]["event"])


def test_a_bad_one_is_refused_with_its_line_and_the_old_one_stays_until_it_is_mended(node):
    write(node.folder, "info TXT third\nwww A nowhere\n")
    wait_until(lambda: node.told("reload-refused"), 20, "it is refused")
    refused = str(node.told("reload-refused")[-1]["event"])
    assert f"{node.folder}/boot.zone:2: zones[0].records_file: " in refused
    assert node.metric("gslb_config_reload_success") == {"": 0.0}
    says(node, "second")
    write(node.folder, "info TXT third\n")
    says(node, "third")


def test_a_new_name_is_watched_from_its_first_refusal_on(node):
    write(node.folder, "info SRV x\n", "new.zone")
    refusals = len(node.told("reload-refused"))
    node.change(zones=[ZONE | {"records_file": "new.zone"}])
    wait_until(lambda: len(node.told("reload-refused")) > refusals, 20, "it is refused")
    says(node, "third")
    write(node.folder, "info TXT fourth\n", "new.zone")
    says(node, "fourth")
    write(node.folder, "info TXT gone\n")
    write(node.folder, "info TXT fifth\n", "new.zone")
    says(node, "fifth")


def test_a_serial_that_is_written_is_served(node):
    soa = "@ 300 SOA ns1 hostmaster {} 3600 600 86400 30\ninfo TXT sixth\n"
    write(node.folder, soa.format(4_000_000_001), "new.zone")
    whole = {key: value for key, value in ZONE.items() if key != "contact"}
    node.change(zones=[whole | {"records_file": "new.zone"}])
    says(node, "sixth")
    wait_until(lambda: serial(node) == 4_000_000_001, 20, "it is the serial")
