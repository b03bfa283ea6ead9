from __future__ import annotations

import os
from pathlib import Path

import pytest

from gslb.errors import GeoError
from gslb.geo import GeoIndex
from gslb.model import GeoSettings, Location, Place
from tests.geo.makers import asn, city, country, flat, index, mmdb, where

TOKYO = Location(35.7, 139.8)
BOSTON = Location(42.4, -71.1)


@pytest.fixture
def cities(tmp_path: Path) -> Path:
    return mmdb(
        tmp_path / "city.mmdb",
        {
            "18.0.0.0/9": city("US", 42.4, -71.1),
            "133.11.0.0/16": city("JP", 35.7, 139.8),
            "198.51.100.0/24": city("NO"),
            "203.0.113.0/24": city(None, 35.7, 139.8),
            "192.0.2.0/24": city("US", 0.0, 0.0),
            "2001:200::/32": city("JP", 35.7, 139.8),
        },
    )


@pytest.fixture
def asns(tmp_path: Path) -> Path:
    return mmdb(tmp_path / "asn.mmdb", {"133.11.0.0/17": asn(2501), "133.11.128.0/17": asn(2500)}, "GeoLite2-ASN")


def test_ipv4_lengths_are_ipv4_lengths_in_an_ipv6_tree(cities: Path):
    assert where(index(cities), "133.11.7.7") == (Place("JP", TOKYO), 16)
    assert where(index(cities), "18.44.0.1") == (Place("US", BOSTON), 9)


def test_ipv6_lengths_are_those_of_the_tree(cities: Path):
    assert where(index(cities), "2001:200:0:1::5") == (Place("JP", TOKYO), 32)


def test_a_miss_has_the_length_of_the_unknown_block(cities: Path):
    place, length = where(index(cities), "18.128.0.1")
    assert (place.known, length) == (False, 9)
    assert where(index(cities), "8000::") == (Place(), 1)


def test_an_ipv4_tree_is_read_and_knows_nothing_of_ipv6(tmp_path: Path):
    database = mmdb(tmp_path / "v4.mmdb", {"18.0.0.0/8": country("US")}, "GeoLite2-Country", ip_version=4)
    assert where(index(database), "18.1.1.1") == (Place("US"), 8)
    assert where(index(database), "2001:db8::1") == (Place(), 0)


def test_ipv4_in_a_tree_without_ipv4_is_unknown_as_a_whole(tmp_path: Path):
    assert where(index(mmdb(tmp_path / "v6.mmdb", {"2001:200::/32": country("JP")})), "192.0.2.1") == (
        Place(),
        0,
    )


def test_missing_fields_are_none_and_norway_is_a_country(cities: Path):
    assert where(index(cities), "198.51.100.1")[0] == Place("NO", None, None)
    assert where(index(cities), "203.0.113.1")[0] == Place(None, TOKYO, None)


def test_nobody_lives_at_zero_degrees_zero(cities: Path):
    assert where(index(cities), "192.0.2.1")[0] == Place("US", None)


def test_flat_databases_are_read(tmp_path: Path):
    database = mmdb(tmp_path / "x.mmdb", {"18.0.0.0/8": flat("US", 42.4, -71.1)}, "city ipv4", ip_version=4)
    assert where(index(database), "18.1.1.1") == (Place("US", BOSTON), 8)


def test_later_databases_fill_what_earlier_lack_and_the_longest_length_holds(cities: Path, asns: Path):
    for order in ((cities, asns), (asns, cities)):
        assert where(index(*order), "133.11.7.7") == (Place("JP", TOKYO, 2501), 17)
    assert where(index(cities, asns), "18.1.1.1") == (Place("US", BOSTON, None), 9)


def test_earlier_databases_win(tmp_path: Path, cities: Path):
    other = mmdb(tmp_path / "other.mmdb", {"133.11.0.0/20": city("KR", 37.5, 127.0)})
    assert where(index(cities, other), "133.11.1.1")[0] == Place("JP", TOKYO)
    assert where(index(other, cities), "133.11.1.1") == (Place("KR", Location(37.5, 127.0)), 20)


def test_a_database_that_can_add_nothing_does_not_make_the_block_smaller(tmp_path: Path, cities: Path):
    other = mmdb(tmp_path / "other.mmdb", {"133.11.1.0/24": city("KR", 37.5, 127.0)})
    assert where(index(cities, other), "133.11.1.1") == (Place("JP", TOKYO), 16)


def test_a_location_in_another_country_is_not_filled_in(tmp_path: Path):
    countries = mmdb(tmp_path / "country.mmdb", {"18.0.0.0/8": country("JP")}, "GeoLite2-Country")
    cities = mmdb(tmp_path / "city.mmdb", {"18.0.0.0/8": city("US", 42.4, -71.1)})
    assert where(index(countries, cities), "18.1.1.1")[0] == Place("JP", None)


