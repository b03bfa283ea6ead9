"""Mirrors that would have us wait, or hold what they send, for ever."""

import asyncio
import gzip
import random
import tracemalloc

import pytest

from probes.content.look import look
from probes.content.memory import Memory, Recent
from probes.content.model import ContentTarget, Look
from probes.content.setting import ContentSetting
from probes.setting import Setting
from tests.probes.content.mirror import PREFIX, Mirror, Request, mirroring, written
from tests.probes.peers import HOST, Peer, listening, repeating, sending, silence

pytestmark = pytest.mark.anyio

SHORT = ContentSetting(
    probe=Setting(timeout_s=1.0, phase_s=1.0), manifest_octets=100_000, round_octets=100_000, file_octets=200_000, body_s=1.0
)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b"x" * 65_536 + b"\r\n"


def at(peer: Peer) -> ContentTarget:
    return ContentTarget("k", "s", peer.address, peer.port, HOST, PREFIX, manifest="SHA256SUMS", lock=None)


@pytest.mark.parametrize(
    ("answer", "then", "said"),
    [
        (CHUNKED, repeating(CHUNK), "SHA256SUMS has more than 100000 octets, the most of a manifest"),
        (CHUNKED, repeating(b"1\r\nx\r\n", 0.05), "not done within 1 s: was reading the answer"),
        (b"HTTP/1.1 200 OK\r\n", repeating(b"X-More: " + b"x" * 1000 + b"\r\n"), "the answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\n", repeating(b"X: y\r\n", 0.05), "within 1 s"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort", silence, "within 1 s"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", silence, "the answer is not HTTP"),
    ],
    ids=["endless body", "trickle", "endless head", "head that trickles", "a length that lies", "no length"],
)
async def test_a_manifest_without_end_is_cut_off_with_the_reason(answer: bytes, then, said: str) -> None:
    async with listening(sending(answer, then)) as peer:
        tracemalloc.start()
        try:
            result = await look(at(peer), SHORT, Memory())
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert result.look in (Look.ABSENT, Look.UNKNOWN)
    assert said in result.reason
    assert peak < 3_000_000


async def test_a_file_without_end_is_wrong_where_its_size_is_listed_and_is_cut_off() -> None:
    async with mirroring({"kernel": b"k" * 1000}) as mirror:
        digest = mirror.files["SHA256SUMS"].split()[0].decode()
        mirror.files["SHA256SUMS"] = f"SHA256 (kernel) = {digest}\nSIZE (kernel) = 1000\n".encode()
        endless = CHUNKED + CHUNK * 20
        mirror.odd = lambda request: endless if (request.method, request.path) == ("GET", "kernel") else None
        result = await look(mirror.target(), SHORT, Memory())
    assert (result.look, result.reason) == (Look.WRONG, "kernel has more than 1000 octets")
    assert result.octets < 2000


async def test_a_bomb_is_its_compressed_octets_and_no_more() -> None:
    bomb = gzip.compress(b"\n" * 20_000_000)
    async with mirroring({"kernel": b"k" * len(bomb)}) as mirror:
        mirror.odd = lambda request: (
            written("200 OK", bomb, ["Content-Encoding: gzip"], sent=request.method == "GET")
            if request.path == "kernel"
            else None
        )
        result = await look(mirror.target(), SHORT, Memory())
    assert result.look is Look.WRONG
    assert "it came with Content-Encoding gzip, though identity was asked for" in result.reason
    assert result.octets < len(bomb) + 1000


async def test_manifests_in_hand_are_bounded_together() -> None:
    memory = Memory()
    memory.octets_in_hand = 4 * SHORT.manifest_octets
    async with mirroring({"kernel": b"k"}) as mirror:
        result = await look(mirror.target(), SHORT, memory)
        assert (result.look, memory.octets_in_hand) == (Look.UNKNOWN, 4 * SHORT.manifest_octets)
        assert "are being read at once" in result.reason


async def test_names_that_could_be_taken_for_more_are_sent_as_names() -> None:
    names = ["a?b=c", "a#b", "%2e%2e", "ü", "a b", "a;b", 'a"b<>']
    async with mirroring({name: name.encode() for name in names}) as mirror:
        result = await look(mirror.target(sample=10), SHORT, Memory())
    assert (result.look, result.checked) == (Look.GOOD, len(names))
    assert {request.path for request in mirror.requests} == {*names, "SHA256SUMS"}


