"""What the command line of PreBoot Linux asks for, from the network of a real kernel."""

import pytest

from gslb.runtime.demo.tree import KEXEC_PATH
from tests.boot.machine import Machine
from tests.boot.world import BLOCK, BOOT, CONSOLE, DEATHS, GO, HOST, PREFIX, WELL, World

pytestmark = [pytest.mark.needs_root, pytest.mark.long]


def preboot(world: World, asked: str) -> Machine:
    release = world.release
    return Machine(kernel=release / "kernel", initrd=release / "miniroot.gz", append=f"{CONSOLE} {asked}")


def test_a_boot_script_starts_another_kernel_from_one_site(world):
    said = world.boot(preboot(world, f"iscript={BOOT}.sh"))
    assert said.count("boot: network up") == 2
    assert WELL in said
    (site,) = world.sites_asked()
    assert {asked.host for asked in world.asked} == {f"{site}.{HOST}"}


@pytest.mark.parametrize("sent", DEATHS)
def test_a_boot_script_loses_its_mirror_twice(world, sent):
    """Between kernel and miniroot, and the next one after the fifth block."""
    world.doom("/kernel$", signal=sent)
    world.doom(BLOCK, count=5, signal=sent)
    assert WELL in world.boot(preboot(world, f"iscript={BOOT}.sh"), within_s=120)
    first, second, third = world.sites_asked()
    assert sorted(world.doomed) == sorted([first, second])
    assert world.sites_asked("/miniroot.gz") == [second]
    assert world.sites_asked("/index.idx") == [second]
    assert third.startswith("jp-")


def test_a_boot_script_measures_first(world):
    said = world.boot(preboot(world, f"iscript={BOOT}.fastest.sh"))
    assert WELL in said
    assert len(world.sites_asked("/kernel")) == 1


def test_a_script_of_the_mirrors_resolves_again(world):
    """By DNS alone, as in 2008: `kexec.sh` of the tree names the service."""
    said = world.boot(preboot(world, f"iscript=http://{HOST}/{KEXEC_PATH}"))
    assert said.count("boot: network up") == 2
    assert WELL in said
    assert len(world.sites_asked()) == 1
    assert {asked.host for asked in world.asked} == {HOST}


def test_httpfuse_is_redirected(world):
    assert WELL in world.boot(preboot(world, f"httpfuse=http://{GO}{PREFIX}"))
    (site,) = world.sites_asked()
    assert {asked.host for asked in world.asked} == {f"{site}.{HOST}"}


@pytest.mark.parametrize("sent", DEATHS)
@pytest.mark.parametrize("host", [HOST, GO])
def test_httpfuse_loses_its_mirror_after_the_fifth_block(world, host, sent):
    world.doom(BLOCK, count=5, signal=sent)
    assert WELL in world.boot(preboot(world, f"httpfuse=http://{host}{PREFIX}"))
    first, second = world.sites_asked()
    assert world.doomed == [first]
    assert second.startswith("jp-")
