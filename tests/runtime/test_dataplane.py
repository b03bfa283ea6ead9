"""Both doors of one worker by the Snapshots that it is handed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from ipaddress import IPv4Address

import dns.edns
import dns.message
import pytest
from structlog.testing import capture_logs

from gslb.dns.keyring import Keyring
from gslb.model import Endpoint, Limits, RateLimit
from gslb.runtime.dataplane import DataPlane, share
from gslb.runtime.learning import Classes
from gslb.runtime.sockets import Listener, open_all
from tests.geo.makers import city, mmdb
from tests.runtime.makers import Maker
from tests.runtime.nodes import HOST, until

pytestmark = pytest.mark.anyio
JAPAN, AMERICA = "133.11.0.0", "18.0.0.0"


@pytest.fixture
def maker(tmp_path):
    return Maker(tmp_path)


@pytest.fixture
async def plane():
    return DataPlane(asyncio.get_running_loop())


def ask(plane: DataPlane, client: str) -> dns.message.Message:
    query = dns.message.make_query(HOST, "A", use_edns=0, options=[dns.edns.ECSOption(client, 24)])
    wire = plane.responder.respond(query.to_wire(), "192.0.2.250")
    assert wire is not None
    return dns.message.from_wire(wire)


def site(plane: DataPlane, client: str) -> str:
    return {"192.0.2.1": "us-1", "192.0.2.2": "jp-1"}[str(ask(plane, client).answer[0][0])]


def learned(maker: Maker, *clients: str) -> None:
    """Under another control, in this order."""
    maker.classes = Classes()
    for client in clients:
        maker.learn(int(IPv4Address(client)))


async def test_another_control_s_numbers_are_never_mixed_with_the_old_ones(plane, maker):
    """Where a class has number 0 for one control and 1 for the next, an old number would be another region's answer."""
    for clients in ((JAPAN, AMERICA), (AMERICA, JAPAN), (JAPAN,), (AMERICA, JAPAN)):
        learned(maker, *clients)
        await plane.take(maker.snapshot())
        assert (site(plane, JAPAN), site(plane, AMERICA)) == ("jp-1", "us-1")


async def test_a_class_that_is_new_is_told_once_and_then_comes_from_the_table(plane, maker):
    learned(maker, JAPAN)
    await plane.take(maker.snapshot())
    for _ in range(3):
        ask(plane, AMERICA)
    tally = json.loads(json.dumps(plane.tally()))
    assert [row[0] for row in tally["classes"]] == [HOST]
    assert [row[1] for row in tally["counts"] if row[0] == "gslb_dns_unknown_classes_total"] == [HOST]
    maker.learn(int(IPv4Address(AMERICA)))
    await plane.take(maker.snapshot())
    ask(plane, AMERICA)
    assert plane.tally()["classes"] == []


async def test_what_was_told_is_not_told_again(plane, maker):
    await plane.take(maker.snapshot())
    ask(plane, JAPAN)
    assert plane.tally()["counts"] != []
    assert plane.tally()["counts"] == []


async def test_without_news_answers_are_stale_after_three_intervals_and_fresh_with_the_next_beat(plane, maker):
    maker.configuration = replace(maker.configuration, probes=replace(maker.configuration.probes, interval_s=0.1))
    maker.world = replace(maker.world, configuration=maker.configuration)
    await plane.take(maker.snapshot())
    assert not plane.tally()["stale"]
    await until(lambda: plane.tally()["stale"])
    assert [int(option.code) for option in ask(plane, JAPAN).options if isinstance(option, dns.edns.EDEOption)][-1] == 3
    plane.beat()
    assert not plane.tally()["stale"]


async def test_a_worker_that_starts_when_a_database_is_broken_has_the_bundled_one(tmp_path, plane):
    path = mmdb(tmp_path / "city.mmdb", {"133.0.0.0/8": city("US", 40.0, -74.0)})
    maker = Maker(tmp_path, geo={"databases": ["city.mmdb"]})
    path.write_bytes(b"broken" * 100)
    with capture_logs() as logged:
        await plane.take(maker.snapshot())
    assert [line["kind"] for line in logged] == ["geo-refused"]
    assert site(plane, JAPAN) == "jp-1"


