"""A round of looking at one set on one mirror: what is good, what is absent, what is wrong, and what nobody can say."""

import hashlib
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import trustme

from probes.content.look import look
from probes.content.memory import Memory
from probes.content.model import ContentResult, Look
from probes.content.setting import ContentSetting
from probes.setting import Setting
from tests.ports import free_port
from tests.probes.content.mirror import Mirror, Request, mirroring, written
from tests.probes.peers import HOST

pytestmark = pytest.mark.anyio

EASY = ContentSetting(probe=Setting(timeout_s=20.0, phase_s=10.0))
BLOCK = b"a block of HTTP-FUSE"
FILES = {"kernel": b"k" * 5000, "boot/mini root": b"m" * 700, hashlib.sha1(BLOCK).hexdigest(): BLOCK, "empty": b""}


async def looked(mirror: Mirror, memory: Memory | None = None, full: bool = False, **more: object) -> ContentResult:
    return await look(mirror.target(**more), EASY, memory or Memory(), full)


async def test_a_site_whose_files_are_as_the_manifest_says_is_good() -> None:
    async with mirroring(FILES) as mirror:
        result = await looked(mirror, sentinels=("kernel",))
    assert (result.look, result.lacking, result.wrong, result.faults) == (Look.GOOD, 0, 0, ())
    assert (result.site, result.key, result.address, result.full) == ("jp-tokyo-1", "k", "127.0.0.1", False)
    assert result.modified_utc == datetime.fromtimestamp(1_700_000_000, UTC)
    assert result.files is not None
    assert result.files["kernel"].sha256 == hashlib.sha256(FILES["kernel"]).hexdigest()
    assert result.reason == "4 of 4 files looked at, 4 read whole"


async def test_sites_with_the_same_files_are_at_one_generation_and_share_what_is_known_of_it() -> None:
    memory = Memory()
    async with mirroring(FILES) as one, mirroring(FILES, "::1") as other, mirroring(FILES | {"kernel": b"new"}) as newer:
        other.files["SHA256SUMS"] = b"# of another mirror\n" + other.files["SHA256SUMS"]
        results = [await looked(mirror, memory) for mirror in (one, other, newer)]
    assert [result.look for result in results] == [Look.GOOD] * 3
    assert results[0].generation == results[1].generation != results[2].generation
    assert results[0].files == results[1].files


async def test_the_requests_are_those_of_a_client() -> None:
    async with mirroring(FILES) as mirror:
        result = await looked(mirror, sentinels=("boot/mini root",), sample=0)
    assert [(request.method, request.path, request.headers.get("range")) for request in mirror.requests] == [
        ("GET", "SHA256SUMS", None),
        ("HEAD", "boot/mini root", None),
        ("GET", "boot/mini root", None),
        ("GET", "boot/mini root", "bytes=350-699"),
    ]
    assert all(request.headers["host"] == "knoppix.example" for request in mirror.requests)
    assert "-r 350-699" in result.exchange.command
    assert "/pub/set%20one/boot/mini%20root" in result.exchange.command


# Wrong


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"empty"}))
async def test_one_flipped_bit_is_wrong_and_named(name: str) -> None:
    async with mirroring(FILES) as mirror:
        content = bytearray(mirror.files[name])
        content[-1] ^= 1
        mirror.files[name] = bytes(content)
        result = await looked(mirror, sentinels=(name,))
    assert result.look is Look.WRONG
    assert result.reason.startswith(f"the SHA-256 of {name} is {hashlib.sha256(content).hexdigest()[:16]}…, not ")
    assert (result.wrong, result.faults[0].path) == (1, name)
    assert "sha256sum" in result.exchange.command
    assert result.generation


async def test_a_sample_finds_it_in_turn_and_it_stays_found_until_it_is_mended() -> None:
    files = {f"block{n:02}": bytes([n]) * 100 for n in range(20)}
    memory = Memory()
    async with mirroring(files) as mirror:
        mirror.files["block07"] = b"junk" * 25
        looks = [(await looked(mirror, memory, sample=4)).look for _ in range(8)]
        first = looks.index(Look.WRONG)
        assert first < 5
        assert set(looks[:first]) <= {Look.GOOD}
        assert set(looks[first:]) == {Look.WRONG}
        mirror.files["block07"] = files["block07"]
        assert (await looked(mirror, memory, sample=4)).look is Look.GOOD


