"""Real mirrors as processes of their own, stopped and killed while a boot loader takes a kernel of 30 MB."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from gslb.model import Limits
from gslb.redirect.through import Through
from tests.redirect import doors
from tests.redirect.through.sites import GRUB, PATH, Process, mirror, serving

pytestmark = pytest.mark.anyio

KERNEL = random.Random(3).randbytes(30_000_000)
MODIFIED_S = 1_199_145_600  # the same on both, as rsync keeps it


@pytest.fixture(params=[True], ids=["uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("mirrors")
    path = root / PATH.lstrip("/")
    path.parent.mkdir()
    path.write_bytes(KERNEL)
    os.utime(path, (MODIFIED_S, MODIFIED_S))
    return root


@pytest.mark.parametrize("dies", [Process.stop, Process.kill], ids=["stopped", "killed"])
async def test_a_mirror_dies_in_the_middle_of_a_kernel(root: Path, dies: object) -> None:
    """The same octets, and no stall above 5 s (issue 4, must show 3)."""
    with mirror(root) as first, mirror(root) as second:
        through = Through(Limits(), {})
        async with doors.opened(serving(first, second), through=through) as door, await door.connect() as talk:
            through.counters = door.counters
            await talk.send(doors.request(PATH, GRUB))
            answer = doors.parse(await talk.reader.readuntil(b"\r\n\r\n"))
            assert (answer.site, answer.fields["Content-Length"]) == ("jp-tokyo-1", str(len(KERNEL)))
            taken, longest_s, dead = bytearray(), 0.0, False
            since_s = time.monotonic()
            while len(taken) < len(KERNEL):
                taken += await talk.reader.read(65536)
                longest_s, since_s = max(longest_s, time.monotonic() - since_s), time.monotonic()
                if not dead and len(taken) > 5_000_000:
                    dies(first)  # type: ignore[operator]
                    dead = True
    assert taken == KERNEL
    assert longest_s < 5.0
    assert "jp-tokyo-1" in [key[2] for key in door.counters if key[0] == "gslb_through_failovers_total"]
    assert door.counters["gslb_through_octets_total", doors.HOST, "us-chicago"] > 1_000_000
