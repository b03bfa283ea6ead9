"""The thirteen mirrors as processes: they start soon, take orders one by one, and none outlives its fleet."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gslb.errors import BusyError, NodeError, UsageError
from gslb.model import Location
from gslb.runtime.demo.fleet import Fleet, Life
from gslb.runtime.demo.mirror import main
from gslb.runtime.demo.sites import NODE, SITES, MirrorSpec, delay_ms, free_port, mirror_specs
from gslb.runtime.demo.tree import Recipe, build_tree, verify
from tests import ports

RECIPE = Recipe(positions=8, block_bytes=4096, kernel_bytes=4096, miniroot_bytes=4096)
SMALL = ("127.83.8.1", "127.83.8.2")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    build_tree(root, RECIPE)
    return root


@pytest.fixture
async def fleet(root: Path) -> AsyncIterator[Fleet]:
    """Two mirrors on one port."""
    port = ports.free_port(*SMALL)
    async with Fleet([MirrorSpec(f"m{n}", address, port) for n, address in enumerate(SMALL, 1)], root) as fleet:
        yield fleet


async def get(spec: MirrorSpec, path: str = f"{RECIPE.prefix}kernel", timeout_s: float = 10.0) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=timeout_s) as session:
        return await session.get(f"http://{spec.address}:{spec.port}{path}")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def eventually(condition, timeout_s: float = 30.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 (another process has no Event)
            await asyncio.sleep(0.02)


async def test_thirteen_mirrors_serve_one_tree_and_end_together(root: Path):
    specs = mirror_specs(ports.free_port(*(site.address for site in SITES)))
    async with Fleet(specs, root) as fleet:
        replies = await asyncio.gather(*(get(spec) for spec in specs))
        assert {reply.headers["Mirror"] for reply in replies} == {site.id for site in SITES}
        assert len({(reply.content, reply.headers["ETag"]) for reply in replies}) == 1
        pids = [fleet.pid(spec.id) for spec in specs]
    assert not any(is_running(pid) for pid in pids)
    assert verify(root / RECIPE.prefix.strip("/")) == ()


def test_the_sites_are_three_us_three_eu_seven_jp_on_loopback():
    assert [site.region for site in SITES] == ["us"] * 3 + ["eu"] * 3 + ["jp"] * 7
    assert all(site.id.startswith(f"{site.region}-") for site in SITES)
    assert len({site.address for site in SITES}) == 13


def test_delays_are_as_the_distances():
    delays = {spec.id: spec.delay_ms for spec in mirror_specs()}
    assert delays["jp-tokyo-1"] == 1
    assert delays["jp-nagoya-1"] < delays["jp-osaka-1"] < delays["jp-fukuoka-1"] < delays["us-sanjose-1"]
    assert delay_ms(NODE, Location(50.11, 8.68)) == pytest.approx(140, abs=3)


async def test_a_fault_is_set_on_one_mirror_alone(fleet: Fleet):
    status = await fleet.set_fault("m1", "500")
    assert (status.mirror, status.fault) == ("m1", "500")
    replies = [await get(spec) for spec in fleet.specs.values()]
    assert [reply.status_code for reply in replies] == [500, 200]
    assert (await fleet.status("m1")).requests == 1
    with pytest.raises(UsageError, match="'bored' is no fault"):
        await fleet.set_fault("m1", "bored")
    with pytest.raises(UsageError, match="'m9' is none of the mirrors m1, m2"):
        await fleet.set_fault("m9", "hang")


async def test_a_killed_mirror_refuses_and_comes_back(fleet: Fleet):
    await fleet.kill("m1")
    assert fleet.life("m1") is Life.DEAD
    with pytest.raises(httpx.ConnectError):
        await get(fleet.specs["m1"])
    with pytest.raises(NodeError, match="no mirror at"):
        await fleet.status("m1")
    assert (await fleet.restart("m1")).fault == "ok"
    assert (await get(fleet.specs["m1"])).status_code == 200


async def test_a_frozen_mirror_accepts_and_says_nothing_until_it_thaws(fleet: Fleet):
    await fleet.freeze("m1")
    assert fleet.life("m1") is Life.FROZEN
    with pytest.raises(httpx.ReadTimeout):
        await get(fleet.specs["m1"], timeout_s=1.0)
    with pytest.raises(NodeError, match="it may be frozen"):
        await fleet.set_fault("m1", "ok")
    fleet.thaw("m1")
    assert (await get(fleet.specs["m1"])).status_code == 200


async def test_a_mirror_restarts_with_a_fault_frozen_or_not(fleet: Fleet):
    await fleet.freeze("m1")
    assert (await fleet.restart("m1", "slow 3")).fault == "slow 3"
    assert fleet.life("m1") is Life.RUNNING


async def test_a_port_that_is_taken_is_told_and_nothing_stays(root: Path, fleet: Fleet):
    taken = fleet.specs["m1"]
    second = Fleet([MirrorSpec("free", "127.83.8.3", taken.port), taken], root)
    with pytest.raises(BusyError, match=r"mirror m1: .*address already in use"):
        async with second:
            pass
    assert second.life("free") is Life.DEAD
    assert not second.control_path("free").parent.exists()
    assert free_port(SMALL, taken.port) > taken.port


async def test_a_mirror_has_further_addresses(root: Path):
    port = ports.free_port("127.83.8.4")
    six = ports.free_port("::1")
    async with Fleet([MirrorSpec("both", "127.83.8.4", port, 0.0, (f"[::1]:{six}",))], root):
        for address, number in (("127.83.8.4", port), ("[::1]", six)):
            assert (await get(MirrorSpec("", address, number))).status_code == 200


ORPHANS = """
import asyncio, sys
from pathlib import Path
from gslb.runtime.demo.fleet import Fleet
from gslb.runtime.demo.sites import MirrorSpec

async def main():
    async with Fleet([MirrorSpec(f"m{n}", f"127.83.8.{n}", 0) for n in (5, 6)], Path(sys.argv[1])) as fleet:
        await fleet.freeze("m6")
        print(fleet.pid("m5"), fleet.pid("m6"), fleet.control_path("m5").parent, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
async def test_no_mirror_outlives_its_fleet_not_even_a_frozen_one(root: Path, number: signal.Signals):
    command = [sys.executable, "-c", ORPHANS, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as parent:
        assert parent.stdout
        *pids, run = (await asyncio.to_thread(parent.stdout.readline)).decode().split()
        assert all(is_running(int(pid)) for pid in pids)
        parent.send_signal(number)
        await eventually(lambda: not any(is_running(int(pid)) for pid in pids))
    assert os.path.exists(run) == (number is signal.SIGKILL)  # SIGKILL leaves sockets and logs, no process
    shutil.rmtree(run, ignore_errors=True)


async def test_a_mirror_takes_little_to_start(fleet: Fleet):
    """Of CPU, so that thirteen are up within a few seconds on two cores, whatever else runs."""
    fields = Path(f"/proc/{fleet.pid('m1')}/stat").read_text().rpartition(")")[2].split()
    assert (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") < 0.5


def test_a_mirror_imports_little():
    code = "import sys, gslb.runtime.demo.mirror; print(*{name.partition('.')[0] for name in sys.modules})"
    names = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"pydantic", "fastapi", "httpx", "rich", "typer", "structlog", "dns"} & set(names.split())


def test_wrong_usage_is_told_with_exit_code_2(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(["--address=127.83.8.1", "--root=/", "--name=x", "--fault=bored"])
    assert ended.value.code == 2
    assert "is no fault of a mirror" in capsys.readouterr().err
