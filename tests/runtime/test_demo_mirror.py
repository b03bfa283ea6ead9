"""A mirror of the demo, over real sockets: HTTP as boot clients need it, and every fault as they see it."""

import asyncio
import http.client
import itertools
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gslb.runtime.demo.ranges import Span, Unsatisfiable, select
from gslb.runtime.demo.requests import MAX_BODY, MAX_HEAD, MAX_TARGET, Refusal, RequestParser
from gslb.runtime.demo.serving import Mirror
from gslb.runtime.demo.tree import build_tree
from tests.runtime.mirrors import KERNEL, RECIPE, client, get, raw, running


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    build_tree(root, RECIPE)
    (root / "empty").touch()
    (root / "a b+c").write_text("encoded")
    (root / "out").symlink_to("/etc/hostname")
    return root


@pytest.fixture(scope="module")
def kernel(root: Path) -> bytes:
    return (root / KERNEL.lstrip("/")).read_bytes()


@pytest.fixture
async def mirror(root: Path) -> AsyncIterator[Mirror]:
    async with running(root) as mirror:
        yield mirror


# HTTP


async def test_a_file_is_served_whole_with_its_validators(mirror: Mirror, kernel: bytes):
    reply = await get(mirror)
    assert (reply.status_code, reply.content) == (200, kernel)
    assert reply.headers["Content-Length"] == str(len(kernel))
    assert reply.headers["Mirror"] == "m1"
    assert reply.headers["ETag"].startswith('"')
    assert " 2008 " in reply.headers["Last-Modified"]


async def test_head_gives_the_headers_of_get_and_no_body(mirror: Mirror):
    async with client(mirror) as session:
        get, head = await session.get(KERNEL), await session.head(KERNEL)
        assert head.content == b""
        assert {**head.headers, "date": ""} == {**get.headers, "date": ""}
        assert (await session.head("/missing")).status_code == 404
    assert mirror.counters.connections == 1


@pytest.mark.parametrize("path", ["/missing", "/", "/archives", "/out", "/../etc/hostname", "/%2e%2e/x", "/%00", f"{KERNEL}/"])
async def test_what_is_no_file_of_the_tree_is_404(mirror: Mirror, path: str):
    reply = await raw(mirror, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert reply.startswith(b"HTTP/1.1 404 Not Found\r\n")


@pytest.mark.parametrize("path", ["/a%20b%2Bc", "/a%20b+c?query=1", "http://elsewhere/a%20b+c"])
async def test_paths_are_decoded_and_queries_ignored(mirror: Mirror, path: str):
    reply = await raw(mirror, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert reply.endswith(b"\r\n\r\nencoded")


async def test_an_empty_file_has_length_0(mirror: Mirror):
    reply = await get(mirror, "/empty", Range="bytes=0-")
    assert (reply.status_code, reply.headers["Content-Length"]) == (200, "0")


async def test_header_names_are_title_case_and_values_never_empty(mirror: Mirror):
    head, _, _ = (await raw(mirror, f"GET {KERNEL} HTTP/1.0\r\n\r\n".encode())).partition(b"\r\n\r\n")
    for line in head.decode().split("\r\n")[1:]:
        name, _, text = line.partition(": ")
        assert name in ("ETag", name.title())
        assert text


async def test_http_1_0_closes_unless_asked_to_keep_alive(mirror: Mirror, kernel: bytes):
    reply = await raw(mirror, f"GET {KERNEL} HTTP/1.0\r\n\r\n".encode())
    assert b"\r\nConnection: close\r\n" in reply
    assert reply.endswith(kernel)
    asked = b"GET /empty HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    reply = await raw(mirror, asked + b"GET /empty HTTP/1.0\r\n\r\n")
    assert reply.count(b"HTTP/1.1 200 OK") == 2
    assert b"\r\nConnection: keep-alive\r\n" in reply


async def test_pipelined_requests_are_answered_in_order(mirror: Mirror):
    request = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /missing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    reply = await raw(mirror, request % b"/empty" + request % b"/a%20b+c" + last)
    statuses = [line for line in reply.split(b"\r\n") if b"HTTP/1.1 " in line]
    assert statuses == [b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK", b"encodedHTTP/1.1 404 Not Found"]


async def test_other_methods_are_405_with_allow(mirror: Mirror):
    async with client(mirror) as session:
        reply = await session.post(KERNEL, content=b"x" * 1000)
        assert (reply.status_code, reply.headers["Allow"]) == (405, "GET, HEAD")
        assert (await session.get("/empty")).status_code == 200


async def test_an_upgrade_is_not_taken_up(mirror: Mirror):
    upgrade = b"GET /empty HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    reply = await raw(mirror, upgrade)
    assert reply.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nConnection: close\r\n" in reply


LONG = b"x" * (MAX_HEAD + 1)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"GET /" + b"x" * MAX_TARGET + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /" + LONG, 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + LONG + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 4000, 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n" + b"x" * (MAX_BODY + 1), 413),
    ],
)
async def test_what_cannot_be_answered_is_refused_and_the_connection_closed(mirror: Mirror, data: bytes, status: int):
    reply = await raw(mirror, data)
    assert reply.startswith(f"HTTP/1.1 {status} ".encode())
    assert reply.count(b"HTTP/1.1 ") == 1
    assert (await get(mirror, "/empty")).status_code == 200


async def test_a_mirror_with_hosts_knows_no_other(root: Path):
    async with running(root, "knoppix.inetboot.net") as mirror:
        for host, status in [
            ("knoppix.inetboot.net", 200),
            ("KNOPPIX.inetboot.net.:8083", 200),
            ("evil.example", 404),
        ]:
            assert (await get(mirror, "/empty", Host=host)).status_code == status


