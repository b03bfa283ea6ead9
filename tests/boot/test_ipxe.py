"""iPXE, which QEMU's network card brings along: its script, kernel and miniroot by either door."""

import pytest

from tests.boot.machine import Machine
from tests.boot.world import BLOCK, BOOT, CONSOLE, GO, HOST, PREFIX

pytestmark = pytest.mark.needs_root

SCRIPT = f"""\
#!ipxe
kernel kernel {CONSOLE} httpfuse=http://{{host}}{PREFIX} initrd=miniroot.gz
initrd miniroot.gz
boot
"""
WELL = "boot: 12 blocks\nboot: well"


def test_ipxe_follows_a_redirect(world):
    """Of the script alone: what a script names, iPXE resolves against the URL to which it was redirected."""
    world.publish(f"{PREFIX}boot.ipxe", SCRIPT.format(host=GO).encode())
    assert WELL in world.boot(Machine(f"http://{GO}{PREFIX}boot.ipxe"))
    assert world.sites_asked() == ["jp-tokyo-1"]
    assert {asked.host for asked in world.asked} == {f"jp-tokyo-1.{HOST}"}


@pytest.mark.long
def test_ipxe_boots_by_dns(world):
    world.publish(f"{PREFIX}boot.ipxe", SCRIPT.format(host=HOST).encode())
    assert WELL in world.boot(Machine(f"http://{HOST}{PREFIX}boot.ipxe"))
    assert world.sites_asked() == ["jp-tokyo-1"]
    assert {asked.host for asked in world.asked} == {HOST}


@pytest.mark.long
def test_ipxe_runs_a_boot_script(world):
    assert WELL in world.boot(Machine(f"{BOOT}.ipxe"))
    assert len(world.sites_asked()) == 1


@pytest.mark.long
def test_a_boot_script_of_ipxe_loses_its_mirror_twice(world):
    """Between kernel and miniroot, and the next one after the fifth block."""
    world.doom("/kernel$")
    world.doom(BLOCK, count=5)
    assert WELL in world.boot(Machine(f"{BOOT}.ipxe"), within_s=90)
    first, second, third = world.sites_asked()
    assert sorted(world.doomed) == sorted([first, second])
    assert world.sites_asked("/miniroot.gz") == [second]
    assert third.startswith("jp-")
