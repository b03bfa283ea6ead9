"""iPXE, which QEMU's network card brings along: its script, kernel and miniroot by either door."""

import pytest

from tests.boot.machine import Machine
from tests.boot.world import BLOCK, BOOT, CONSOLE, DEATHS, GO, HOST, PREFIX, WELL

pytestmark = pytest.mark.needs_root

URL = f"http://{{}}{PREFIX}boot.ipxe"
SCRIPT = f"""\
#!ipxe
kernel kernel {CONSOLE} initrd=miniroot.gz {{asked}}
initrd miniroot.gz
boot
"""


def test_ipxe_is_redirected_and_its_kernel_starts_another(world):
    """iPXE asks us for its script alone: what is named there, it resolves against the URL to which it was redirected."""
    world.publish(f"{PREFIX}boot.ipxe", SCRIPT.format(asked=f"iscript={BOOT}.sh").encode())
    said = world.boot(Machine(URL.format(GO)))
    assert said.count("boot: network up") == 2
    assert WELL in said
    (site,) = world.sites_asked()
    assert site.startswith("jp-")
    assert {asked.host for asked in world.asked} == {f"{site}.{HOST}"}


@pytest.mark.long
def test_ipxe_boots_by_dns(world):
    world.publish(f"{PREFIX}boot.ipxe", SCRIPT.format(asked=f"httpfuse=http://{HOST}{PREFIX}").encode())
    assert WELL in world.boot(Machine(URL.format(HOST)))
    assert len(world.sites_asked()) == 1
    assert {asked.host for asked in world.asked} == {HOST}


@pytest.mark.long
def test_ipxe_runs_a_boot_script(world):
    assert WELL in world.boot(Machine(f"{BOOT}.ipxe"))
    assert len(world.sites_asked()) == 1


@pytest.mark.long
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
