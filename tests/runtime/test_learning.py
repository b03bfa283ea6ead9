"""Classes of clients: numbered for as long as the map is the same, and learned again under another one."""

import json
from dataclasses import replace
from datetime import date

import pytest

from gslb.geo import GeoIndex
from gslb.model import GeoSettings
from gslb.runtime.learning import Classes, Example, examples, loads
from gslb.steering import SteeringMap
from tests.runtime.nodes import HOST, configuration

TODAY = date(2026, 11, 23)
HOSTS = frozenset((HOST,))
JAPAN = Example(HOST, 4, 0x850B0000, 16)
JAPAN_TOO = Example(HOST, 4, 0x850B0100, 24)
AMERICA = Example(HOST, 4, 0x12000000, 16)


@pytest.fixture(scope="module")
def geo():
    return GeoIndex.open(GeoSettings())


@pytest.fixture
def settings(tmp_path):
    return configuration(tmp_path)


def test_a_class_is_learned_once_and_keeps_its_number(geo, settings):
    classes, steering = Classes(), SteeringMap(settings, TODAY)
    assert classes.learn([JAPAN, JAPAN_TOO], steering, geo.lookup) == 1
    first = classes.numbered()
    assert classes.learn([AMERICA, JAPAN], steering, geo.lookup) == 1
    assert classes.numbered()[:1] == first
    assert len(classes.numbered()) == len(classes) == 2


def test_beyond_the_bound_classes_are_counted_and_not_learned(geo, settings):
    classes, steering = Classes(most=1), SteeringMap(settings, TODAY)
    classes.learn([JAPAN, AMERICA, AMERICA], steering, geo.lookup)
    assert (len(classes), classes.refused, classes.room) == (1, 2, 0)


def test_under_another_map_the_clients_are_known_and_the_numbers_are_others(geo, settings):
    classes = Classes()
    classes.learn([JAPAN, AMERICA], SteeringMap(settings, TODAY), geo.lookup)
    lineage = classes.lineage
    fewer = replace(settings, sites=settings.sites[:1])
    classes.reclassify(fewer, SteeringMap(fewer, TODAY), geo.lookup)
    assert classes.lineage != lineage
    assert len(classes) == 1
    none = replace(settings, services=())
    classes.reclassify(none, SteeringMap(none, TODAY), geo.lookup)
    assert classes.numbered() == ()


def test_no_two_controls_share_their_numbers():
    assert Classes().lineage != Classes().lineage


def test_what_is_dumped_is_loaded(geo, settings):
    classes = Classes()
    classes.learn([JAPAN, AMERICA], SteeringMap(settings, TODAY), geo.lookup)
    assert loads(classes.dump(), HOSTS) == [JAPAN, AMERICA]
    assert loads(classes.dump(), frozenset(("other.example.net",))) == []


@pytest.mark.parametrize("blob", [None, b"", b"{", b"\xff\xfe", b"[" * 100_000, b"7", b"{}", b'"x"'])
def test_a_blob_that_is_none_is_nobody(blob):
    assert loads(blob, HOSTS) == []


@pytest.mark.parametrize("row", [None, [], [HOST, 4, 1], [[], 4, 0, 0], [{}, 4, 0, 0], ["other", 4, 0, 0]])
def test_what_names_no_service_is_left_out(row):
    assert examples([row, list(JAPAN)], HOSTS) == [JAPAN]


@pytest.mark.parametrize(
    "row",
    [[5, 0, 0], [[], 0, 0], [4.0, 0, 0], [True, 0, 0], [4, "1", 0], [4, -1, 0], [4, 1 << 32, 32], [4, 0, 33], [4, 0, -1],
     [6, 1 << 128, 0], [4, True, 8], [None, None, None]],
)  # fmt: skip
def test_what_is_no_network_is_left_out(row):
    assert examples(json.loads(json.dumps([[HOST, *row], list(JAPAN)])), HOSTS) == [JAPAN]
