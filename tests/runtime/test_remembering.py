"""What a real node remembers of its traffic: who was sent where, who asked, and how things were, over a restart."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from gslb.admin.flows import flows_view
from gslb.admin.history import _kinds
from gslb.admin.principal import LOOPBACK
from gslb.runtime.control import Control
from gslb.runtime.remembering import FILE, STEP_S
from gslb.state.rollups import Series
from tests.runtime import nodes

SERVICE = {"host": nodes.HOST, "http_hosts": ["go.example.net"], "check": {"type": "exec", "command": ["/bin/true"]}}
GEO = {"overrides": [{"network": "127.0.0.0/8", "country": "JP", "location": [35.7, 139.8]}]}


async def count(control: Control, site: str) -> float:
    found = await control.node.history.totals("1h", lambda each: each == Series(site, "requests"))
    return round(found.get(Series(site, "requests"), 0.0))


@pytest.mark.anyio
@pytest.mark.parametrize("workers", [0, 1])
async def test_traffic_is_told_as_flows_clients_and_history_and_is_still_known_after_a_restart(
    tmp_path: Path, workers: int
) -> None:
    settings = nodes.configuration(tmp_path, services=[SERVICE], geo=GEO)
    async with nodes.running(settings, workers) as control:
        history, flows = control.node.history, control.node.flows
        await history.note(time.time() - STEP_S)  # what is noted next is of what comes
        for _ in range(20):
            await nodes.get(control, "/a")
            await nodes.ask(control)
        await nodes.get(control, "/@2/a")
        await nodes.until(lambda: flows.seen().total >= 41)
        await nodes.until(lambda: flows.recent())
        await flows.refresh()

        view = flows_view(flows, LOOPBACK, nodes.HOST, 60, 100)
        assert {(flow.region, flow.country, flow.door, flow.site) for flow in view.flows} == {
            ("jp", "JP", "dns", "jp-1"), ("jp", "JP", "http", "jp-1"), ("jp", "JP", "http", "us-1"),
        }  # fmt: skip
        assert {site.site: site.target for site in view.sites} == {"jp-1": 1.0, "us-1": 0.0}
        assert {(each.family, each.network, each.length) for each in flows.recent(nodes.HOST)} == {(4, 127 << 24, 24)}

        await history.note(time.time() - STEP_S)
        (kind,) = _kinds(await history.totals("1h", lambda each: not each.site))
        assert (kind.kind, kind.requests, kind.redirected, kind.retries) == ("other", 21, 21, 1)
        assert (await count(control, "jp-1"), await count(control, "us-1")) == (40, 1)
        told = await history.read("1h", lambda each: each.site == "jp-1" and each.name == "up")
        assert any(value is not None for value in told.series[Series("jp-1", "up")])
        assert control.node.gauges()["gslb_history_up",] == 1.0
    async with nodes.running(settings, workers) as control:
        assert (await count(control, "jp-1"), await count(control, "us-1")) == (40, 1)


@pytest.mark.anyio
async def test_a_history_that_cannot_be_kept_is_told_and_the_node_goes_on_without(tmp_path: Path) -> None:
    settings = nodes.configuration(tmp_path, services=[SERVICE])
    state = Path(settings.state_dir)
    (state / FILE).mkdir(parents=True)  # no file can be there
    async with nodes.running(settings) as control:
        await control.node.history.note(time.time() - STEP_S)
        assert "HTTP/1.1 302" in await nodes.get(control)
        assert [event.kind for event in control.node.journal.recent if event.subject == "history"] == ["history-failed"]
        assert control.node.gauges()["gslb_history_up",] == 0.0
        assert (await control.node.history.read("1h", lambda each: each.name == "up")).series
    os.rmdir(state / FILE)
    (state / FILE).write_bytes(b"no database" * 1000)
    async with nodes.running(settings) as control:
        await control.node.history.note(time.time() - STEP_S)
        assert [event.kind for event in control.node.journal.recent if event.subject == "history"][-1] == "history-set-aside"
        assert control.node.gauges()["gslb_history_up",] == 1.0
        assert "HTTP/1.1 302" in await nodes.get(control)
