"""Populations that people bring, and those that are drawn of the databases."""

from __future__ import annotations

import json
from collections import Counter
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.errors import UsageError
from gslb.geo import GeoIndex
from gslb.geo.atlas import Atlas
from gslb.geo.census import Land, census, draw
from gslb.geo.shelf import Shelf
from gslb.geo.users import name_of, users
from gslb.model import GeoOverride, GeoSettings, Place
from gslb.steering.simulation.listing import LogReader, read_list
from tests.fuzz import fuzz_population
from tests.steering.world import HOST


def listed(text: str, most: int = 100):
    return list(read_list(text.encode().splitlines(keepends=True), "who.csv", most).networks())


def logged(*lines: str | dict, most: int = 100):
    reader = LogReader(HOST, most)
    reader.take(line.encode() if isinstance(line, str) else json.dumps(line).encode() for line in lines)
    return reader


def test_a_list_has_a_network_and_a_weight_a_line_as_spreadsheets_and_shells_write_them():
    text = (
        "network,weight\n133.11.0.0/16,2.5\n\n# Berlin\n141.20.1.2\t1e3\n"
        "2001:200::/32;4\n[2001:db8::1] 1\n192.0.2.0/24\n9.9.9.0/24,0\n"
    )
    assert listed(text) == [
        (ip_network("133.11.0.0/16"), 2.5),
        (ip_network("141.20.1.0/24"), 1000.0),
        (ip_network("2001:200::/32"), 4.0),
        (ip_network("2001:db8::/56"), 1.0),
        (ip_network("192.0.2.0/24"), 1.0),
    ]


def test_the_same_network_twice_weighs_as_much_as_both():
    assert listed("133.11.0.1,1\n133.11.0.2,2\n") == [(ip_network("133.11.0.0/24"), 3.0)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1.2.3.4\nnonsense,1\n", "who.csv:2: 'nonsense' is neither an address nor a network"),
        ("1.2.3.4,heavy\n", "who.csv:1: 'heavy' is no weight; write a number from 0 on"),
        ("1.2.3.4,-1\n", "who.csv:1: '-1' is no weight; write a number from 0 on"),
        ("1.2.3.4,nan\n", "who.csv:1: 'nan' is no weight; write a number from 0 on"),
        ("1.2.3.4,１\n", "who.csv:1: '１' is no weight; write a number from 0 on"),
        ("1.2.3.4,1,2\n", "who.csv:1: a line has a network and a weight, and no more"),
        ("1.2.3.4\n2.2.3.4\n3.2.3.4\n", "who.csv:3: there are more than 2 networks; give fewer, wider ones"),
        ("# nothing\n", "who.csv: there is no network in it; write lines like 133.11.0.0/16,2.5"),
    ],
)
def test_one_bad_line_refuses_a_list_and_says_which(text, said):
    with pytest.raises(UsageError) as refused:
        listed(text, most=2)
    assert str(refused.value) == said


def test_a_query_log_counts_clients_by_their_subnet_or_their_resolver():
    ours = {"service": HOST, "client": "192.0.2.0/24", "subnet": None}
    reader = logged(
        ours,
        ours | {"subnet": "133.11.0.0/16"},
        ours | {"subnet": "133.11.0.0/16"},
        ours | {"subnet": "0.0.0.0/0"},
        ours | {"service": "other.example"},
        ours | {"service": None},
        ours | {"client": None},
        '{"service":"' + HOST + '","cli',
    )
    assert list(reader.crowd("query.log").networks()) == [(ip_network("192.0.2.0/24"), 2.0), (ip_network("133.11.0.0/16"), 2.0)]
    assert reader.crowd("query.log").source == (
        "4 queries of 2 networks in query.log; 2 were for other names, 2 could not be read"
    )


def test_any_log_that_begins_with_an_address_will_do():
    reader = logged('133.11.0.9 - - "GET /"', "2001:200::7", "", "garbage", most=2)
    reader.take([b"8.8.8.8\n"])
    crowd = reader.crowd("access.log")
    assert {str(network) for network, _ in crowd.networks()} == {"133.11.0.0/24", "2001:200::/56"}
    assert "1 could not be read, 1 were of networks beyond the first 2" in crowd.source


def test_a_log_without_a_client_of_the_service_is_refused():
    with pytest.raises(UsageError, match=f"no line of 1 tells of a client that asked for {HOST}"):
        logged({"service": "other.example", "client": "1.2.3.4"}).crowd("query.log")


@given(st.sampled_from([b"L", b"N"]), st.binary(max_size=200))
def test_any_octets_are_a_population_or_a_sentence(kind, data):
    fuzz_population.one_input(kind + data)


@given(
    st.sampled_from([b"L", b"N"]),
    st.lists(st.one_of(st.ip_addresses().map(str), st.text(max_size=12), st.just("1.2.3.0/24,5")), max_size=6),
)
def test_lines_that_look_like_some_are_a_population_or_a_sentence(kind, lines):
    fuzz_population.one_input(kind + "\n".join(lines).encode("utf-8", "surrogatepass"))


def test_the_corpus_holds():
    for data in fuzz_population.seeds():
        fuzz_population.one_input(data)


# Of all countries


def drawn(family=4, count=3000, settings: GeoSettings | None = None):
    index = GeoIndex.open(settings or GeoSettings())
    atlas = Atlas(index, [Shelf(None).blocks(database) for database in index.databases])
    return index, draw(census(atlas, family), family, count)


def test_countries_weigh_by_their_internet_users_and_their_networks_are_where_the_database_says():
    for family in (4, 6):
        index, members = drawn(family)
        assert 2800 < len(members) < 3300
        assert len({member[:3] for member in members}) == len(members), "none twice"
        weights: Counter[str] = Counter()
        for kind, address, length, weight in members:
            place, _ = index.lookup(kind, address)
            assert place.country is not None
            assert (kind, length) == (family, 24 if family == 4 else 56)
            weights[place.country] += weight
        assert sum(weights.values()) == pytest.approx(1)
        whole = sum(users()[country].millionths for country in weights)
        for country, weight in weights.items():
            assert weight == pytest.approx(users()[country].millionths / whole), country
        assert len(weights) > 195


def test_it_is_the_same_draw_every_time():
    assert drawn(count=500)[1] == drawn(count=500)[1]


def test_overrides_say_where_networks_are():
    japan = GeoOverride(ip_network("3.0.0.0/8"), Place("JP"))
    index, members = drawn(settings=GeoSettings(overrides=(japan,)))
    there = sum(weight for _, address, _, weight in members if address >> 24 == 3)
    assert there > 0.001
    assert all(index.lookup(4, address)[0].country == "JP" for _, address, _, _ in members if address >> 24 == 3)


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(1, 900)), min_size=1, max_size=20), st.integers(1, 300))
def test_a_country_is_drawn_evenly_none_twice_and_only_its_own(blocks, count):
    land, at, own = Land(), 0, set()
    for gap, length in blocks:
        at += gap
        land.add(at, length, length)
        own |= set(range(at, at + length))
        at += length
    units = list(land.draw(count))
    assert len(units) == len(set(units)) == min(count, len(own))
    assert set(units) <= own
    assert units == sorted(units)


def test_figures_are_shares_of_one_and_countries_have_names():
    assert sum(each.millionths for each in users().values()) == pytest.approx(1_000_000, rel=0.005)
    assert all(len(country) == 2 and country.isupper() for country in users())
    assert [country for country, _ in sorted(users().items(), key=lambda each: -each[1].millionths)][:3] == ["CN", "IN", "US"]
    assert (name_of("JP"), name_of("XK")) == ("Japan", "XK")
