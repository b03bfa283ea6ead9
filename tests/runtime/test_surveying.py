"""Trees of scopes, grown beside a node that serves: with them, without, and when they can't be."""

from __future__ import annotations

import asyncio
import os
import signal
from ipaddress import ip_address
from pathlib import Path

import dns.asyncquery
import dns.edns
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.admin import explain
from gslb.geo import GeoIndex
from gslb.geo.blocks import SUFFIX
from gslb.geo.shelf import write_list
from gslb.model import Configuration
from gslb.runtime.control import Control
from gslb.runtime.journal import Journal
from gslb.runtime.survey import Survey, dump, load
from gslb.runtime.surveying import Surveying
from gslb.runtime.surveyor import Order, survey
from gslb.steering import Scopes, ScopeTree, SteeringMap, locate
from gslb.steering.widest import widest_scope
from tests.geo.makers import city, mmdb
from tests.runtime.nodes import HOST, address, configuration, running, site, until
from tests.steering.world import TODAY

pytestmark = pytest.mark.anyio

HALVES = {"18.0.0.0/17": city("JP", 35.0, 139.0), "18.0.128.0/17": city("JP", 35.5, 139.5)}
HALVES |= {"18.1.0.0/17": city("US", 37.0, -122.0), "18.1.128.0/17": city("JP", 35.0, 139.0)}
BOTH, LEFT = "18.0.7.0", "18.1.7.0"  # in a /16 of one class, and in the left half of one of two


def with_database(folder: Path, **changes: object) -> Configuration:
    path = mmdb(folder / "city.mmdb", HALVES)
    return configuration(folder, geo={"databases": [str(path)]}, **changes)


async def scope(control: Control, subnet: str, rdtype: str = "A") -> int:
    """As a resolver is told it, over the network."""
    host, port = address(control, "dns-udp")
    query = dns.message.make_query(HOST, rdtype, use_edns=0, options=[dns.edns.ECSOption(subnet, 24)])
    reply = await dns.asyncquery.udp(query, host, 10, port)
    (told,) = [option for option in reply.options if isinstance(option, dns.edns.ECSOption)]
    return int(told.scopelen)


async def grown(control: Control) -> None:
    await until(lambda: control.node.gauges().get(("gslb_scope_trees_ready",)) == 1.0)


@pytest.mark.parametrize("workers", [0, 1])
async def test_scopes_are_those_of_the_database_until_there_are_trees_and_then_as_wide_as_classes_are(tmp_path, workers):
    async with running(with_database(tmp_path), workers) as control:
        assert [await scope(control, subnet) for subnet in (BOTH, LEFT)] == [17, 17]
        await grown(control)
        async with asyncio.timeout(30):
            while await scope(control, BOTH) != 16:  # noqa: ASYNC110 - the World with them is on its way
                await asyncio.sleep(0.02)
        assert [await scope(control, subnet, "AAAA") for subnet in (BOTH, LEFT)] == [16, 17]
        gauges = control.node.gauges()
        assert (gauges["gslb_scope_trees",], gauges["gslb_geo_blocks", "4"] > 5) == (1, True)
        listed = [event.subject for event in control.node.events(50, None) if event.kind == "blocks-listed"]
        assert listed == [str(tmp_path / "city.mmdb")]
        assert [path.suffix for path in (tmp_path / "state" / "geo").iterdir()] == [SUFFIX]


async def test_an_explanation_shows_the_scope_that_is_told(tmp_path):
    settings = with_database(tmp_path)
    async with running(settings) as control:
        assert _explained(control, BOTH) == (17, "database")
        assert await scope(control, BOTH) == 17
        await grown(control)
        await until(lambda: control.node.scopes is not None)
        assert (_explained(control, BOTH), _explained(control, LEFT)) == ((16, "map"), (17, "map"))


def _explained(control: Control, address: str) -> tuple[int, str]:
    node = control.node
    told = explain(node.world, node.lookup, ip_address(address), scopes=node.scopes)
    return told.scope, told.scope_by


async def test_a_worker_that_is_started_again_has_the_trees_at_once(tmp_path):
    async with running(with_database(tmp_path), 1) as control:
        await grown(control)
        assert control._pool is not None
        (worker,) = control._pool.workers
        before = worker.process
        assert before is not None
        os.kill(before.pid, signal.SIGKILL)
        await until(lambda: worker.process is not before and worker.serving)
        assert [await scope(control, subnet) for subnet in (BOTH, LEFT)] == [16, 17]


async def surveyed(surveying: Surveying, settings: Configuration, geo: GeoIndex | None = None) -> None:
    """Until it has done what it is ordered."""
    before = surveying.failures, surveying.seconds
    surveying.look(settings, TODAY, geo or GeoIndex.open(settings.geo))
    task = asyncio.create_task(surveying.run())
    await until(lambda: (surveying.failures, surveying.seconds) != before)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def kinds(journal: Journal) -> list[str]:
    return [event.kind for event in journal.recent]


