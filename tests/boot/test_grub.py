"""GRUB, which follows no redirect: by DNS to a mirror, or through the redirector."""

import pytest

from tests.boot.grub import make_image
from tests.boot.machine import Machine
from tests.boot.packets import Reply, replies
from tests.boot.world import CONSOLE, HOST, PREFIX, World

pytestmark = pytest.mark.needs_root

WELL = "boot: 12 blocks\nboot: well"


def grub(world: World, host: str) -> Machine:
    append = f"{CONSOLE} httpfuse=http://{host}{PREFIX}"
    image = make_image(world.folder, host, f"{PREFIX}kernel", f"{PREFIX}miniroot.gz", append)
    return Machine(image, tftp=world.folder, packets=world.folder / "packets")


def loaded(world: World, name: str) -> Reply:
    return next(reply for reply in replies(world.folder / "packets") if f"/{name} ".encode() in reply.request)


@pytest.mark.long
def test_grub_boots_by_dns(world):
    assert WELL in world.boot(grub(world, HOST))
    assert world.sites_asked() == ["jp-tokyo-1"]
    assert {asked.host for asked in world.asked} == {HOST}
    assert loaded(world, "kernel").body == (world.release / "kernel").read_bytes()
