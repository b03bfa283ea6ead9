"""Sizes by a listing of a real rsync daemon, and what is no listing."""

import asyncio
import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.content.listing import Listing, ListingError, listing
from probes.content.setting import ContentSetting
from probes.setting import Setting
from tests.fuzz import fuzz_rsync_listing
from tests.ports import free_port
from tests.probes.content.rsync import rsync_daemon
from tests.probes.peers import listening, repeating

pytestmark = pytest.mark.anyio

EASY = ContentSetting(probe=Setting(timeout_s=20.0))
NAMES = ["kernel", "a b", "sub/ü", "back\\slash", "new\nline", "\\#012", " x "]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("rsync")
    for number, name in enumerate(NAMES):
        (root / "v1" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "v1" / name).write_bytes(b"x" * (1234567 if number == 0 else number))
    (root / "v1/link").symlink_to("kernel")
    (root / "v1/unwanted").write_bytes(b"x")
    with rsync_daemon(root) as url:
        yield f"{url}v1/"


async def test_a_daemon_tells_the_sizes_of_the_wanted_files_whatever_their_names(daemon: str) -> None:
    sizes = await listing(daemon, EASY, {*NAMES, "link", "gone"})
    assert sizes == {name: (1234567 if number == 0 else number) for number, name in enumerate(NAMES)} | {"link": 1234567}


async def test_a_directory_that_is_not_there_is_said_as_rsync_says_it(daemon: str) -> None:
    with pytest.raises(ListingError, match=r"rsync: exit 23: rsync: .*No such file or directory"):
        await listing(f"{daemon}gone/", EASY, NAMES)


async def test_a_daemon_that_is_not_there_is_said() -> None:
    with pytest.raises(ListingError, match=r"rsync: exit 10: .*Connection refused"):
        await listing(f"rsync://127.0.0.1:{free_port()}/x/", EASY, NAMES)


async def test_no_option_and_no_other_protocol_can_be_slipped_in() -> None:
    for url in ("--rsh=touch /tmp/x", "host:/etc/", "/etc/"):
        with pytest.raises(ListingError, match="is not an rsync URL"):
            await listing(url, EASY, NAMES)


async def test_a_listing_is_bounded_in_octets(daemon: str) -> None:
    with pytest.raises(ListingError, match="longer than 50 octets"):
        await listing(daemon, ContentSetting(listing_octets=50), NAMES)


async def test_a_daemon_that_says_nothing_is_left_in_time_and_nothing_stays_behind() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(silent) as peer:
        url = f"rsync://127.0.0.1:{peer.port}/x/"
        with pytest.raises(ListingError, match=r"not done within 0\.5 s"):
            await listing(url, ContentSetting(probe=Setting(timeout_s=60.0), listing_s=0.5), NAMES)
        assert subprocess.run(["pgrep", "-f", url], capture_output=True, check=False).stdout == b""


async def test_a_daemon_that_talks_for_ever_is_left_in_time() -> None:
    async def talking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await repeating(b"@RSYNCD: 31.0\n" * 1000)(writer)

    async with listening(talking) as peer:
        with pytest.raises(ListingError):
            await listing(f"rsync://127.0.0.1:{peer.port}/x/", ContentSetting(listing_s=1.0), NAMES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"-rw-r--r-- 12 2026/11/28 09:00:00 kernel\nHello\x1b[2J\n", "line 2: 'Hello\ufffd[2J' is no line of a listing"),
        (b"\n" * 5 + b"x" * 100_000, "line 6: longer than 16384 octets"),
        (b"-rw-r--r-- -1 2026/11/28 09:00:00 kernel\n", "line 1: "),
    ],
)
def test_what_is_no_listing_is_refused_with_its_line(text: bytes, said: str) -> None:
    reader = Listing(NAMES)
    with pytest.raises(ListingError) as error:
        reader.feed(text)
    assert said in str(error.value)


WORDS = [b"-rw-r--r-- ", b"drwxr-xr-x ", b"12 ", b"1,234 ", b"2026/11/28 09:00:00 ", b"kernel", b"a b", b"\\#303\\#274", b"sub/"]
WORDS += [b"\n", b"\\#", b"\\#777", b"\x00", b"back\\slash", b"99999999999999999999 "]


@given(st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(WORDS), max_size=30).map(b"".join)))
def test_any_octets_are_a_listing_or_are_refused(data: bytes) -> None:
    fuzz_rsync_listing.one_input(data)