def test_the_block_is_uniform_whatever_is_merged(cities: Path, asns: Path):
    """Every address of the block that is returned has the place that is returned, at the edges too."""
    merged = index(cities, asns)
    for address in (0, 0x12000000, 0x850B0000, 0x850B8000, 0xC0000200, 0xC6336401, 0xFFFFFFFF):
        place, length = merged.lookup(4, address)
        size = 1 << 32 - length
        first = address & -size
        assert {merged.lookup(4, first + step) for step in (0, size // 3, size - 1)} == {(place, length)}


def test_equal_places_are_one_object(cities: Path):
    opened = index(cities)
    assert where(opened, "133.11.1.1")[0] is where(opened, "2001:200::1")[0]
    assert where(opened, "1.1.1.1")[0] is where(opened, "9000::")[0]


def test_without_databases_everybody_is_unknown():
    assert where(index(), "192.0.2.1") == (Place(), 0)


def test_the_sources_tell_what_is_open(cities: Path):
    (source,) = index(cities).sources
    assert (source.path, source.type, source.build_epoch) == (str(cities), "GeoLite2-City", 1_700_000_000)
    assert (source.ip_version, len(source.sha256)) == (6, 64)
    assert source.nodes > 100


def _broken(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / "x.mmdb"
    whole = mmdb(path, {"18.0.0.0/8": country("US")}).read_bytes()
    contents = {
        "empty": b"",
        "text": b"this is no database\n",
        "compressed": b"\x1f\x8b\x08" + bytes(50),
        "truncated": whole[: len(whole) // 2],
        "no tree": whole[whole.index(b"\xab\xcd\xef") :],
        "another format": whole.replace(b"major_version\xa1\x02", b"major_version\xa1\x03"),
        "twisted": bytes(600) + whole[600:],
    }
    path.write_bytes(contents[kind])
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("empty", "is empty; fetch the .mmdb file again"),
        ("text", "is no MaxMind database, or a broken or truncated one; fetch the .mmdb file again"),
        ("compressed", "is compressed; unpack it and give the path of the .mmdb file"),
        ("truncated", "is no MaxMind database, or a broken or truncated one; fetch the .mmdb file again"),
        ("no tree", "is no MaxMind database, or a broken or truncated one; fetch the .mmdb file again"),
        (
            "another format",
            "is no MaxMind database, or a broken or truncated one; fetch the .mmdb file again",
        ),
        ("twisted", "is no MaxMind database, or a broken or truncated one; fetch the .mmdb file again"),
    ],
)
def test_a_broken_file_is_refused_with_a_sentence(tmp_path: Path, kind: str, message: str):
    path = _broken(tmp_path, kind)
    with pytest.raises(GeoError) as refused:
        index("bundled", path)
    assert str(refused.value) == f"{path}: {message}"


def test_a_missing_file_a_directory_and_a_pipe_are_refused(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    for name, message in (
        ("missing.mmdb", "can't be read (No such file or directory); check the path and its rights"),
        ("", "is no regular file; give the path of a .mmdb file"),
        ("pipe", "is no regular file; give the path of a .mmdb file"),
    ):
        path = str(tmp_path / name)
        with pytest.raises(GeoError) as refused:
            GeoIndex.open(GeoSettings((path,)))
        assert str(refused.value) == f"{path}: {message}"


def test_a_database_of_something_else_is_refused(tmp_path: Path):
    path = mmdb(tmp_path / "x.mmdb", {"18.0.0.0/8": {"is_anonymous": True}}, "GeoIP2-Anonymous-IP")
    with pytest.raises(GeoError, match="use a City, Country or ASN file"):
        index(path)


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A database with one broken record, past those that are looked at when the file is opened."""
    codes = dict(zip(range(16, 22), ("US", "JP", "DE", "NO", "FR", "GB"), strict=True))
    entries = {f"{first}.0.0.0/8": country(code) for first, code in codes.items()}
    path = mmdb(tmp_path / "x.mmdb", entries | {"22.0.0.0/8": country("Q" * 9)})
    path.write_bytes(path.read_bytes().replace(b"QQQQQQQQQ", b"QQQQQQQQ\xff"))  # no UTF-8
    return path


def test_a_broken_record_is_an_unknown_client_and_is_counted(damaged: Path):
    opened = index(damaged)
    assert where(opened, "21.1.1.1") == (Place("GB"), 8)
    assert opened.errors == 0
    assert where(opened, "22.1.1.1") == (Place(), 32)
    assert opened.errors == 1


def test_the_next_database_answers_for_a_broken_record(damaged: Path, tmp_path: Path):
    other = mmdb(tmp_path / "other.mmdb", {"22.0.0.0/8": country("JP")})
    assert where(index(damaged, other), "22.1.1.1") == (Place("JP"), 32)
