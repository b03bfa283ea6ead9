"""The http prober against real sockets: what a mirror may do well, and the ways it may go wrong."""

import asyncio
import gzip
import hashlib
import shlex
import socket
import time
import tracemalloc

import pytest

from probes.http import probe_http
from probes.model import Check, Target
from probes.setting import Setting
from probes.verdict import Verdict
from tests.ports import free_port
from tests.probes.peers import HOST, answering, listening, page, repeating, sending, silence

pytestmark = pytest.mark.anyio

SHORT = Setting(timeout_s=0.6, phase_s=0.3, contact="ops@example.org")
EASY = Setting(contact="ops@example.org")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_a_site_that_answers_is_ok_over_both_families(address: str) -> None:
    async with answering(page(), address) as peer:
        result = await probe_http(peer.target(), EASY)
    assert (result.verdict, result.site, result.address) == (Verdict.OK, "jp-tokyo-1", address)
    timings = result.timings
    assert timings.connect_ms is not None
    assert timings.first_byte_ms is not None
    assert timings.total_ms is not None
    assert timings.total_ms >= timings.connect_ms + timings.first_byte_ms
    assert timings.tls_ms is None


async def test_the_request_on_the_wire_is_the_request_that_is_told() -> None:
    async with answering(page()) as peer:
        result = await probe_http(peer.target(Check("http", path="/a%2Fb//../c?x=%20&y")), EASY)
    assert peer.heads == [result.exchange.request.encode()]
    assert peer.heads == [
        b"GET /a%2Fb//../c?x=%20&y HTTP/1.1\r\n"
        b"Host: knoppix.example\r\n"
        b"User-Agent: gslb-probe/0.1 (+ops@example.org)\r\n"
        b"Accept: */*\r\n"
        b"Accept-Encoding: identity\r\n"
        b"Connection: close\r\n"
        b"Range: bytes=0-511\r\n\r\n"
    ]


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    async with answering(page()) as peer:
        assert (await probe_http(peer.target(), EASY)).ok


async def test_every_probe_is_a_connection_of_its_own() -> None:
    async with answering(page()) as peer:
        for _ in range(3):
            assert (await probe_http(peer.target(), EASY)).ok
    assert len(peer.heads) == 3


async def test_the_answer_is_told_as_it_came() -> None:
    async with answering(page(b"x", "200 Fine", "X-Odd: \xe9")) as peer:
        result = await probe_http(peer.target(), EASY)
    assert result.exchange.response.startswith("HTTP/1.1 200 Fine\r\nContent-Length: 1\r\nX-Odd: ")
    assert result.exchange.bytes_read == 1


async def test_head_sends_no_range_and_reads_the_size() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n") as peer:
        good = await probe_http(peer.target(Check("http", method="HEAD", size=77)), EASY)
        bad = await probe_http(peer.target(Check("http", method="HEAD", size=78)), EASY)
    assert good.ok
    assert b"Range" not in peer.heads[0]
    assert bad.verdict is Verdict.WRONG_CONTENT


# Failing to connect


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_a_closed_port_is_refused(address: str) -> None:
    target = Target("k", "s", address, free_port(address), Check("http"), HOST)
    result = await probe_http(target, EASY)
    assert (result.verdict, result.reason) == (Verdict.REFUSED, "connection refused")
    assert result.exchange.error.startswith("ConnectionRefusedError: ")


