"""Against the readers of maxminddb, and where those give up."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from random import Random

import maxminddb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.geo import BUNDLED_PATH
from gslb.geo.mmdb_reader import MmdbReader
from gslb.geo.mmdb_writer import Tree, Value, database, write
from gslb.model import Family, Network
from tests.fuzz.fuzz_mmdb import one_input
from tests.geo.makers import country, mmdb, where
from tests.geo.makers import index as opened
from tests.geo.networks import disjoint_networks, first, last

CORPUS = Path(__file__).parents[1] / "fuzz" / "corpus" / "mmdb"


def answer(reader: MmdbReader, family: Family, address: int) -> tuple[object, int]:
    reference, length = reader.find(family, address)
    return (None if reference is None else reader.record(reference)), length


def expected(reader: maxminddb.Reader, family: Family, address: int) -> tuple[object, int]:
    return reader.get_with_prefix_len(IPv4Address(address) if family == 4 else IPv6Address(address))


@given(disjoint_networks(), st.sampled_from([24, 28, 32]), st.integers(0, 2**128 - 1))
def test_it_says_what_maxminddb_says(
    tmp_path_factory: pytest.TempPathFactory, networks: dict[Network, Value], record_size: int, anywhere: int
):
    path = tmp_path_factory.mktemp("mmdb") / "x.mmdb"
    write(path, networks.items(), "Test", record_size=record_size)
    ours = MmdbReader(path.read_bytes())
    questions: list[tuple[Family, int]] = [(6, anywhere), (4, anywhere >> 96), (6, anywhere >> 96)]
    for network in networks:
        size = 1 << network.max_prefixlen
        questions += [(network.version, (at + step) % size) for at in (first(network), last(network)) for step in (-1, 0, 1)]
    with maxminddb.open_database(path) as theirs:
        for family, address in questions:
            assert answer(ours, family, address) == expected(theirs, family, address)


def test_it_says_what_maxminddb_says_of_the_bundled_file():
    ours, random = MmdbReader(BUNDLED_PATH.read_bytes()), Random(1)
    with maxminddb.open_database(BUNDLED_PATH) as theirs:
        for _ in range(5_000):
            v4, v6 = random.getrandbits(32), 0x2000 << 112 | random.getrandbits(125)
            assert answer(ours, 4, v4) == expected(theirs, 4, v4)
            assert answer(ours, 6, v6) == expected(theirs, 6, v6)


def test_many_starts_are_forgotten_in_time(tmp_path: Path):
    reader = MmdbReader(mmdb(tmp_path / "x.mmdb", {"2000::/3": country("JP")}).read_bytes())
    lengths = {reader.find(6, 0x200000 + start << 104)[1] for start in range(10_000)}
    assert lengths == {3}


def test_one_leaf_for_all_of_ipv4_and_more(tmp_path: Path):
    tree = Tree(128)
    tree.add(0, 8, 0)
    (tmp_path / "x.mmdb").write_bytes(database(tree, [country("JP")], "GeoLite2-Country", "", 1))
    index = opened(tmp_path / "x.mmdb")
    assert where(index, "192.0.2.1")[0].country == "JP"
    assert where(index, "192.0.2.1")[1] == 0
    assert where(index, "::1")[1] == 8


def test_a_number_for_a_key_is_a_broken_file():
    """maxminddb's C reader follows the number as a pointer, and dies of it."""
    one_input((CORPUS / "key-is-a-number").read_bytes())


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_every_file_of_the_corpus_is_answered_or_refused(path: Path):
    one_input(path.read_bytes())


def test_damaged_files_are_answered_or_refused():
    _damage(500)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_many_damaged_files_are_answered_or_refused():
    _damage(200_000)


def _damage(count: int) -> None:
    random = Random(count)
    whole = [path.read_bytes() for path in sorted(CORPUS.iterdir())]
    for _ in range(count):
        data = bytearray(random.choice(whole))
        for _ in range(random.choice((1, 1, 2, 4, 16, 64))):
            _damage_once(data, random)
        one_input(bytes(data))


def _damage_once(data: bytearray, random: Random) -> None:
    if not data:
        return
    at, other, size = random.randrange(len(data)), random.randrange(len(data)), random.randrange(1, 9)
    match random.randrange(5):
        case 0:
            data[at] = random.getrandbits(8)
        case 1:
            data[at] ^= 1 << random.randrange(8)
        case 2:
            del data[at : at + size]
        case 3:
            data[at:at] = random.randbytes(size)
        case _:
            data[at : at + size] = data[other : other + size]
