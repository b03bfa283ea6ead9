"""A scan of all files of a set, by HTTP alone and with a listing by rsync."""

import asyncio
from pathlib import Path

import pytest

from probes.content.look import look
from probes.content.memory import Memory
from probes.content.model import Fault, Look
from probes.content.setting import ContentSetting
from probes.setting import Setting
from tests.ports import free_port
from tests.probes.content.mirror import Request, mirroring, written
from tests.probes.content.rsync import rsync_daemon

pytestmark = pytest.mark.anyio

EASY = ContentSetting(probe=Setting(timeout_s=20.0, phase_s=10.0))
TIGHT = ContentSetting(probe=EASY.probe, round_octets=1000, scan_octets=2000, file_octets=1000, at_a_time=1)
FILES = {f"f{n:02}": bytes([n]) * 400 for n in range(12)}


async def test_every_file_is_looked_at_and_every_fault_told() -> None:
    memory = Memory()
    async with mirroring(FILES) as mirror:
        good = await look(mirror.target(), EASY, memory, full=True)
        assert (good.look, good.checked, good.hashed, good.full) == (Look.GOOD, 12, 12, True)
        del mirror.files["f03"], mirror.files["f04"]
        mirror.files["f05"] = b"junk"
        bad = await look(mirror.target(), EASY, memory, full=True)
    assert (bad.look, bad.checked, bad.lacking, bad.wrong) == (Look.WRONG, 12, 2, 1)
    assert Fault("f03", Look.ABSENT, "lacks f03 (404)") in bad.faults
    assert {fault.path for fault in bad.faults} == {"f03", "f04", "f05"}
    assert bad.reason.startswith("the SHA-256 of f05 is ")
    assert "f05" in bad.exchange.request


async def test_whole_files_of_a_scan_are_bounded_and_the_next_scan_goes_on_from_there() -> None:
    memory = Memory()
    async with mirroring(FILES) as mirror:
        hashed = []
        for _ in range(3):
            mirror.requests.clear()
            result = await look(mirror.target(), TIGHT, memory, full=True)
            assert (result.look, result.checked) == (Look.GOOD, 12)
            hashed.append({request.path for request in mirror.requests if request.method == "GET"} - {"SHA256SUMS"})
    assert [len(each) for each in hashed] == [5, 5, 5]
    assert set.union(*hashed) == set(FILES)


async def test_a_site_that_goes_away_in_a_scan_is_left_alone() -> None:
    async with mirroring(FILES) as mirror:
        mirror.odd = lambda request: b"" if request.path.startswith("f") else None
        result = await look(mirror.target(), EASY, Memory(), full=True)
    assert result.look is Look.UNKNOWN
    assert "the connection was closed without an answer" in result.reason
    assert len(mirror.requests) < 1 + len(FILES)


async def test_a_site_that_asks_to_wait_in_a_scan_is_left_alone() -> None:
    def odd(request: Request) -> bytes | None:
        return written("429 Slow Down", b"", ["Retry-After: 30"]) if request.path.startswith("f") else None

    async with mirroring(FILES) as mirror:
        mirror.odd = odd
        result = await look(mirror.target(), EASY, Memory(), full=True)
    assert (result.look, result.retry_after_s) == (Look.UNKNOWN, 30.0)
    assert len(mirror.requests) <= 1 + 2 * EASY.at_a_time


async def test_with_a_listing_by_rsync_no_file_is_asked_for_but_those_that_are_hashed_or_lacking(tmp_path: Path) -> None:
    (tmp_path / "pub/v1").mkdir(parents=True)
    for name, content in FILES.items():
        (tmp_path / "pub/v1" / name).write_bytes(content)
    (tmp_path / "pub/v1/f07").unlink()
    with rsync_daemon(tmp_path / "pub") as url:
        async with mirroring(FILES) as mirror:
            result = await look(mirror.target(rsync=f"{url}v1/"), TIGHT, Memory(), full=True)
    assert (result.look, result.checked) == (Look.GOOD, 12), "rsync lacks f07, and HTTP has it"
    assert mirror.asked("HEAD") <= 2, "of f07, and of the file on which HEAD and Range are tried"
    assert len(mirror.requests) <= 1 + 5 + 3 + 1  # the manifest once more, in the end


async def test_without_its_rsync_daemon_a_site_is_scanned_by_http_and_that_is_told() -> None:
    async with mirroring(FILES) as mirror:
        result = await look(mirror.target(rsync=f"rsync://127.0.0.1:{free_port()}/pub/"), EASY, Memory(), full=True)
    assert (result.look, result.checked) == (Look.GOOD, 12)
    assert "no listing by rsync: rsync: exit 10" in result.reason


async def test_a_range_that_is_not_answered_as_one_is_found_by_scans_as_by_rounds() -> None:
    memory = Memory()
    async with mirroring(FILES) as mirror:
        mirror.odd = lambda request: mirror.answer(Request("GET", request.path, {})) if "range" in request.headers else None
        for full in (False, True, False, True):
            result = await look(mirror.target(), EASY, memory, full)
            assert result.look is Look.ABSENT
            assert "when a part is asked for (Range)" in result.reason


async def test_a_scan_that_runs_out_of_time_tells_how_far_it_came_and_the_next_goes_on_from_there() -> None:
    memory = Memory()
    slow = ContentSetting(probe=EASY.probe, at_a_time=1, requests_per_s=10, scan_s=0.5)
    seen: set[str] = set()
    async with mirroring(FILES) as mirror:
        for _ in range(4):
            result = await look(mirror.target(), slow, memory, full=True)
            assert result.look in (Look.GOOD, Look.UNKNOWN)
            assert result.checked < len(FILES)
            seen |= {request.path for request in mirror.requests} - {"SHA256SUMS"}
    assert len(seen) > result.checked
    assert result.look is Look.UNKNOWN or "within 0.5 s" in result.reason


async def test_scans_have_a_bound_of_requests_a_second_together() -> None:
    memory, began = Memory(), asyncio.get_running_loop().time()
    paced = ContentSetting(probe=EASY.probe, requests_per_s=50)
    async with mirroring(FILES) as one, mirroring(FILES, "::1") as other:
        results = await asyncio.gather(*(look(mirror.target(), paced, memory, full=True) for mirror in (one, other)))
    requests = len(one.requests) + len(other.requests)
    assert [result.look for result in results] == [Look.GOOD] * 2
    assert asyncio.get_running_loop().time() - began >= (requests - 1) / 50


async def test_a_scan_asks_for_a_small_file_once_and_for_a_large_one_by_its_head_first(tmp_path: Path) -> None:
    memory = Memory()
    async with mirroring(FILES | {"large": b"l" * 5000}) as mirror:
        brief = ContentSetting(probe=EASY.probe, round_octets=1000, part_octets=100, scan_octets=50_000, file_octets=10_000)
        result = await look(mirror.target(), brief, memory, full=True)
        assert (result.look, result.hashed) == (Look.GOOD, 13)
        assert mirror.asked("HEAD") <= 1 + brief.at_a_time
        mirror.requests.clear()
        mirror.files["f03"] *= 5
        result = await look(mirror.target(), brief, memory, full=True)
        assert (result.look, result.wrong) == (Look.WRONG, 1)
        assert result.faults[0].reason.startswith("the SHA-256 of f03 is ")
