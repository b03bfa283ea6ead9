"""From the report of a client to what control knows, and over a restart."""

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gslb.model import Configuration
from gslb.redirect.boot.measured import Measured
from gslb.runtime.control import Control
from gslb.runtime.journal import Journal
from gslb.runtime.measuring import DOCUMENT, Measuring
from gslb.runtime.reports import MOST_WAITING, Waiting
from gslb.state.store import Store
from tests.runtime import nodes

SERVICE = {
    "host": nodes.HOST,
    "http_hosts": ["go.example.net"],
    "check": {"type": "exec", "command": ["/bin/true"]},
    "boot": [{"name": "knoppix", "kernel": "/knoppix/kernel"}],
}


async def token(control: Control) -> str:
    found = re.search(
        r"report='http://go\.example\.net:0/~measured\?token=([0-9a-f]+)'", await nodes.get(control, "/~boot/knoppix.fastest.sh")
    )
    assert found
    return found[1]


def known(control: Control) -> list[tuple[str, str, float, int]]:
    return [(each.network, each.site, each.latency.ms, each.latency.times) for each in control.node.measurements(9, None, None)]


@pytest.mark.anyio
@pytest.mark.parametrize("workers", [0, 1])
async def test_what_a_client_tells_is_known_and_survives_a_restart(tmp_path: Path, workers: int) -> None:
    settings = nodes.configuration(tmp_path, services=[SERVICE])
    async with nodes.running(settings, workers) as control:
        first, second = await token(control), await token(control)
        assert "200 OK" in await nodes.get(control, f"/~measured?token={first}&ms=jp-1:12,us-1:130")
        await nodes.until(lambda: known(control), 10)
        told = {("127.0.0.0/16", "jp-1", 12.0, 1), ("127.0.0.0/16", "us-1", 130.0, 1)}
        assert set(known(control)) == told
        assert control.node.gauges()["gslb_measurements",] == 2
        assert control.node.counters()["gslb_measurement_reports_total", "kept"] == 1
    async with nodes.running(settings, workers) as control:
        assert set(known(control)) == told
        assert "200 OK" in await nodes.get(control, f"/~measured?token={second}&ms=jp-1:14")
        await nodes.until(lambda: ("127.0.0.0/16", "jp-1", 13.0, 2) in known(control), 10)


@pytest.fixture
def settings(tmp_path: Path) -> Configuration:
    return nodes.configuration(tmp_path)


@pytest.mark.anyio
async def test_what_is_stored_is_read_as_far_as_it_is_sound(tmp_path: Path, settings: Configuration) -> None:
    store = Store(tmp_path / "state.db", datetime.now(UTC))
    rows = [["10.1.0.0/16", "jp-1", 12.5, time.time(), 3], ["x"], None]
    store.keep_document(DOCUMENT, json.dumps({"format": 1, "measurements": rows}))
    measuring = Measuring(settings, store, Journal(store))
    assert [(each.site, each.latency.ms) for each in measuring.latest(9, None, None)] == [("jp-1", 12.5)]
    store.keep_document(DOCUMENT, "no document")
    assert Measuring(settings, store, Journal(store)).latest(9, None, None) == []
    store.close()


@pytest.mark.anyio
async def test_a_store_that_fails_is_told_and_done_without(tmp_path: Path, settings: Configuration) -> None:
    store = Store(tmp_path / "state.db", datetime.now(UTC))
    journal = Journal(store)
    store.close()
    measuring = Measuring(settings, store, journal)
    measuring.told([["a", "10.1.0.0/16", [["jp-1", 12]]]], settings)
    await measuring.save(settings)
    assert len(measuring.latest(9, None, None)) == 1
    assert journal.store_failures == 2
    assert [event.kind for event in journal.recent] == ["store-failed"]


@pytest.mark.anyio
async def test_what_is_old_is_forgotten(tmp_path: Path, settings: Configuration) -> None:
    now_s = [1_800_000_000.0]
    measuring = Measuring(settings, None, Journal(None), lambda: now_s[0])
    measuring.told([["a", "10.1.0.0/16", [["jp-1", 12]]]], settings)
    now_s[0] += settings.limits.measurement_s + 1
    await measuring.save(settings)
    assert measuring.latest(9, None, None) == []


def test_a_worker_holds_back_no_more_than_it_may() -> None:
    waiting = Waiting()
    report = Measured("token", "10.1.0.0/16", (("jp-1", 12),))
    assert [waiting.add(report) for _ in range(MOST_WAITING + 1)] == [True] * MOST_WAITING + [False]
    assert waiting.taken()[0] == ["token", "10.1.0.0/16", [["jp-1", 12]]]
    assert waiting.taken() == []