async def test_a_mirror_listens_on_ipv6_too(root: Path):
    async with running(root, address="::1") as mirror:
        assert (await get(mirror, "/empty")).status_code == 200


async def test_curl_resumes_a_download(mirror: Mirror, kernel: bytes, tmp_path: Path):
    partial = tmp_path / "kernel"
    partial.write_bytes(kernel[:1234])
    url = f"http://{mirror.endpoints[0]}{KERNEL}"
    command = ["curl", "-sS", "--noproxy", "*", "-C", "-", "-o", str(partial), url]
    process = await asyncio.create_subprocess_exec(*command)
    assert await process.wait() == 0
    assert partial.read_bytes() == kernel


# Ranges


@pytest.fixture(scope="module")
def served(root: Path) -> Iterator[http.client.HTTPConnection]:
    """A connection to a mirror that is a process, as the demo has them."""
    command = [sys.executable, "-m", "gslb.runtime.demo.mirror", "--address=127.83.9.2", "--port=0"]
    command += [f"--root={root}", "--name=m2", "--lifeline"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        (endpoint,) = json.loads(process.stdout.readline())["endpoints"]
        connection = http.client.HTTPConnection(endpoint, timeout=5)
        yield connection
        connection.close()


NUMBER = st.one_of(st.none(), st.integers(0, 200), st.integers(99_800, 100_200), st.integers(0, 10**30))


@example(first=10**18 + 1, last=10**18)
@given(first=NUMBER, last=NUMBER)
def test_a_range_gives_the_bytes_that_rfc_9110_says(
    served: http.client.HTTPConnection, kernel: bytes, first: int | None, last: int | None
):
    header = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    served.request("GET", KERNEL, headers={"Range": header})
    reply = served.getresponse()
    body, size = reply.read(), len(kernel)
    expected: tuple[int, bytes | None] = (200, kernel)
    match first, last:
        case None, int(suffix):
            expected = (206, kernel[-suffix:]) if suffix else (416, None)
        case int(start), None:
            expected = (206, kernel[start:]) if start < size else (416, None)
        case int(start), int(end) if start <= end:
            expected = (206, kernel[start : end + 1]) if start < size else (416, None)
    assert reply.status == expected[0]
    assert expected[1] in (None, body)
    _check_content_range(reply, body, kernel)


def _check_content_range(reply: http.client.HTTPResponse, body: bytes, whole: bytes) -> None:
    said = reply.getheader("Content-Range")
    assert reply.getheader("Content-Length") == str(len(body))
    if reply.status == 416:
        assert said == f"bytes */{len(whole)}"
    elif reply.status == 206:
        assert said
        span, _, total = said.removeprefix("bytes ").partition("/")
        first, _, last = span.partition("-")
        assert whole[int(first) : int(last) + 1] == body
        assert int(total) == len(whole)
    else:
        assert said is None


@given(header=st.one_of(st.text(max_size=30), st.from_regex(r"bytes=[-0-9, ]{0,12}", fullmatch=True)))
def test_no_range_header_selects_bytes_that_are_not_there(header: str):
    try:
        span = select(header, 100)
    except Unsatisfiable:
        return
    assert span is None or 0 <= span.first <= span.last < 100


@pytest.mark.parametrize("header", ["bytes=0-1,3-4", "bytes=", "bytes=-", "lines=0-1", "bytes=a-b", "bytes=１-２"])
def test_what_is_no_single_byte_range_is_ignored(header: str):
    assert select(header, 100) is None


def test_the_unit_is_compared_without_case():
    assert select("Bytes=0-", 100) == Span(0, 99)


async def test_head_ignores_a_range(mirror: Mirror):
    async with client(mirror) as session:
        assert (await session.head(KERNEL, headers={"Range": "bytes=0-0"})).status_code == 200


async def test_if_range_gives_the_part_only_of_what_has_not_changed(mirror: Mirror):
    headers = (await get(mirror)).headers
    for validator, status in [
        (headers["ETag"], 206),
        (headers["Last-Modified"], 206),
        (f"W/{headers['ETag']}", 200),
        ('"other"', 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
    ]:
        assert (await get(mirror, Range="bytes=0-9", If_Range=validator)).status_code == status


# Requests, as bytes


@given(cut=st.integers(0, 200), data=st.data())
def test_how_the_bytes_arrive_does_not_matter(cut: int, data: st.DataObject):
    whole = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nHEAD /b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 2
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    parser = RequestParser()
    edges = [0, *cuts, len(whole)]
    parts = (whole[start:end] for start, end in itertools.pairwise(edges))
    seen = [request for part in parts if part for request in parser.feed(part)]
    assert seen == RequestParser().feed(whole)
    assert len(seen) == 4


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_no_bytes_make_the_parser_fail(parts: list[bytes]):
    parser = RequestParser()
    for part in parts:
        ready = parser.feed(b"GET " + part if part[:1] == b"/" else part)
        assert all(request.keep_alive for request in ready[:-1])
        if ready and not ready[-1].keep_alive:
            break


def test_an_endless_head_is_refused_before_it_is_kept():
    parser = RequestParser()
    assert parser.feed(b"GET / HTTP/1.1\r\nHost: x\r\nX: ") == []
    for _ in range(MAX_HEAD // 1000 + 1):
        if ready := parser.feed(b"y" * 1000):
            break
    assert ready == [Refusal(431)]
