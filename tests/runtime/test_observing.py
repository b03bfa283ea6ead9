"""One worker's dnstap and query log, by the Snapshots that it is handed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import dns.message
import pytest

from gslb.dns.observer import Link
from gslb.runtime.dataplane import DataPlane
from tests.dns.dnstap.taps import taps, whole
from tests.runtime.makers import Maker
from tests.runtime.nodes import HOST, until
from tests.runtime.readers import Reader

pytestmark = pytest.mark.anyio
LINK = Link("udp", ("192.0.2.53", 53), ("133.11.77.5", 4711))


@pytest.fixture
async def plane() -> DataPlane:
    return DataPlane(asyncio.get_running_loop(), 1)


def ask(plane: DataPlane, count: int = 1) -> None:
    """As the sockets do it."""
    for number in range(count):
        wire = dns.message.make_query(HOST, "A", id=number).to_wire()
        observer = plane.responder.observer
        if observer is None:
            assert plane.responder.respond(wire, LINK.peer[0]) is not None
        else:
            assert observer.respond(plane.responder, wire, LINK) is not None


def counted(plane: DataPlane, name: str) -> dict[tuple[str, ...], int]:
    plane.tally()
    return {key[1:]: count for key, count in plane.counters.items() if key[0] == name}


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_nothing_is_observed_unless_it_is_asked_for(plane: DataPlane, tmp_path: Path) -> None:
    await plane.take(Maker(tmp_path).snapshot())
    assert plane.responder.observer is None
    assert plane.tally()["outlets"] == {}
    await plane.drain()


async def test_messages_come_to_a_reader_and_are_counted(plane: DataPlane, tmp_path: Path) -> None:
    with Reader(tmp_path / "sock") as reader:
        await plane.take(Maker(tmp_path, dnstap={"socket": "sock"}).snapshot())
        ask(plane, 3)
        seen = await asyncio.to_thread(reader.wait, 6)
        assert [tap["type"] for tap in seen] == [1, 2] * 3
        assert {tap["identity"] for tap in seen} == {b"test-1"}
        assert {tap["query_address"] for tap in seen} == {b"\x85\x0b\0\0"}
        await until(lambda: counted(plane, "gslb_dnstap_written_total") == {(): 6})
        assert plane.tally()["outlets"] == {"dnstap": [True, ""]}
        await plane.drain()
        await asyncio.to_thread(reader.wait_ended)


async def test_what_is_under_way_at_the_end_is_written(plane: DataPlane, tmp_path: Path) -> None:
    await plane.take(Maker(tmp_path, dnstap={"file": "tap"}, query_log={"file": "log", "one_in": 1}).snapshot())
    ask(plane, 500)
    await plane.drain()
    assert len(taps((tmp_path / "tap").read_bytes())) == 1000
    assert whole((tmp_path / "tap").read_bytes())
    assert len(lines(tmp_path / "log")) == 500
    assert counted(plane, "gslb_query_log_written_total") == {(): 500}
    assert counted(plane, "gslb_query_log_dropped_total") == {}


async def test_several_workers_have_a_file_each_and_one_log(tmp_path: Path) -> None:
    planes = [DataPlane(asyncio.get_running_loop(), number) for number in range(2)]
    maker = Maker(tmp_path, dnstap={"file": "tap"}, query_log={"file": "log", "one_in": 1})
    for plane in planes:
        await plane.take(replace(maker.snapshot(), workers=2))
        ask(plane, 5)
    for plane in planes:
        await plane.drain()
    assert [len(taps((tmp_path / f"tap.worker{number}").read_bytes())) for number in range(2)] == [10, 10]
    assert not (tmp_path / "tap").exists()
    assert len(lines(tmp_path / "log")) == 10


async def test_a_reload_turns_it_on_changes_it_and_turns_it_off(plane: DataPlane, tmp_path: Path) -> None:
    await plane.take(Maker(tmp_path).snapshot())
    await plane.take(Maker(tmp_path, query_log={"file": "log", "one_in": 1}).snapshot())
    ask(plane)
    await plane.take(Maker(tmp_path, query_log={"file": "log", "one_in": 1, "client_addresses": True}).snapshot())
    ask(plane)
    await plane.take(Maker(tmp_path, query_log={"file": "other", "one_in": 1}).snapshot())
    ask(plane)
    await plane.take(Maker(tmp_path).snapshot())
    assert plane.responder.observer is None
    ask(plane)
    await until(lambda: counted(plane, "gslb_query_log_written_total") == {(): 3})
    # What waited when the order changed is written by the new order: whoever asked for less is obeyed at once.
    assert [line["client"] for line in lines(tmp_path / "log")][-1] == "133.11.77.5"
    assert [line["client"] for line in lines(tmp_path / "other")] == ["133.11.0.0/16"]
    assert plane.tally()["outlets"] == {}
    await plane.drain()


async def test_a_world_of_the_same_configuration_keeps_the_stream(plane: DataPlane, tmp_path: Path) -> None:
    with Reader(tmp_path / "sock") as reader:
        maker = Maker(tmp_path, dnstap={"socket": "sock"})
        for _ in range(5):
            await plane.take(maker.snapshot())
            ask(plane)
        await asyncio.to_thread(reader.wait, 10)
        assert len(reader.streams) == 1
        await plane.drain()


async def test_an_order_to_rotate_begins_the_file_anew_once(plane: DataPlane, tmp_path: Path) -> None:
    maker = Maker(tmp_path, dnstap={"file": "tap"})
    await plane.take(maker.snapshot())
    ask(plane)
    await until(lambda: counted(plane, "gslb_dnstap_written_total") == {(): 2})
    await plane.take(replace(maker.snapshot(), rotated="first"))
    await until(lambda: (tmp_path / "tap.old").exists())
    ask(plane, 2)
    await plane.take(replace(maker.snapshot(), rotated="first"))
    await plane.drain()
    assert [len(taps((tmp_path / name).read_bytes())) for name in ("tap.old", "tap")] == [2, 4]
    assert whole((tmp_path / "tap.old").read_bytes())


async def test_another_control_without_an_order_rotates_nothing(plane: DataPlane, tmp_path: Path) -> None:
    maker = Maker(tmp_path, dnstap={"file": "tap"})
    await plane.take(replace(maker.snapshot(), rotated="of the first control"))
    ask(plane)
    await plane.take(replace(maker.snapshot(), rotated=""))
    ask(plane)
    await plane.drain()
    assert len(taps((tmp_path / "tap").read_bytes())) == 4
    assert not (tmp_path / "tap.old").exists()


async def test_what_finds_no_room_is_counted(plane: DataPlane, tmp_path: Path) -> None:
    changes: dict[str, Any] = {"dnstap": {"socket": "nobody"}, "limits": {"observed_queue": 10}}
    await plane.take(Maker(tmp_path, **changes).snapshot())
    ask(plane, 25)
    assert counted(plane, "gslb_dnstap_dropped_total") == {("queue",): 15}
    await until(lambda: plane.tally()["outlets"] == {"dnstap": [False, "No such file or directory"]})
    await plane.drain()
    assert counted(plane, "gslb_dnstap_dropped_total") == {("queue",): 15, ("lost",): 10}
