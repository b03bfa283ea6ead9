"""What an incident costs clients, once the users of all countries were asked where they would be."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gslb.admin import Feed
from gslb.geo import GeoIndex
from gslb.model import Limits, State
from gslb.runtime.incidents import Incidents
from gslb.runtime.journal import Journal
from gslb.runtime.simulating import Simulating
from gslb.runtime.wellbeing import Wellbeing, well_world
from gslb.state.incidents import NodeFacts, findings
from gslb.state.incidents.impact import well_shares
from tests.admin.bench import Bench

pytestmark = pytest.mark.anyio


async def test_clients_that_are_sent_elsewhere_are_weighed_by_where_people_are(tmp_path):
    bench = Bench().ready()
    bench.fail("eu-london-1")
    world, settings = bench.world, bench.configuration
    assert {standing.state for standing in well_world(world).standings.values()} == {State.UP}
    geo = GeoIndex.open(settings.geo)
    simulating = Simulating(lambda: geo, lambda: replace(Limits(), simulated_clients=2000), tmp_path)
    incidents = Incidents(lambda: settings, Journal(None), None, Feed(), NodeFacts, utc_now=lambda: datetime.now(UTC))
    found = findings(world, NodeFacts())
    incidents.take(found, well_shares(world), settings)
    by_capacity = incidents.open[0].impact.share_degraded
    working = asyncio.create_task(Wellbeing(simulating, incidents, after_s=0.0).run(lambda: world))
    async with asyncio.timeout(100):
        while incidents.shares is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    working.cancel()
    shares = dict(incidents.shares)
    assert sum(shares.values()) == pytest.approx(1.0, abs=0.01)
    incidents.take(found, well_shares(world), settings)
    weighed = incidents.open[0].impact.share_degraded
    assert weighed == pytest.approx(shares["eu-london-1"], abs=0.001)
    assert weighed > by_capacity, "Europe, Africa and the west of Asia have three sites; Japan has seven"