async def test_a_look_that_is_cancelled_ends() -> None:
    async with listening(sending(CHUNKED, repeating(b"1\r\nx\r\n", 0.01))) as peer:
        task = asyncio.create_task(look(at(peer), ContentSetting(body_s=60.0), Memory()))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_what_is_remembered_is_bounded() -> None:
    memory = Memory(sites=2, listed=10, files=4)
    async with mirroring({f"f{n}": bytes([n]) for n in range(6)}) as mirror:
        for change in range(5):
            mirror.files["new"] = bytes([change])
            mirror.write_manifest()
            assert (await look(mirror.target(key=f"k{change}", host=f"h{change}"), SHORT, memory, full=True)).look is Look.GOOD
    assert len(memory.manifests) == 1
    assert memory.manifests.weight == 7
    assert (len(memory.verified), len(memory.ends)) == (4, 4)


async def test_a_manifest_that_is_another_and_none_each_time_is_not_remembered_for_ever() -> None:
    memory = Memory(listed=1000)
    async with mirroring({"kernel": b"k"}) as mirror:
        assert (await look(mirror.target(), SHORT, memory)).look is Look.GOOD
        for number in range(20):
            mirror.files["SHA256SUMS"] = b"<junk %d>" % number
            assert (await look(mirror.target(), SHORT, memory)).look is Look.ABSENT
    assert len(memory.manifests) == 10


def test_the_longest_unused_is_forgotten_first() -> None:
    recent: Recent[str, int] = Recent(3)
    for key in "abc":
        recent.put(key, 1)
    recent.get("a")
    recent.put("d", 1)
    recent.put("d", 2)
    assert [recent.get(key) for key in "abcd"] == [1, None, 1, 2]
    assert (len(recent), recent.weight) == (3, 3)


PIECES = [b"Content-Length: 5", b"Content-Length: 99999999999999999999999", b"Content-Range: bytes 0-0/1", b"Content-Range: x"]
PIECES += [b"ETag: \xff", b"Last-Modified: Sat, 99 Nov 9999999 25:61:61 GMT", b"Last-Modified: Sat, 28 Nov 2026 09:00:00 -9999"]
PIECES += [
    b"Location: http://[::1",
    b"Location: //",
    b"Retry-After: -1",
    b"Retry-After: 1e999",
    b"Transfer-Encoding: chunked",
    b"X: \x00",
]
STATUSES = [
    b"200 OK",
    b"206 Partial Content",
    b"304 Not Modified",
    b"302 Found",
    b"404 No",
    b"416 No",
    b"503 Busy",
    b"999 What",
    b"099 X",
]


def random_answer(request: Request, mirror: Mirror, rng: random.Random) -> bytes | None:
    """Mostly right, so that a look comes far, and else nearly right or junk."""
    kind = rng.random()
    if kind < 0.5:
        return None
    if kind < 0.7:
        answer = bytearray(mirror.answer(request))
        for _ in range(rng.randint(1, 4)):
            answer[rng.randrange(len(answer))] = rng.randrange(256)
        return bytes(answer)
    head = b"\r\n".join([b"HTTP/1.1 " + rng.choice(STATUSES), *rng.sample(PIECES, rng.randint(0, 3)), b"", b""])
    return head + rng.randbytes(rng.choice([0, 5, 5, 600]))


@pytest.mark.parametrize("rounds", [40, pytest.param(1000, marks=pytest.mark.long)])
@pytest.mark.parametrize("full", [False, True])
async def test_whatever_a_mirror_answers_a_look_comes_to_a_result(full: bool, rounds: int) -> None:
    rng, seen = random.Random(rounds), set()
    brief = ContentSetting(
        probe=Setting(timeout_s=2.0, phase_s=2.0), round_octets=1000, part_octets=100, file_octets=5000, body_s=2.0
    )
    async with mirroring({"small": b"s" * 300, "large": b"l" * 3000, "0" * 40: b"x", "empty": b""}) as mirror:
        mirror.odd = lambda request: random_answer(request, mirror, rng)
        memory = Memory()
        for _ in range(rounds):
            result = await look(mirror.target(sentinels=("large", "other"), lock="LOCK"), brief, memory, full)
            assert "failed" not in result.reason
            assert result.reason.isprintable()
            seen.add(result.look)
    assert {Look.ABSENT, Look.UNKNOWN} <= seen
