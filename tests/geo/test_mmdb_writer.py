"""Read back with the readers of others: the C and the pure Python one of maxminddb, and geoip2."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import geoip2.database
import maxminddb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.geo.mmdb_writer import Tree, Value, database, write
from gslb.model import Network
from tests.geo.makers import city, mmdb
from tests.geo.networks import disjoint_networks

MODES = pytest.mark.parametrize("mode", [maxminddb.MODE_MMAP_EXT, maxminddb.MODE_MEMORY])
EVERY_KIND: dict[str, Value] = {
    "text": "日本 Öl",
    "long": "x" * 300,
    "longer": "y" * 70_000,
    "double": -12.5,
    "true": True,
    "false": False,
    "numbers": [0, 1, 0xFFFF, 0x10000, 1 << 32, 1 << 64, (1 << 128) - 1],
    "empty": {},
    "names": {f"key-{number}": number for number in range(40)},
}


@MODES
def test_every_kind_of_value_comes_back(tmp_path: Path, mode: int):
    path = mmdb(tmp_path / "x.mmdb", {"192.0.2.0/24": EVERY_KIND})
    with maxminddb.open_database(path, mode) as reader:
        assert reader.get("192.0.2.1") == EVERY_KIND


@MODES
@pytest.mark.parametrize("record_size", [24, 28, 32])
@pytest.mark.parametrize("ip_version", [4, 6])
def test_every_size_of_record(tmp_path: Path, mode: int, record_size: int, ip_version: int):
    path = tmp_path / "x.mmdb"
    entries: list[tuple[Network, Value]] = [
        (ip_network("10.0.0.0/8"), "ten"),
        (ip_network("203.0.113.0/25"), "last"),
    ]
    write(path, entries, "Test", ip_version=ip_version, record_size=record_size)
    with maxminddb.open_database(path, mode) as reader:
        assert reader.metadata().record_size == record_size
        assert reader.get_with_prefix_len("10.9.8.7") == ("ten", 8)
        assert reader.get_with_prefix_len("203.0.113.127") == ("last", 25)
        assert reader.get_with_prefix_len("203.0.113.128") == (None, 25)


def test_geoip2_reads_it(tmp_path: Path):
    path = mmdb(
        tmp_path / "x.mmdb",
        {"133.11.0.0/16": city("JP", 35.7, 139.8), "2001:200::/32": city("JP", 35.4, 139.4)},
    )
    with geoip2.database.Reader(path) as reader:
        answer = reader.city("133.11.2.3")
        assert (answer.country.iso_code, answer.location.latitude) == ("JP", 35.7)
        assert str(answer.traits.network) == "133.11.0.0/16"
        assert reader.city("2001:200::1").location.longitude == 139.4


def test_the_metadata_tells_what_it_is(tmp_path: Path):
    path = tmp_path / "x.mmdb"
    write(
        path,
        [(ip_network("::/1"), "half")],
        "Test-City",
        description="made for a test",
        build_epoch=1_700_000_000,
    )
    with maxminddb.open_database(path) as reader:
        metadata = reader.metadata()
        assert (metadata.binary_format_major_version, metadata.ip_version) == (2, 6)
        assert (metadata.database_type, metadata.build_epoch) == ("Test-City", 1_700_000_000)
        assert metadata.description == {"en": "made for a test"}


def test_equal_siblings_become_one_network(tmp_path: Path):
    path = mmdb(tmp_path / "x.mmdb", {f"10.0.{third}.0/24": "same" for third in range(256)})
    with maxminddb.open_database(path) as reader:
        assert reader.get_with_prefix_len("10.0.77.1") == ("same", 16)


def test_subtrees_that_look_alike_are_written_once():
    once, often = Tree(32), Tree(32)
    once.add(0, 28, 0)
    for block in range(256):
        often.add(block << 24, 28, 0)
    for tree in (once, often):
        tree.finish()
    assert len(often) == len(once)  # 8 levels of choice less, 8 of pairs more


def test_the_same_input_gives_the_same_bytes(tmp_path: Path):
    entries: dict[str, Value] = {"10.0.0.0/8": city("JP", 35.7, 139.8), "11.0.0.0/8": city("US")}
    first = mmdb(tmp_path / "a.mmdb", entries).read_bytes()
    assert mmdb(tmp_path / "b.mmdb", dict(reversed(entries.items()))).read_bytes() == first


def test_a_tree_of_nothing_and_a_tree_of_one_leaf_have_a_root():
    for networks in ([], [(0, 0, 0)]):
        tree = Tree(32)
        for network in networks:
            tree.add(*network)
        tree.finish()
        assert len(tree) == 1


@pytest.mark.parametrize(
    ("first", "length"),
    [
        (0x0A000000, 8),  # again
        (0x0A010000, 16),  # within
        (0x09000000, 8),  # before
        (0x0B000001, 8),  # bits beyond the length
    ],
)
def test_networks_come_in_order_and_apart(first: int, length: int):
    tree = Tree(32)
    tree.add(0x0A000000, 8, 0)
    with pytest.raises(ValueError, match="overlaps"):
        tree.add(first, length, 1)


def test_a_file_without_records_is_still_read(tmp_path: Path):
    tree = Tree(32)
    (tmp_path / "x.mmdb").write_bytes(database(tree, ["never used"], "Test", "", 1))
    with maxminddb.open_database(tmp_path / "x.mmdb") as reader:
        assert reader.get_with_prefix_len("1.2.3.4") == (None, 1)


@given(disjoint_networks(), st.sampled_from([maxminddb.MODE_MMAP_EXT, maxminddb.MODE_MEMORY]))
def test_every_network_is_found_at_both_ends_and_nothing_beyond(
    tmp_path_factory: pytest.TempPathFactory, networks: dict[Network, Value], mode: int
):
    path = tmp_path_factory.mktemp("mmdb") / "x.mmdb"
    write(path, networks.items(), "Test")
    with maxminddb.open_database(path, mode) as reader:
        for network, value in networks.items():
            for end in (network.network_address, network.broadcast_address):
                record, length = reader.get_with_prefix_len(end)
                assert record == value
                assert length <= network.prefixlen
        for address in map(ip_address, ("0.0.0.0", "255.255.255.255", "8000::")):
            assert (reader.get(address) is None) == all(address not in network for network in networks)
