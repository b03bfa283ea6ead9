"""GRUB, which follows no redirect: by DNS to a mirror, or through the redirector."""

from random import Random

import pytest

from tests.boot.loaders import grub, loaded
from tests.boot.world import BLOCK, DEATHS, GO, HOST, PREFIX, WELL

pytestmark = [pytest.mark.needs_root, pytest.mark.long]


def test_grub_boots_by_dns(world):
    assert WELL in world.boot(grub(world, HOST))
    assert len(world.sites_asked()) == 1
    assert {asked.host for asked in world.asked} == {HOST}
    assert loaded(world, "kernel").body == (world.release / "kernel").read_bytes()


@pytest.mark.parametrize("sent", DEATHS)
def test_the_mirror_dies_in_the_middle_of_a_kernel(world, sent):
    """A kernel may be longer than it says: what follows is not looked at, and arrives all the same."""
    content = (world.release / "kernel").read_bytes()
    content += Random(30).randbytes(30_000_000 - len(content))
    world.publish(f"{PREFIX}kernel-30", content)
    world.doom("kernel-30$", octets=len(content) // 2, signal=sent)
    assert WELL in world.boot(grub(world, GO, "kernel-30"), within_s=120)
    first, second = world.sites_asked("kernel-30")
    assert world.doomed == [first]
    assert second.startswith("jp-")
    reply = loaded(world, "kernel-30")
    assert reply.body == content
    assert reply.longest_silence_s < 5


@pytest.mark.parametrize("sent", DEATHS)
def test_grub_loses_its_mirror_between_kernel_and_miniroot(world, sent):
    """And what it boots, the next one after the fifth block."""
    world.doom("/kernel$", signal=sent)
    world.doom(BLOCK, count=5, signal=sent)
    assert WELL in world.boot(grub(world, GO), within_s=120)
    assert len(world.doomed) == 2
    assert world.sites_asked("/kernel") != world.sites_asked("/miniroot.gz")
    miniroot = loaded(world, "miniroot.gz")
    assert miniroot.body == (world.release / "miniroot.gz").read_bytes()
    assert miniroot.longest_silence_s < 5
