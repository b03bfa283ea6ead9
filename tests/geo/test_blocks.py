"""The list of a database's blocks: what it says, and what is refused."""

from __future__ import annotations

import hashlib
import zlib
from array import array
from contextlib import suppress
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.errors import GeoError
from gslb.geo import BUNDLED_PATH, GeoIndex
from gslb.geo.atlas import Atlas
from gslb.geo.blocks import SUFFIX, BlockList, pack, unpack
from gslb.geo.database import Database
from gslb.geo.overlay import FAMILIES, UNIT_SHIFT
from gslb.geo.shelf import KEPT, Shelf, write_list
from gslb.geo.walk import blocks_of
from gslb.model import Family, GeoSettings
from tests.fuzz.fuzz_blocks import one_input
from tests.geo.makers import asn, city, country, mmdb

SHA = hashlib.sha256(b"a database").hexdigest()
HEAD = 88
CORPUS = Path(__file__).parents[1] / "fuzz" / "corpus" / "blocks"


def listed(starts4: list[int], places4: list[int], starts6: list[int], places6: list[int]) -> BlockList:
    return BlockList(
        {4: array("I", starts4), 6: array("Q", starts6)}, {4: array("I", places4), 6: array("I", places6)}
    )  # fmt: skip


SMALL = listed([0, 5, 70_000], [0, 1, 0], [0, 1 << 50], [0, 2])


@st.composite
def lists(draw: st.DrawFn) -> BlockList:
    columns: dict[Family, tuple[list[int], list[int]]] = {}
    met = 0
    for family in FAMILIES:
        most = 1 << 20 if family == 4 else 1 << 52
        starts = list(accumulate([0, *draw(st.lists(st.integers(1, most), max_size=12))]))
        places = []
        for _ in starts:
            places.append(draw(st.integers(0, met)))
            met += places[-1] == met
        columns[family] = starts, places
    return listed(*columns[4], *columns[6])


@given(lists())
def test_what_is_packed_is_unpacked(blocks: BlockList):
    assert unpack(pack(blocks, SHA), SHA) == blocks


@given(st.binary(max_size=200), st.integers(0, 200), st.binary(max_size=4))
def test_bytes_of_any_kind_are_a_list_or_refused(data: bytes, at: int, more: bytes):
    sound = pack(SMALL, SHA)
    for told in (data, sound[:at], sound[:at] + more + sound[at + len(more) :]):
        with suppress(GeoError):
            assert unpack(told, SHA) == SMALL


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_the_corpus_of_the_fuzzer_is_sound_or_refused(path: Path):
    one_input(path.read_bytes())


@given(st.binary(max_size=300))
def test_any_body_under_a_head_that_fits_is_sound_or_refused(data: bytes):
    one_input(data)


def sealed(body: bytes, count4: int, count6: int) -> bytes:
    """A head that fits the body, so that what is within is looked at."""
    counts = count4.to_bytes(4, "little") + count6.to_bytes(4, "little") + len(body).to_bytes(4, "little")
    return pack(SMALL, SHA)[:44] + hashlib.sha256(body).digest() + counts + body


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is no list of blocks"),
        (b"GSLBLIST", "is no list of blocks"),
        (pack(SMALL, SHA).replace(b"LIST\x01", b"LIST\x02"), "is of version 2, and 1 is read"),
        (pack(SMALL, "00" * 32), "belongs to another database"),
        (pack(SMALL, SHA)[:-1], "is damaged or cut short"),
        (pack(SMALL, SHA) + b"\0", "is damaged or cut short"),
        (sealed(b"no zlib", 1, 1), "does not hold what its head says"),
        (sealed(pack(SMALL, SHA)[HEAD:], 3, 3), "does not hold what its head says"),
        (sealed(pack(SMALL, SHA)[HEAD:], 2, 2), "does not hold what its head says"),
        (sealed(b"", 0, 1), "has 0 and 1 blocks"),
        (sealed(b"", 1 << 24, 1), "blocks; 1 to 8388608 of each family are read"),
        (pack(listed([0, 9, 9], [0, 1, 0], [0], [0]), SHA), "has blocks out of their order"),
        (pack(listed([0, 1 << 24], [0, 1], [0], [0]), SHA), "has blocks out of their order"),
        (pack(listed([0, 9], [0, 1], [0, 1 << 56], [0, 1]), SHA), "has blocks out of their order"),
        (pack(listed([0, 9], [0, 2], [0], [0]), SHA), "has places that are not numbered in their order"),
        (pack(listed([0, 9], [1, 0], [0], [0]), SHA), "has places that are not numbered in their order"),
    ],
)  # fmt: skip
def test_what_is_no_list_of_this_database_is_refused(data: bytes, why: str):
    with pytest.raises(GeoError, match=why):
        unpack(data, SHA)


