from __future__ import annotations

import subprocess
import sys
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.errors import GeoError
from gslb.geo.blocks import SUFFIX, unpack
from gslb.geo.build import CELL_V4, build, cut
from gslb.geo.mmdb_writer import Value, write
from gslb.model import Location, Network, Place
from tests.geo.makers import city, flat, index, mmdb, where


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.mmdb"


def built(source: Path, out: Path, text: str) -> tuple[Place, int]:
    build(source, out)
    return where(index(out), text)


def test_networks_finer_than_a_cell_become_one(tmp_path: Path, out: Path):
    source = mmdb(
        tmp_path / "x.mmdb",
        {
            "192.0.2.0/24": flat("JP", 35.7, 139.8),
            "192.0.3.0/25": flat("US", 42.4, -71.1),
            "2001:db8:1::/48": flat("NO", 60.0, 10.0),
        },
    )
    assert built(source, out, "192.0.3.1") == (Place("JP", Location(35.7, 139.8)), 20)
    assert where(index(out), "192.0.15.255")[1] == 20
    assert where(index(out), "192.0.16.1") == (Place(), 20)
    assert where(index(out), "2001:db8:ffff::") == (Place("NO", Location(60.0, 10.0)), 32)


def test_a_cell_goes_to_the_country_with_most_addresses_not_to_the_biggest_town(tmp_path: Path, out: Path):
    source = mmdb(
        tmp_path / "x.mmdb",
        {
            "192.0.0.0/24": flat("US", 30.0, -100.0),
            "192.0.1.0/24": flat("US", 40.0, -80.0),
            "192.0.2.0/25": flat("US", 40.0, -80.0),
            "192.0.4.0/23": flat("JP", 35.7, 139.8),
        },
    )
    assert built(source, out, "192.0.9.9")[0] == Place("US", Location(40.0, -80.0))


def test_places_of_one_degree_are_merged_at_their_mean(tmp_path: Path, out: Path):
    source = mmdb(
        tmp_path / "x.mmdb",
        {
            "10.0.0.0/16": city("DE", 52.1, 13.2),
            "10.1.0.0/16": city("DE", 52.3, 13.4),
            "10.2.0.0/16": city("DE", 53.0, 13.4),
        },
    )
    assert built(source, out, "10.0.0.1") == (Place("DE", Location(52.2, 13.3)), 15)
    assert where(index(out), "10.2.0.1") == (Place("DE", Location(53.0, 13.4)), 16)


def test_a_border_through_a_degree_stays_a_border(tmp_path: Path, out: Path):
    source = mmdb(tmp_path / "x.mmdb", {"10.0.0.0/16": city("DE", 47.6, 7.6), "10.1.0.0/16": city("CH", 47.6, 7.6)})
    assert built(source, out, "10.0.0.1") == (Place("DE", Location(47.6, 7.6)), 16)
    assert where(index(out), "10.1.0.1")[0].country == "CH"


def test_a_country_without_coordinates_stays_known_and_the_rest_unknown(tmp_path: Path, out: Path):
    source = mmdb(tmp_path / "x.mmdb", {"10.0.0.0/16": city("NO"), "11.0.0.0/16": city(None, 35.0, 135.0)})
    assert built(source, out, "10.0.0.1")[0] == Place("NO")
    assert where(index(out), "11.0.0.1")[0] == Place()


def test_one_file_for_each_family_is_a_directory(tmp_path: Path, out: Path):
    source = tmp_path / "source"
    source.mkdir()
    mmdb(source / "ipv4.mmdb", {"18.0.0.0/8": flat("US", 42.4, -71.1)}, ip_version=4, build_epoch=1_700_000_001)
    mmdb(source / "ipv6.mmdb", {"2001:200::/32": flat("JP", 35.4, 139.4)})
    assert built(source, out, "18.1.1.1") == (Place("US", Location(42.4, -71.1)), 8)
    assert where(index(out), "2001:200::1") == (Place("JP", Location(35.4, 139.4)), 32)
    assert index(out).sources[0].build_epoch == 1_700_000_001


def test_the_same_source_gives_the_same_bytes(tmp_path: Path, out: Path):
    source = mmdb(tmp_path / "x.mmdb", {f"10.{second}.0.0/17": flat("JP", 35.0, second / 2) for second in range(200)})
    build(source, out)
    first = out.read_bytes()
    build(source, out)
    assert out.read_bytes() == first


