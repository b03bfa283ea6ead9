"""What the command line of PreBoot Linux asks for, from the network of a real kernel."""

import signal

import pytest

from tests.boot.machine import Machine
from tests.boot.world import BLOCK, CONSOLE, GO, HOST, PREFIX, SCRIPT, World

pytestmark = pytest.mark.needs_root

WELL = "boot: 12 blocks\nboot: well"


def preboot(world: World, asked: str) -> Machine:
    release = world.release
    return Machine(kernel=release / "kernel", initrd=release / "miniroot.gz", append=f"{CONSOLE} {asked}")


def test_iscript_starts_another_kernel_that_resolves_again(world):
    said = world.boot(preboot(world, f"iscript=http://{HOST}{SCRIPT}"))
    assert said.count("boot: network up") == 2
    assert WELL in said
    assert len(world.sites_asked()) == 1
    assert {asked.host for asked in world.asked} == {HOST}


@pytest.mark.long
def test_httpfuse_is_redirected(world):
    assert WELL in world.boot(preboot(world, f"httpfuse=http://{GO}{PREFIX}"))
    (site,) = world.sites_asked()
    assert {asked.host for asked in world.asked} == {f"{site}.{HOST}"}


@pytest.mark.long
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP])
@pytest.mark.parametrize("host", [HOST, GO])
def test_the_mirror_dies_after_the_fifth_block(world, host, sent):
    world.doom(BLOCK, count=5, signal=sent)
    assert WELL in world.boot(preboot(world, f"httpfuse=http://{host}{PREFIX}"))
    first, second = world.sites_asked()
    assert world.doomed == [first]
    assert second.startswith("jp-")