def test_a_body_that_unpacks_to_more_than_its_head_says_is_not_unpacked_to_the_end():
    bomb = zlib.compress(bytes(50_000_000), 9)
    with pytest.raises(GeoError, match="does not hold what its head says"):
        unpack(sealed(bomb, 1, 1), SHA)


def test_a_list_says_where_places_begin_and_no_more_finely_than_clients_are_told_apart(tmp_path: Path):
    path = mmdb(
        tmp_path / "x.mmdb",
        {
            "18.0.0.0/9": country("US"),
            "18.128.0.0/10": city("US"),  # another record that says the same
            "18.192.0.0/16": city("JP", 35.0, 139.0),
            "18.193.0.0/25": country("DE"),
            "18.193.0.128/25": country("US"),  # no /24 begins here
            "2001:200::/32": city("JP", 35.0, 139.0),
        },
    )
    blocks = blocks_of(Database.open(str(path), "x"))
    assert list(blocks.starts[4]) == [0, 0x120000, 0x12C000, 0x12C100, 0x12C101]
    assert list(blocks.places[4]) == [0, 1, 2, 3, 0]
    assert list(blocks.starts[6]) == [0, 0x20010200 << 24, 0x20010201 << 24]
    assert list(blocks.places[6]) == [0, 2, 0]


def test_clients_that_embed_ipv4_are_not_listed_twice(tmp_path: Path):
    """They are looked up by that; some databases put all of IPv4 there once more."""
    path = mmdb(
        tmp_path / "x.mmdb", {"18.0.0.0/8": country("US"), "2002:1200::/24": country("JP"), "2001:0:4000::/40": country("DE")}
    )
    assert list(blocks_of(Database.open(str(path), "x")).starts[6]) == [0]


def test_a_database_of_ipv4_alone_knows_nothing_of_ipv6(tmp_path: Path):
    path = mmdb(tmp_path / "x.mmdb", {"0.0.0.0/1": country("US"), "128.0.0.0/1": country("JP")}, ip_version=4)
    blocks = blocks_of(Database.open(str(path), "x"))
    assert (list(blocks.starts[4]), list(blocks.starts[6])) == ([0, 0x800000], [0])
    assert list(blocks.places[6]) == [2]


def test_the_list_of_the_bundled_database_is_shipped_and_is_its_own():
    database = Database.open(str(BUNDLED_PATH), "bundled")
    data = Path(str(BUNDLED_PATH) + SUFFIX).read_bytes()
    assert unpack(data, database.source.sha256) == blocks_of(database)
    assert len(data) < 600_000


