"""From power-on to the last block, once by each loader: what `make test` has time for."""

from collections.abc import Iterator

import pytest

from tests.boot.loaders import grub, loaded, publish_script
from tests.boot.machine import Machine
from tests.boot.world import BOOT, GO, HOST, WELL, World

pytestmark = pytest.mark.needs_root


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("world")) as world:
        yield world


def test_ipxe_is_redirected_and_its_kernel_starts_another_by_a_boot_script(world):
    path = publish_script(world, f"iscript={BOOT}.sh")
    said = world.boot(Machine(f"http://{GO}{path}"))
    assert said.count("boot: network up") == 2
    assert WELL in said
    (site,) = world.sites_asked()
    assert {asked.host for asked in world.asked} == {f"{site}.{HOST}"}


def test_grub_is_served_through_and_its_kernel_finds_the_same_site_by_dns(world):
    assert WELL in world.boot(grub(world, GO))
    assert len(world.sites_asked()) == 1
    assert loaded(world, "kernel").body == (world.release / "kernel").read_bytes()