def test_progress_is_told(tmp_path: Path, out: Path):
    messages: list[str] = []
    build(mmdb(tmp_path / "x.mmdb", {"10.0.0.0/8": city("JP", 35.0, 139.0)}), out, messages.append)
    assert messages == [f"{out}: {out.stat().st_size} bytes, 104 nodes, 1 places", f"{out}.blocks: 4 blocks"]


def test_the_blocks_of_what_was_built_are_listed_beside_it(tmp_path: Path, out: Path):
    build(mmdb(tmp_path / "x.mmdb", {"10.0.0.0/8": city("JP", 35.0, 139.0)}), out)
    listed = unpack(Path(f"{out}{SUFFIX}").read_bytes(), index(out).sources[0].sha256)
    assert list(listed.starts[4]) == [0, 10 << 16, 11 << 16]


def test_what_can_not_be_built_from_is_refused_and_leaves_the_old_file(tmp_path: Path, out: Path):
    out.write_bytes(b"old")
    empty, twice, text = tmp_path / "empty", tmp_path / "twice", tmp_path / "text.mmdb"
    empty.mkdir()
    twice.mkdir()
    text.write_text("network,country\n")
    for name in ("a", "b"):
        mmdb(twice / f"{name}.mmdb", {"10.0.0.0/8": city("JP", 35.0, 139.0)})
    unknown = mmdb(tmp_path / "unknown.mmdb", {"10.0.0.0/8": city(None, 35.0, 139.0)})
    for source, message in (
        (empty, "no .mmdb file in this directory"),
        (twice, "one database for each family is enough; these overlap"),
        (unknown, "no record has a country"),
        (text, "Is this a valid MaxMind DB file"),
        (tmp_path / "missing.mmdb", "No such file"),
    ):
        with pytest.raises(GeoError, match=message):
            build(source, out)
    assert out.read_bytes() == b"old"


def test_an_out_that_can_not_be_written_is_refused(tmp_path: Path):
    source = mmdb(tmp_path / "x.mmdb", {"10.0.0.0/8": city("JP", 35.0, 139.0)})
    with pytest.raises(GeoError, match="No such file or directory"):
        build(source, tmp_path / "missing" / "out.mmdb")


@given(st.lists(st.tuples(st.integers(0, 63), st.integers(96 + 16, 96 + 26), st.integers(0, 2)), max_size=30))
def test_cells_come_in_order_and_keep_every_known_address(drawn: list[tuple[int, int, int]]):
    entries: list[tuple[int, int, int]] = []
    for block, length, place in sorted(drawn):
        first = block << 16
        if not entries or first >= entries[-1][0] + (1 << 128 - entries[-1][1]):
            entries.append((first, length, place))
    cells = list(cut(entries, CELL_V4, ["JP", "JP", "US"]))
    ends = [first + (1 << 128 - length) for first, length, _ in cells]
    assert all(end <= first for end, (first, _, _) in zip(ends, cells[1:], strict=False))
    assert all(length <= CELL_V4 and first % (1 << 128 - length) == 0 for first, length, _ in cells)
    for first, _, _ in entries:
        assert any(start <= first < end for (start, _, _), end in zip(cells, ends, strict=True))


# VmHWM is of this program alone; ru_maxrss begins with what the process that started it had.
PEAK_OF_A_BUILD = """
import sys
from pathlib import Path
from gslb.geo.build import build
build(Path(sys.argv[1]), Path(sys.argv[2]))
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def test_memory_does_not_grow_with_the_source(tmp_path: Path):
    """A hundred times the networks in the same places: the difference is what a build holds of each."""
    peaks_kb = []
    for count in (2_000, 200_000):
        source = _many(tmp_path / f"{count}.mmdb", count)
        command = [sys.executable, "-c", PEAK_OF_A_BUILD, str(source), str(tmp_path / "out.mmdb")]
        peaks_kb.append(int(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    assert peaks_kb[1] - peaks_kb[0] < 10_000  # the source itself is mapped, and is a part of it


def _many(path: Path, count: int) -> Path:
    records: list[Value] = [flat("JP", 35.0, 139.0 + step / 8) for step in range(9)]
    networks: list[tuple[Network, Value]] = []
    for number in range(count // 2):
        networks.append((IPv4Network((0x10000000 + (number << 8), 24)), records[number % 9]))
        networks.append((IPv6Network(((0x20010000 << 96) + (number << 80), 48)), records[number % 7]))
    write(path, networks, "Test-City")
    return path