def test_an_atlas_says_of_every_block_what_a_look_up_says(tmp_path: Path):
    first = mmdb(tmp_path / "city.mmdb", {"18.0.0.0/8": country("US"), "2001:200::/32": city("JP", 35.0, 139.0)})
    second = mmdb(tmp_path / "asn.mmdb", {"18.64.0.0/10": asn(3), "19.0.0.0/8": asn(7), "2001:200::/24": asn(2500)})
    index = GeoIndex.open(GeoSettings((str(first), str(second))))
    atlas = Atlas(index, [blocks_of(database) for database in index.databases])
    for family in FAMILIES:
        layers = atlas.layers(family)
        starts = sorted({start for layer in layers for start in layer.starts})
        for start in starts:
            numbers = [layer.numbers[max(n for n, at in enumerate(layer.starts) if at <= start)] for layer in layers]
            assert atlas.place(family, numbers) == index.lookup(family, start << UNIT_SHIFT[family])[0]


# ------------------------------------------------------------------------------------------------- the shelf


@pytest.fixture
def database(tmp_path: Path) -> Database:
    path = str(mmdb(tmp_path / "x.mmdb", {"18.0.0.0/8": country("US")}))
    return Database.open(path, path)


def test_a_list_beside_its_database_is_read(database: Database, tmp_path: Path):
    made = write_list(database.source.path)
    shelf = Shelf(tmp_path / "cache")
    assert shelf.blocks(database) == made
    assert (shelf.built, shelf.notices, (tmp_path / "cache").exists()) == ([], [], False)


def test_a_list_that_had_to_be_made_is_kept_by_the_hash_of_its_database(database: Database, tmp_path: Path):
    first, second = Shelf(tmp_path / "cache"), Shelf(tmp_path / "cache")
    assert first.blocks(database) == second.blocks(database)
    assert (first.built, second.built) == ([database.source.path], [])
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [database.source.sha256 + SUFFIX]


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: b"text", lambda data: data.replace(b"\x01", b"\x00")])
def test_a_damaged_list_is_told_and_made_again(database: Database, tmp_path: Path, change):
    cache = tmp_path / "cache"
    made = Shelf(cache).blocks(database)
    (kept,) = cache.iterdir()
    kept.write_bytes(change(kept.read_bytes()))
    shelf = Shelf(cache)
    assert shelf.blocks(database) == made
    assert shelf.notices[0].startswith(f"{kept}: ")
    assert Shelf(cache).blocks(database) == made
    assert Shelf(cache).notices == []


def test_the_list_of_another_database_is_told_and_left(database: Database, tmp_path: Path):
    other = mmdb(tmp_path / "other.mmdb", {"20.0.0.0/8": country("JP")})
    write_list(str(other))
    Path(f"{other}{SUFFIX}").replace(database.source.path + SUFFIX)
    shelf = Shelf(None)
    assert shelf.blocks(database) == blocks_of(database)
    assert "belongs to another database" in shelf.notices[0]


def test_without_a_place_to_keep_it_a_list_is_made_each_time(database: Database, tmp_path: Path):
    (tmp_path / "file").write_text("")
    shelf = Shelf(tmp_path / "file")
    assert shelf.blocks(database) == blocks_of(database)
    assert "Not a directory" in " ".join(shelf.notices)


def test_lists_of_databases_long_gone_are_not_kept(tmp_path: Path):
    cache = tmp_path / "cache"
    for number in range(KEPT + 3):
        path = str(mmdb(tmp_path / f"{number}.mmdb", {f"{number + 1}.0.0.0/8": country("US")}))
        Shelf(cache).blocks(Database.open(path, path))
    assert len(list(cache.iterdir())) == KEPT


def test_a_tree_without_end_is_refused(tmp_path: Path):
    """A damaged file, in which every node is its own left and right."""
    path = mmdb(tmp_path / "x.mmdb", {"18.0.0.0/8": country("US"), "2001:200::/32": country("JP")})
    database = Database.open(str(path), "x")
    steps = sum(1 for _ in database.leaves(6, 1000))
    with pytest.raises(GeoError, match="the tree does not end"):
        list(database.leaves(6, steps))
    assert all(after > before for before, after in pairwise(unit for unit, _ in database.leaves(6, 1000)))
