"""One end of the socket between control and a worker, on a real pair of sockets."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest

from gslb.errors import NodeError
from gslb.runtime.channel import MOST_SOCKETS, Channel
from gslb.runtime.frames import Kind, frame, json_frame
from tests.runtime.nodes import until

pytestmark = pytest.mark.anyio


class End:
    def __init__(self, sock: socket.socket, largest: int = 1 << 20) -> None:
        self.heard: list[tuple[Kind, bytes]] = []
        self.closed = 0
        self.channel = Channel(asyncio.get_running_loop(), sock, largest, self.hear, self.close)

    def hear(self, kind: Kind, payload: bytes) -> None:
        self.heard.append((kind, payload))

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def pair():
    left, right = socket.socketpair()
    yield left, right
    left.close()
    right.close()


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def test_frames_go_both_ways_in_order(pair):
    left, right = End(pair[0]), End(pair[1])
    left.channel.send(frame(Kind.WORLD, b"w" * 500_000))
    left.channel.send(frame(Kind.DRAIN))
    right.channel.send(json_frame(Kind.TALLY, {"world": 1}))
    await until(lambda: len(right.heard) == 2 and left.heard)
    assert right.heard == [(Kind.WORLD, b"w" * 500_000), (Kind.DRAIN, b"")]
    assert left.heard == [(Kind.TALLY, b'{"world":1}')]


async def test_sockets_ride_along(pair):
    left, right = End(pair[0]), End(pair[1])
    mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mine.bind(("127.0.0.1", 0))
    left.channel.send(json_frame(Kind.COVER, {"sockets": 2}), [mine.fileno(), mine.fileno()])
    await until(lambda: right.heard)
    taken = right.channel.take_sockets(2)
    assert [sock.getsockname() for sock in taken] == [mine.getsockname()] * 2
    with pytest.raises(NodeError, match="1 sockets were announced and 0 came"):
        right.channel.take_sockets(1)
    for sock in (mine, *taken):
        sock.close()


async def test_to_one_that_does_not_read_only_the_newest_world_waits_and_one_beat(pair):
    left = End(pair[0])
    for number in range(20):
        left.channel.send(frame(Kind.WORLD, bytes([number]) * 400_000))
        left.channel.send(frame(Kind.BEAT))
    assert left.channel.waits
    right = End(pair[1])
    await until(lambda: not left.channel.waits)
    await until(lambda: right.heard[-1][1][:1] == b"\x13")
    assert [(kind, payload[:1]) for kind, payload in right.heard] == [(Kind.WORLD, b"\0"), (Kind.WORLD, b"\x13")]


async def test_trees_of_scopes_are_not_lost_to_the_worlds_that_come_after_them(pair):
    left = End(pair[0])
    for kind in (Kind.WORLD, Kind.SCOPES, Kind.SCOPES, Kind.WORLD, Kind.WORLD):
        left.channel.send(frame(kind, b"w" * 400_000))
    right = End(pair[1])
    await until(lambda: not left.channel.waits)
    await until(lambda: len(right.heard) == 3)
    assert [kind for kind, _ in right.heard] == [Kind.WORLD, Kind.SCOPES, Kind.WORLD]


@pytest.mark.parametrize("garbage", [b"\xff\xff\xff\xff\x02", b"\0\0\0\0\x63", frame(Kind.TALLY, b"x" * 200)])
async def test_one_that_sends_garbage_is_closed(pair, garbage):
    left = End(pair[0], largest=100)
    pair[1].sendall(garbage)
    await until(lambda: left.closed)
    assert left.heard == []


async def test_a_hearer_that_refuses_closes(pair):
    left = End(pair[0])

    def refuse(kind: Kind, payload: bytes) -> None:
        raise NodeError("not that")

    left.channel._on_frame = refuse
    pair[1].sendall(frame(Kind.BEAT))
    await until(lambda: left.closed)


async def test_closing_is_told_once_however_it_comes(pair):
    left = End(pair[0])
    pair[1].close()
    await until(lambda: left.closed)
    left.channel.close()
    left.channel.send(frame(Kind.BEAT))
    assert left.closed == 1
    assert not left.channel.waits


async def test_sockets_that_nobody_takes_are_closed_with_it_and_are_not_taken_without_end(pair):
    before = descriptors()
    left = End(pair[0])
    right = End(pair[1])
    mine = socket.socket()
    for count in range(1, 10):
        right.channel.send(frame(Kind.TALLY, b"{}"), [mine.fileno()] * 100)
        await until(lambda count=count: left.closed or len(left.heard) >= count)
    assert left.closed
    assert len(left.heard) <= MOST_SOCKETS // 100
    mine.close()
    right.channel.close()
    assert descriptors() <= before
