"""Large files are not read whole in every round: their ends are, and what the server says of them is remembered."""

import pytest

from probes.content.look import look
from probes.content.memory import Memory
from probes.content.model import ContentResult, Look
from probes.content.setting import ContentSetting
from probes.setting import Setting
from tests.probes.content.mirror import Mirror, Request, mirroring

pytestmark = pytest.mark.anyio

SIZE = 20_000
LARGE = bytes(range(250)) * (SIZE // 250)


class Clock:
    """Monotonic time that a test sets."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


CLOCK = Clock()
SMALL = ContentSetting(
    probe=Setting(timeout_s=20.0, phase_s=10.0, clock=CLOCK), round_octets=1000, part_octets=100, file_octets=50_000
)


async def looked(mirror: Mirror, memory: Memory, full: bool = False, setting: ContentSetting = SMALL) -> ContentResult:
    mirror.requests.clear()
    return await look(mirror.target(sentinels=("large",)), setting, memory, full)


def flipped(at: int) -> bytes:
    content = bytearray(LARGE)
    content[at] ^= 1
    return bytes(content)


def ranges(mirror: Mirror) -> list[str]:
    return [request.headers["range"] for request in mirror.requests if "range" in request.headers]


async def test_a_round_asks_for_the_two_ends_by_range() -> None:
    async with mirroring({"large": LARGE}) as mirror:
        result = await looked(mirror, Memory())
        assert (result.look, result.hashed) == (Look.GOOD, 0)
        assert ranges(mirror) == ["bytes=0-99", "bytes=19900-19999"]
        assert mirror.asked("HEAD", "large") == 1


@pytest.mark.parametrize("at", [0, SIZE - 1])
async def test_what_one_site_was_found_to_have_whole_tells_of_the_ends_on_another(at: int) -> None:
    memory = Memory()
    async with mirroring({"large": LARGE}) as good, mirroring({"large": LARGE}, "::1") as bad:
        bad.files["large"] = flipped(at)
        assert (await looked(bad, memory)).look is Look.GOOD, "nobody knows yet what it should begin and end with"
        assert (await looked(good, memory, full=True)).look is Look.GOOD
        result = await looked(bad, memory)
        assert result.look is Look.WRONG
        assert "are others than in the whole file" in result.reason
        assert (await looked(good, memory)).look is Look.GOOD


async def test_a_file_that_changed_in_its_middle_is_read_whole_and_found() -> None:
    memory = Memory()
    async with mirroring({"large": LARGE}) as mirror:
        assert (await looked(mirror, memory, full=True)).hashed == 1
        assert (await looked(mirror, memory)).hashed == 0
        mirror.files["large"] = flipped(SIZE // 2)  # and so its ETag is another
        result = await looked(mirror, memory)
    assert (result.look, result.hashed) == (Look.WRONG, 1)
    assert result.reason.startswith("the SHA-256 of large is ")


async def test_what_a_scan_found_wrong_stays_wrong_and_is_not_read_whole_again_while_it_is_the_same() -> None:
    memory = Memory()
    async with mirroring({"large": LARGE}) as mirror:
        mirror.files["large"] = flipped(SIZE // 2)
        assert (await looked(mirror, memory, full=True)).look is Look.WRONG
        for _ in range(3):
            result = await looked(mirror, memory)
            assert (result.look, result.hashed) == (Look.WRONG, 0)
        mirror.files["large"] = LARGE
        result = await looked(mirror, memory)
        assert (result.look, result.hashed) == (Look.GOOD, 1)


async def test_a_manifest_that_is_newer_than_a_large_file_is_found_out_by_its_whole() -> None:
    memory = Memory()
    async with mirroring({"large": LARGE}) as mirror:
        assert (await looked(mirror, memory, full=True)).look is Look.GOOD
        mirror.files["large"] = flipped(SIZE // 2)
        mirror.write_manifest()
        mirror.files["large"] = LARGE
        looks = [await looked(mirror, memory) for _ in range(3)]
    assert [(result.look, result.hashed) for result in looks] == [(Look.WRONG, 1), (Look.WRONG, 0), (Look.WRONG, 0)]


async def test_a_server_whose_etag_changes_with_each_answer_is_not_read_whole_each_time() -> None:
    memory, count = Memory(), 0

    def odd(request: Request) -> bytes | None:
        nonlocal count
        count += 1
        answer = mirror.answer(request)
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.startswith(b"ETag")]
        return b"\r\n".join([*lines, b'ETag: "%d"' % count, b"", body])

    async with mirroring({"large": LARGE}) as mirror:
        mirror.odd = odd
        await looked(mirror, memory, full=True)
        assert [(await looked(mirror, memory)).hashed for _ in range(4)] == [1, 0, 0, 0]
        CLOCK.now_s += 60.0
        assert (await looked(mirror, memory)).hashed == 1


async def test_a_file_above_the_bound_is_never_read_whole() -> None:
    async with mirroring({"large": LARGE}) as mirror:
        bound = ContentSetting(probe=SMALL.probe, round_octets=1000, part_octets=100, file_octets=SIZE - 1)
        result = await looked(mirror, Memory(), full=True, setting=bound)
    assert (result.look, result.hashed, result.checked) == (Look.GOOD, 0, 1)
    assert ranges(mirror) == ["bytes=0-99", "bytes=19900-19999"]


async def test_a_large_sentinel_without_a_manifest_is_read_whole_once_and_again_when_it_changed() -> None:
    memory = Memory()
    async with mirroring({"large": LARGE}, manifest=False) as mirror:
        target = mirror.target(manifest=None, sentinels=("large",))
        first, second = [await look(target, SMALL, memory) for _ in range(2)]
        mirror.files["large"] = flipped(5000)
        third = await look(target, SMALL, memory)
    assert [(result.look, result.hashed) for result in (first, second, third)] == [
        (Look.GOOD, 1),
        (Look.GOOD, 0),
        (Look.GOOD, 1),
    ]
    assert first.generation == second.generation != third.generation


async def test_a_sentinel_above_the_bound_can_not_tell_a_generation() -> None:
    async with mirroring({"large": LARGE}, manifest=False) as mirror:
        bound = ContentSetting(probe=SMALL.probe, round_octets=1000, file_octets=SIZE - 1)
        result = await look(mirror.target(manifest=None, sentinels=("large",)), bound, Memory())
    assert (result.look, result.reason) == (Look.ABSENT, "large has more than 19999 octets, and can't tell a generation")


async def test_octets_of_whole_files_are_bounded_and_the_next_round_goes_on() -> None:
    memory = Memory()
    async with mirroring({f"f{n}": bytes([n]) * 400 for n in range(6)}) as mirror:
        target = mirror.target(sample=6)
        counts = []
        for _ in range(3):
            result = await look(target, SMALL, memory)
            assert result.look is Look.GOOD
            counts.append(result.hashed)
        whole = {request.path for request in mirror.requests if request.method == "GET" and "range" not in request.headers}
    assert counts == [2, 2, 2]
    assert whole == {"SHA256SUMS", *(f"f{n}" for n in range(6))}


async def test_a_long_manifest_is_asked_for_only_if_it_is_another_and_a_scan_reads_it_anew() -> None:
    memory = Memory()
    async with mirroring({f"{n:04}{'x' * 200}": b"" for n in range(300)} | {"large": LARGE}) as mirror:
        first = await looked(mirror, memory)
        second = await looked(mirror, memory)
        assert second.octets < 1000 < len(mirror.files["SHA256SUMS"]) < first.octets
        assert second.generation == first.generation
        assert mirror.requests[0].headers["if-none-match"]
        mirror.files["large"] = flipped(3)
        mirror.write_manifest()
        third = await looked(mirror, memory)
        assert third.generation != first.generation
        assert third.look is Look.GOOD