async def test_a_file_named_by_its_content_is_checked_though_no_manifest_lists_it() -> None:
    name = hashlib.sha1(BLOCK).hexdigest()
    async with mirroring({"kernel": b"k"}) as mirror:
        mirror.files[name] = BLOCK
        assert (await looked(mirror, sentinels=(name,))).look is Look.GOOD
        mirror.files[name] = BLOCK + b"!"
        result = await looked(mirror, sentinels=(name,))
    assert (result.look, result.reason.split(" is ")[0]) == (Look.WRONG, f"the SHA-1 of {name}")


async def test_a_size_that_the_manifest_does_not_list_is_wrong_before_anything_is_read() -> None:
    async with mirroring({"kernel": b"k" * 50}, manifest=False) as mirror:
        digest = hashlib.sha256(b"k" * 50).hexdigest()
        mirror.files["SHA256SUMS"] = f"SHA256 (kernel) = {digest}\nSIZE (kernel) = 51\n".encode()
        result = await looked(mirror, sentinels=("kernel",))
    assert (result.look, result.reason) == (Look.WRONG, "kernel has 50 octets, not 51")
    assert mirror.asked("GET", "kernel") == 0


@pytest.mark.parametrize(
    ("status", "body", "span", "said", "expected"),
    [
        ("206 Partial Content", b"z" * 512, "bytes 2500-3011/5000", "are others than in the whole file", Look.WRONG),
        ("206 Partial Content", b"k" * 512, "bytes 0-511/5000", "answered Content-Range 'bytes 0-511/5000'", Look.WRONG),
        ("206 Partial Content", b"k" * 512, "bytes 2500-3011/9999", "asked for octets 2500-3011 of 5000", Look.WRONG),
        ("206 Partial Content", b"k" * 9, "bytes 2500-3011/5000", "octets 2500-3011 came as 9", Look.WRONG),
        ("200 OK", b"k" * 5000, None, "sends all of kernel when a part is asked for (Range)", Look.ABSENT),
        ("416 Range Not Satisfiable", b"", None, "kernel: GET with Range answered 416", Look.ABSENT),
    ],
)
async def test_a_range_has_to_be_answered_with_that_part(
    status: str, body: bytes, span: str | None, said: str, expected: Look
) -> None:
    def odd(request: Request) -> bytes | None:
        if "range" not in request.headers:
            return None
        return written(status, body, [f"Content-Range: {span}"] if span else [])

    async with mirroring(FILES) as mirror:
        mirror.odd = odd
        result = await looked(mirror, sentinels=("kernel",), sample=0)
    assert result.look is expected
    assert said in result.reason


# Absent


async def test_a_file_that_is_listed_and_not_there_is_absent_until_it_is_there() -> None:
    memory = Memory()
    async with mirroring(FILES) as mirror:
        kernel = mirror.files.pop("kernel")
        first = await looked(mirror, memory, sentinels=("kernel",))
        mirror.files["kernel"] = kernel
        second = await looked(mirror, memory, sentinels=("kernel",))
    assert (first.look, first.reason, first.lacking) == (Look.ABSENT, "lacks kernel (404)", 1)
    assert second.look is Look.GOOD


async def test_a_site_that_has_its_lock_is_being_changed() -> None:
    async with mirroring(FILES) as mirror:
        mirror.files["LOCK"] = b""
        result = await looked(mirror, lock="LOCK")
        assert (result.look, result.reason) == (Look.ABSENT, "is being changed (LOCK is there)")
        assert [request.method for request in mirror.requests] == ["HEAD"]
        del mirror.files["LOCK"]
        assert (await looked(mirror, lock="LOCK")).look is Look.GOOD


async def test_a_site_that_changes_while_it_is_looked_at_is_being_changed_and_not_wrong() -> None:
    async with mirroring(FILES) as mirror:

        def odd(request: Request) -> None:
            if request.path == "kernel":
                mirror.files["kernel"] = b"new"
                mirror.write_manifest()

        mirror.odd = odd
        result = await looked(mirror, sentinels=("kernel",))
    assert result.look is Look.ABSENT
    assert result.reason == "is being changed (SHA256SUMS changed while its files were looked at)"


