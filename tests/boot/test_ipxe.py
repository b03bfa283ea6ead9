"""iPXE, which QEMU's network card brings along: by DNS alone, and by our scripts."""

import pytest

from tests.boot.loaders import publish_script
from tests.boot.machine import Machine
from tests.boot.world import BLOCK, BOOT, DEATHS, HOST, PREFIX, WELL

pytestmark = [pytest.mark.needs_root, pytest.mark.long]


def test_ipxe_boots_by_dns(world):
    path = publish_script(world, f"httpfuse=http://{HOST}{PREFIX}")
    assert WELL in world.boot(Machine(f"http://{HOST}{path}"))
    assert len(world.sites_asked()) == 1
    assert {asked.host for asked in world.asked} == {HOST}


def test_ipxe_runs_a_boot_script(world):
    assert WELL in world.boot(Machine(f"{BOOT}.ipxe"))
    assert len(world.sites_asked()) == 1


@pytest.mark.parametrize("sent", DEATHS)
def test_a_boot_script_of_ipxe_loses_its_mirror_twice(world, sent):
    """Between kernel and miniroot, and the next one after the fifth block."""
    world.doom("/kernel$", signal=sent)
    world.doom(BLOCK, count=5, signal=sent)
    assert WELL in world.boot(Machine(f"{BOOT}.ipxe"), within_s=120)
    first, second, third = world.sites_asked()
    assert sorted(world.doomed) == sorted([first, second])
    assert world.sites_asked("/miniroot.gz") == [second]
    assert third.startswith("jp-")