async def test_a_worker_that_runs_keeps_what_it_has_open(tmp_path, plane):
    path = mmdb(tmp_path / "city.mmdb", {"133.0.0.0/8": city("US", 40.0, -74.0)})
    maker = Maker(tmp_path, geo={"databases": ["city.mmdb"]})
    await plane.take(maker.snapshot())
    path.write_bytes(b"broken" * 100)
    with capture_logs():
        await plane.take(replace(maker.snapshot(), geo="another"))
    assert site(plane, JAPAN) == "us-1"


async def test_overrides_count_though_the_databases_are_the_same(tmp_path, plane, maker):
    await plane.take(maker.snapshot())
    assert site(plane, JAPAN) == "jp-1"
    override = {"network": "133.0.0.0/8", "country": "US", "location": [40.0, -74.0]}
    await plane.take(Maker(tmp_path, geo={"overrides": [override]}).snapshot())
    assert site(plane, JAPAN) == "us-1"


def test_all_workers_together_admit_what_is_configured():
    limits = Limits(
        tcp_connections=4096, tcp_connections_per_client=256, http_connections=10, http_connections_per_client=5,
        through_streams=9, through_streams_per_client=3, through_rate=1001,
    )  # fmt: skip
    assert share(limits, 1) == limits
    halves = share(limits, 2)
    assert (halves.tcp_connections, halves.tcp_connections_per_client) == (2048, 128)
    assert (halves.http_connections, halves.http_connections_per_client) == (5, 3)
    assert (halves.through_streams, halves.through_streams_per_client, halves.through_rate) == (5, 2, 501)
    assert halves.tcp_idle_s == limits.tcp_idle_s


async def test_a_worker_s_share_follows_their_number_and_the_configuration(plane, maker):
    wanted = [Listener("dns-tcp", Endpoint("127.0.0.1", 0)), Listener("http", Endpoint("127.0.0.1", 0))]
    (sockets,) = open_all(wanted, 1)
    await plane.take(maker.snapshot())
    await plane.serve(wanted, sockets)
    (servers,) = plane._servers.values()
    assert servers.tcp[0].limits == servers.http[0].limits == maker.configuration.limits
    await plane.take(replace(maker.snapshot(), workers=4))
    assert servers.tcp[0].limits == servers.http[0].limits == plane.through.limits == share(maker.configuration.limits, 4)
    await plane.drain()
    for sock in sockets:
        sock.close()


def answered(plane: DataPlane, count: int = 100) -> int:
    """Of so many queries of one /24 at once."""
    wire = dns.message.make_query(HOST, "A").to_wire()
    replies = [plane.responder.respond(wire, f"203.0.113.{host}") for host in range(count)]
    return sum(reply is not None and not reply[2] & 2 for reply in replies)


async def test_a_network_s_fill_holds_from_world_to_world(plane, tmp_path):
    """Else a node whose health changes each second would limit nobody."""
    maker = Maker(tmp_path, rate_limit={"responses_per_s": 20})
    await plane.take(maker.snapshot())
    assert answered(plane) == 20
    assert plane.tally()["limited"] == 21
    limiter = plane.responder.limiter
    await plane.take(maker.snapshot(maker.with_a_site_down()))
    assert plane.responder.limiter is limiter


async def test_all_workers_together_answer_what_is_configured(plane, tmp_path):
    maker = Maker(tmp_path, rate_limit={"responses_per_s": 20})
    await plane.take(replace(maker.snapshot(), workers=4))
    assert answered(plane) == 5


async def test_a_limit_is_set_and_lifted_by_the_next_world(plane, maker):
    await plane.take(maker.snapshot())
    assert answered(plane) == 100
    assert plane.tally()["limited"] == 0
    for limit, wanted in ((RateLimit(20), 20), (RateLimit(30), 30), (RateLimit(30, dry_run=True), 100), (None, 100)):
        configuration = replace(maker.configuration, rate_limit=limit)
        await plane.take(maker.snapshot(replace(maker.world, configuration=configuration)))
        assert answered(plane) == wanted


async def test_secrets_of_cookies_come_with_a_world(plane, maker):
    query = dns.message.make_query(HOST, "A", options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, b"ClientCk")])
    for cookies, octets in ((), []), ((b"secret-of-16-oct",), [24]):
        await plane.take(replace(maker.snapshot(), keyring=Keyring(cookies)))
        wire = plane.responder.respond(query.to_wire(), "203.0.113.1")
        assert wire is not None
        assert [len(option.to_wire() or b"") for option in dns.message.from_wire(wire).options] == octets