@pytest.mark.parametrize("scan_s", [20.0, 1.0], ids=["to its end", "as far as time goes"])
async def test_a_scan_in_which_the_lock_appears_makes_nobody_good(scan_s: float) -> None:
    """A round may have seen the lock while the scan went on: what that says in the end must not bring the site back."""
    async with mirroring(FILES | {f"block{n}": bytes([n]) for n in range(9)}) as mirror:

        def odd(request: Request) -> None:
            if request.path == "block0":
                mirror.files["LOCK"] = b""
            elif scan_s < 5 and request.path == "block5":
                time.sleep(1.1)

        mirror.odd = odd
        result = await look(mirror.target(lock="LOCK"), replace(EASY, scan_s=scan_s), Memory(), full=True)
    assert (result.look, result.reason) == (Look.ABSENT, "is being changed (LOCK is there)")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (written("404 Not Found", b"", []), "lacks SHA256SUMS (404)"),
        (written("403 Forbidden", b"", []), "SHA256SUMS: GET answered 403, expected 200"),
        (written("200 OK", b"<html>", []), "SHA256SUMS is no manifest: line 1: '<html>' is no line"),
        (written("200 OK", b"\x1f\x8b\x08\xff", ["Content-Encoding: gzip"]), "it came with Content-Encoding gzip"),
        (written("302 Found", b"", ["Location: http://us.example/x"]), "redirects to http://us.example/x, this load balancer"),
        (written("302 Found", b"", ["Location: /elsewhere"]), "a redirect to /elsewhere"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "has more than 16777216 octets, the most of a manifest"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", "the answer broke off"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Long: x\r\n" * 20_000 + b"\r\n", "the answer is not HTTP"),
    ],
)
async def test_a_manifest_that_can_not_be_had_is_absent_with_the_reason(answer: bytes, said: str) -> None:
    setting = ContentSetting(probe=Setting(timeout_s=20.0, phase_s=10.0, own=frozenset({("us.example", None)})))
    async with mirroring(FILES) as mirror:
        mirror.odd = lambda request: answer
        result = await look(mirror.target(), setting, Memory())
    assert (result.look, result.generation, result.files) == (Look.ABSENT, "", None)
    assert said in result.reason


# Unknown


async def test_a_site_that_can_not_be_reached_is_unknown() -> None:
    target = Mirror({}, port=free_port()).target()
    result = await look(target, EASY, Memory())
    assert (result.look, result.reason) == (Look.UNKNOWN, "SHA256SUMS: connection refused")


async def test_a_site_that_asks_to_come_back_later_is_unknown_and_the_time_is_told() -> None:
    async with mirroring(FILES) as mirror:
        mirror.odd = lambda request: written("503 Busy", b"", ["Retry-After: 120"])
        result = await looked(mirror)
    assert (result.look, result.retry_after_s) == (Look.UNKNOWN, 120.0)
    assert len(mirror.requests) == 1


# Without a manifest


async def test_without_a_manifest_the_sentinels_are_the_generation() -> None:
    memory = Memory()
    async with mirroring(FILES, manifest=False) as one, mirroring(FILES, manifest=False) as other:
        other.files["kernel"] = b"other"
        sets: dict = {"manifest": None, "sentinels": ("kernel", "boot/mini root")}
        results = [await looked(mirror, memory, **sets) for mirror in (one, other, one)]
        del one.files["kernel"]
        lacking = await looked(one, memory, **sets)
    assert [result.look for result in results] == [Look.GOOD] * 3
    assert results[0].generation == results[2].generation != results[1].generation
    assert results[0].files is results[2].files
    assert (lacking.look, lacking.reason, lacking.generation) == (Look.ABSENT, "lacks kernel (404)", "")


# Over TLS


async def test_a_set_is_looked_at_over_tls_and_a_certificate_that_is_not_trusted_is_for_others_to_say() -> None:
    authority, context = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(context)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(served)
    trusting = ContentSetting(probe=Setting(timeout_s=20.0, phase_s=10.0, tls=context))
    async with mirroring(FILES, tls=served) as mirror:
        target = mirror.target(tls=True, sentinels=("kernel",))
        good, bad = await look(target, trusting, Memory()), await look(target, EASY, Memory())
        unverified = await look(replace(target, verify=False), EASY, Memory())
    assert (good.look, unverified.look) == (Look.GOOD, Look.GOOD)
    assert (bad.look, bad.reason.split(":")[:2]) == (Look.UNKNOWN, ["SHA256SUMS", " the certificate is not trusted"])
    assert "https://knoppix.example/pub/" in good.exchange.command
