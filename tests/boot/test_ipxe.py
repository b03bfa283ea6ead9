"""iPXE, which QEMU's network card brings along: its script, kernel and miniroot by either door."""

import pytest

from tests.boot.machine import Machine
from tests.boot.world import CONSOLE, GO, HOST, PREFIX

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
    world.publish(f"{PREFIX}boot.ipxe", SCRIPT.format(host=GO))
    assert WELL in world.boot(Machine(f"http://{GO}{PREFIX}boot.ipxe"))
    assert world.sites_asked() == ["jp-tokyo-1"]
    assert {asked.host for asked in world.asked} == {f"jp-tokyo-1.{HOST}"}


@pytest.mark.long
def test_ipxe_boots_by_dns(world):
    world.publish(f"{PREFIX}boot.ipxe", SCRIPT.format(host=HOST))
    assert WELL in world.boot(Machine(f"http://{HOST}{PREFIX}boot.ipxe"))
    assert world.sites_asked() == ["jp-tokyo-1"]
    assert {asked.host for asked in world.asked} == {HOST}