async def test_trees_that_can_not_be_grown_are_an_event_and_a_count_and_no_more(tmp_path):
    settings, told = with_database(tmp_path), list[Scopes]()
    geo, journal = GeoIndex.open(settings.geo), Journal(None)
    Path(settings.geo.databases[0]).unlink()
    surveying = Surveying(None, journal, told.append, after_s=0)
    await surveyed(surveying, settings, geo)
    assert (surveying.failures, surveying.ready, told) == (1, False, [])
    (event,) = journal.recent
    assert event.kind == "scopes-failed"
    assert "city.mmdb: can't be read" in event.message
    mmdb(tmp_path / "city.mmdb", HALVES)
    await surveyed(surveying, settings)
    assert surveying.ready


async def test_a_list_that_is_of_another_database_is_told_once(tmp_path):
    settings, journal = with_database(tmp_path), Journal(None)
    other = mmdb(tmp_path / "other.mmdb", {"18.0.0.0/8": city("JP", 35.0, 139.0)})
    write_list(str(other))
    Path(f"{other}{SUFFIX}").replace(settings.geo.databases[0] + SUFFIX)
    surveying = Surveying(tmp_path / "lists", journal, lambda scopes: None, after_s=0)
    await surveyed(surveying, settings)
    assert sorted(kinds(journal)) == ["blocks-listed", "blocks-refused"]
    again = configuration(tmp_path, geo={"databases": list(settings.geo.databases)}, sites=_elsewhere())
    await surveyed(surveying, again)
    assert surveying.ready
    assert sorted(kinds(journal)) == ["blocks-listed", "blocks-refused"]


async def test_what_trees_do_not_depend_on_grows_none(tmp_path):
    settings, told = with_database(tmp_path), list[Scopes]()
    geo = GeoIndex.open(settings.geo)
    surveying = Surveying(None, Journal(None), told.append, after_s=0)
    await surveyed(surveying, settings, geo)
    other_ttl = configuration(
        tmp_path, geo={"databases": list(settings.geo.databases)}, probes={"interval": "3s", "timeout": "1s"}
    )
    task = asyncio.create_task(surveying.run())
    surveying.look(other_ttl, TODAY, GeoIndex.open(settings.geo))
    surveying.ready = False
    await until(lambda: surveying.ready)
    task.cancel()
    assert len(told) == 1


def _elsewhere() -> list[dict[str, object]]:
    return [site("us-1", "us", [47.6, -122.3], "192.0.2.1"), site("jp-1", "jp", [35.7, 139.8], "192.0.2.2")]


def test_services_with_equal_maps_share_a_tree_and_others_have_their_own(tmp_path):
    rule = {"match": {"network": "18.0.7.0/24"}, "prefer": ["us-1"]}
    check = {"type": "exec", "command": ["/bin/true"]}
    services = [{"host": f"{name}.example.net", "check": check} for name in "ab"] + [
        {"host": "c.example.net", "check": check, "rules": [rule]}
    ]
    settings = with_database(tmp_path, services=services)
    found = survey(Order(settings, TODAY, None))
    assert len(found.scopes.trees) == 2
    steering = SteeringMap(settings, TODAY, scopes=found.scopes)
    lookup = GeoIndex.open(settings.geo).lookup
    client = locate(lookup, 4, 0x12000100, 24)
    assert [steering.scope(f"{name}.example.net", client) for name in "abc"] == [16, 16, 22]
    assert widest_scope(SteeringMap(settings, TODAY), lookup, "c.example.net", client) == 22


columns = st.sets(st.integers(1, 1 << 24), max_size=5).map(lambda found: [0, *sorted(found)])
trees = st.dictionaries(st.text(max_size=8), st.tuples(columns, columns), max_size=3)


@given(trees, st.lists(st.text(max_size=8), max_size=2))
def test_a_survey_is_handed_back_as_it_was(drawn, notices):
    made = {key: ScopeTree({4: four, 6: six}) for key, (four, six) in drawn.items()}
    found = load(dump(Survey(Scopes("stamp", made), {4: 7, 6: 9}, ("x",), tuple(notices))))
    assert {key: (list(tree.borders[4]), list(tree.borders[6])) for key, tree in found.scopes.trees.items()} == drawn
    assert (found.blocks, found.built, found.notices, found.scopes.geo) == ({4: 7, 6: 9}, ("x",), tuple(notices), "stamp")


@given(st.binary(max_size=60), st.integers(0, 200))
def test_octets_that_are_no_survey_are_refused(data, at):
    sound = dump(Survey(Scopes("stamp", {"key": ScopeTree({4: [0, 5], 6: [0]})}), {4: 7, 6: 9}))
    for octets in (data, sound[: min(at, len(sound) - 1)], sound + b"\0"):
        with pytest.raises(ValueError, match=r"a survey|Expecting|Extra data|codec|Invalid|Unterminated"):
            load(octets)