async def test_a_full_backlog_times_out_in_connect() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        where = full.getsockname()
        others = [socket.socket() for _ in range(4)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(where)
        result = await probe_http(Target("k", "s", where[0], where[1], Check("http"), HOST), SHORT)
        for other in others:
            other.close()
    assert result.verdict is Verdict.TIMEOUT_CONNECT
    assert result.reason == "no connection within 0.3 s"
    assert result.timings.connect_ms is None


async def test_a_connection_closed_without_an_answer_is_a_reset() -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with listening(close) as peer:
        result = await probe_http(peer.target(), EASY)
    assert result.verdict is Verdict.RESET


async def test_a_reset_in_the_middle_of_the_answer_is_a_reset() -> None:
    async def reset(writer: asyncio.StreamWriter) -> None:
        await writer.drain()
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    async with listening(sending(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx", reset)) as peer:
        result = await probe_http(peer.target(), EASY)
    assert result.verdict is Verdict.RESET
    assert result.exchange.response.startswith("HTTP/1.1 200 OK")


# Time


async def test_silence_times_out_at_the_first_byte() -> None:
    async with listening(sending(b"", silence)) as peer:
        result = await probe_http(peer.target(), SHORT)
    assert result.verdict is Verdict.TIMEOUT_FIRST_BYTE
    assert result.timings.connect_ms is not None
    assert result.timings.total_ms is not None
    assert 300 <= result.timings.total_ms < 1300


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"], ids=["head", "body"])
async def test_a_trickle_fails_when_the_whole_time_is_over(start: bytes) -> None:
    async with listening(sending(start, repeating(b"H", 0.05))) as peer:
        result = await probe_http(peer.target(), SHORT)
    assert result.verdict is Verdict.TIMEOUT_TOTAL
    assert result.timings.total_ms is not None
    assert 600 <= result.timings.total_ms < 1600


async def test_a_body_may_pause_for_longer_than_the_first_byte_may_take() -> None:
    async def late(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.8)
        writer.write(b"hello")
        await writer.drain()
        await silence(writer)

    async with listening(sending(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", late)) as peer:
        result = await probe_http(peer.target(), Setting(timeout_s=5.0, phase_s=0.5))
    assert result.ok


async def test_a_body_that_stalls_fails_when_the_whole_time_is_over() -> None:
    async with listening(sending(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", silence)) as peer:
        result = await probe_http(peer.target(), SHORT)
    assert result.verdict is Verdict.TIMEOUT_TOTAL
    assert "3 bytes in" in result.reason
    assert result.exchange.response.startswith("HTTP/1.1 200 OK")


# Lies


async def test_a_body_shorter_than_announced_is_truncated() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort") as peer:
        result = await probe_http(peer.target(), EASY)
    assert result.verdict is Verdict.TRUNCATED


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 206 Partial\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 206 Partial\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 302 Found\r\nLocation: http://[::1/\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_malformed(answer: bytes) -> None:
    async with answering(answer) as peer:
        result = await probe_http(peer.target(), EASY)
    assert result.verdict is Verdict.MALFORMED
    assert result.reason


async def test_an_endless_head_is_cut_off() -> None:
    async with listening(sending(b"HTTP/1.1 200 OK\r\n", repeating(b"X-More: " + b"y" * 8000 + b"\r\n"))) as peer:
        result = await probe_http(peer.target(), EASY)
    assert result.verdict is Verdict.MALFORMED
    assert len(result.exchange.response) <= 4096


async def test_a_long_head_is_told_in_part() -> None:
    async with answering(page(b"x", "200 OK", *(f"X-{n}: {'y' * 100}" for n in range(200)))) as peer:
        result = await probe_http(peer.target(), EASY)
    assert result.ok
    assert len(result.exchange.response) == 4096


async def test_an_endless_body_is_read_no_further_than_asked() -> None:
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    async with listening(sending(head, repeating(b"x" * 65536))) as peer:
        result = await probe_http(peer.target(), EASY)
    assert result.ok
    assert result.exchange.bytes_read == 512


async def test_an_endless_body_with_a_hash_is_cut_at_16_mb_and_memory_stays_flat() -> None:
    async with listening(sending(b"HTTP/1.1 200 OK\r\n\r\n", repeating(b"x" * 65536))) as peer:
        tracemalloc.start()
        result = await probe_http(peer.target(Check("http", sha256="0" * 64)), Setting(timeout_s=30.0))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (result.verdict, result.reason) == (Verdict.WRONG_CONTENT, "the object is larger than 16 MB")
    assert result.exchange.bytes_read == 16 * 2**20
    assert peak < 4 * 2**20


async def test_a_compression_bomb_is_only_its_compressed_bytes() -> None:
    bomb = gzip.compress(b"\0" * 20_000_000)
    answer = page(bomb, "200 OK", "Content-Encoding: gzip")
    async with answering(answer) as peer:
        tracemalloc.start()
        check = Check("http", sha256=hashlib.sha256(bomb).hexdigest(), size=len(bomb))
        result = await probe_http(peer.target(check), EASY)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert result.ok
    assert peak < 2 * 2**20


# The curl line


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize(
    "check",
    [
        Check("http", path="/it's/a%20path?q=[1-9]{x}"),
        Check("http", method="HEAD"),
        Check("http", host="other.example:81"),
    ],
)
async def test_the_curl_line_repeats_the_request(address: str, check: Check) -> None:
    async with answering(page(), address) as peer:
        result = await probe_http(peer.target(check), EASY)
        process = await asyncio.create_subprocess_shell(result.exchange.command, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
    assert process.returncode == 0
    assert out.startswith(b"HTTP/1.1 200 OK")
    probed, repeated = (set(head.split(b"\r\n")) - {b"Connection: close"} for head in peer.heads)
    assert probed == repeated


async def test_the_curl_line_of_a_hash_prints_the_hash() -> None:
    async with answering(page(b"hello")) as peer:
        result = await probe_http(peer.target(Check("http", sha256=hashlib.sha256(b"hello").hexdigest())), EASY)
        process = await asyncio.create_subprocess_shell(result.exchange.command, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
    assert result.ok
    assert out.split()[0].decode() == hashlib.sha256(b"hello").hexdigest()
    assert shlex.split(result.exchange.command)


async def test_a_cancelled_probe_ends_at_once_and_closes_its_connection() -> None:
    closed = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        started.set()
        assert await reader.read() == b""
        closed.set()

    started = asyncio.Event()
    async with listening(handler) as peer:
        task = asyncio.create_task(probe_http(peer.target(), EASY))
        await started.wait()
        before = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(closed.wait(), 5)
    assert time.monotonic() - before < 2
