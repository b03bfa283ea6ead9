"""What an answer says about the site: content, status, redirects, as they come over a real socket."""

import hashlib

import pytest

from probes.http import probe_http
from probes.model import Check
from probes.setting import Setting
from probes.verdict import Verdict
from tests.probes.peers import answering, listening, page, sending, silence

pytestmark = pytest.mark.anyio

SHORT = Setting(timeout_s=0.6, phase_s=0.3)
EASY = Setting()

# Content


@pytest.mark.parametrize(
    ("check", "answer", "verdict"),
    [
        (Check("http", contains="ell"), page(), Verdict.OK),
        (Check("http", contains="bye"), page(), Verdict.WRONG_CONTENT),
        (Check("http", size=5), page(), Verdict.OK),
        (Check("http", size=6), page(), Verdict.WRONG_CONTENT),
        (Check("http", sha256=hashlib.sha256(b"hello").hexdigest()), page(), Verdict.OK),
        (Check("http", sha256=hashlib.sha256(b"bye").hexdigest()), page(), Verdict.WRONG_CONTENT),
        (Check("http", size=5), b"HTTP/1.0 200 OK\r\n\r\nhello", Verdict.OK),
        (Check("http", size=6), b"HTTP/1.0 200 OK\r\n\r\nhello", Verdict.WRONG_CONTENT),
        (Check("http", size=700), b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 700, Verdict.MALFORMED),
        (Check("http", size=9000), page(b"x" * 512, "206 P", "Content-Range: bytes 0-511/9000"), Verdict.OK),
        (
            Check("http", size=9001),
            page(b"x" * 512, "206 P", "Content-Range: bytes 0-511/9000"),
            Verdict.WRONG_CONTENT,
        ),
        (
            Check("http", size=9000),
            page(b"x" * 512, "206 P", "Content-Range: bytes 0-511/*"),
            Verdict.MALFORMED,
        ),
        (
            Check("http", sha256="0" * 64),
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
            Verdict.WRONG_CONTENT,
        ),
    ],
)
async def test_content_is_judged_by_what_came(check: Check, answer: bytes, verdict: Verdict) -> None:
    async with answering(answer) as peer:
        result = await probe_http(peer.target(check), EASY)
    assert result.verdict is verdict
    assert result.verdict.severe == (verdict is Verdict.WRONG_CONTENT)


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 70_000])
async def test_contains_is_looked_for_in_the_first_4096_bytes(size: int) -> None:
    async with answering(page(b"." * size + b"!")) as peer:
        result = await probe_http(peer.target(Check("http", contains="!")), EASY)
    assert result.ok == (size < 4096)
    assert b"Range: bytes=0-4095" in peer.heads[0]


# Status


@pytest.mark.parametrize(
    ("status", "line", "verdict"),
    [
        ((200,), "404 Not Found", Verdict.WRONG_STATUS),
        ((404,), "404 Not Found", Verdict.OK),
        ((206,), "200 OK", Verdict.WRONG_STATUS),
        ((200,), "503 Busy", Verdict.WRONG_STATUS),
        ((200, 503), "503 Busy\r\nRetry-After: 9", Verdict.OK),
        ((200,), "503 Busy\r\nRetry-After: soon", Verdict.WRONG_STATUS),
        ((200,), "302 Found\r\nLocation: /elsewhere", Verdict.REDIRECT),
        ((200,), "302 Found\r\nLocation: http://other.example/", Verdict.REDIRECT),
        ((302,), "302 Found\r\nLocation: http://other.example/", Verdict.OK),
        ((200,), "302 Found", Verdict.WRONG_STATUS),
    ],
)
async def test_the_status_decides(status: tuple[int, ...], line: str, verdict: Verdict) -> None:
    async with answering(page(b"", line)) as peer:
        result = await probe_http(peer.target(Check("http", status=status)), EASY)
    assert result.verdict is verdict


async def test_a_wrong_status_is_told_without_waiting_for_its_body() -> None:
    async with listening(sending(b"HTTP/1.1 500 Oops\r\nContent-Length: 99\r\n\r\n", silence)) as peer:
        result = await probe_http(peer.target(), SHORT)
    assert (result.verdict, result.reason) == (Verdict.WRONG_STATUS, "answered 500, expected 200")


@pytest.mark.parametrize(("value", "wait_s"), [("30", 30.0), ("999999999999", 86400.0), ("-1", None)])
async def test_a_throttling_site_says_when_to_come_back(value: str, wait_s: float | None) -> None:
    async with answering(page(b"", "429 Slow Down", f"Retry-After: {value}")) as peer:
        result = await probe_http(peer.target(), EASY)
    assert result.retry_after_s == wait_s
    assert result.verdict is (Verdict.THROTTLED if wait_s else Verdict.WRONG_STATUS)


# Redirects to us

OWN = frozenset({("knoppix.example", None), ("192.0.2.80", 8080), ("2001:db8::80", 80)})


@pytest.mark.parametrize(
    ("location", "loop"),
    [
        ("http://knoppix.example/x", True),
        ("https://KNOPPIX.example.:8443/x", True),
        ("//knoppix.example/x", True),
        ("http://192.0.2.80:8080/", True),
        ("http://192.0.2.80/", False),
        ("http://[2001:db8:0::80]/", True),
        ("https://[2001:db8::80]/", False),
        ("http://mirror.example/", False),
        ("http://knoppix.example@mirror.example/", False),
        ("/x/", False),
    ],
)
async def test_a_redirect_to_us_is_a_loop_whatever_status_was_expected(location: str, loop: bool) -> None:
    async with answering(page(b"", "302 Found", f"Location: {location}")) as peer:
        result = await probe_http(peer.target(Check("http", status=(302,))), Setting(own=OWN))
    assert result.verdict is (Verdict.REDIRECT_LOOP if loop else Verdict.OK)
    assert ("this load balancer" in result.reason) == loop
