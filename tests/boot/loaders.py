"""What tells the two loaders what to boot: a script on the mirrors for iPXE, an image with modules and orders for GRUB."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.boot.machine import Machine
from tests.boot.packets import Reply, replies
from tests.boot.world import CONSOLE, HOST, PREFIX, World

_MODULES = ("pxe", "net", "http", "linux16", "serial", "terminal", "echo", "boot", "reboot")

# By the 16-bit protocol a kernel starts twice as fast in emulation. The last line is for what could not be booted.
_ORDERS = """\
serial --unit=0 --speed=115200
terminal_output serial
echo "grub: kernel"
linux16 {kernel} {append}
echo "grub: miniroot"
initrd16 {miniroot}
boot
reboot
"""


_SCRIPT = """\
#!ipxe
kernel kernel {append}
initrd miniroot.gz
boot
"""


def publish_script(world: World, asked: str) -> str:
    """For iPXE, its path on every mirror. Names are relative: iPXE resolves them against the URL to which it was redirected."""
    path = f"{PREFIX}boot.ipxe"
    world.publish(path, _SCRIPT.format(append=f"{CONSOLE} initrd=miniroot.gz {asked}").encode())
    return path


def grub(world: World, host: str, kernel: str = "kernel") -> Machine:
    """Loads the release from `host`; the blocks then come by DNS."""
    append = f"{CONSOLE} httpfuse=http://{HOST}{PREFIX}"
    image = _make_image(world.folder, host, f"{PREFIX}{kernel}", f"{PREFIX}miniroot.gz", append)
    return Machine(image, tftp=world.folder, packets=world.folder / "packets", memory_mb=384)


def loaded(world: World, name: str) -> Reply:
    """How GRUB got that file."""
    return next(reply for reply in replies(world.folder / "packets") if f"/{name} ".encode() in reply.request)


def _make_image(folder: Path, site: str, kernel: str, miniroot: str, append: str) -> str:
    """Write the image that boots these two files of `site` below `folder`, and return its name."""
    served = f"(http,{site})"
    orders = folder / "grub.cfg"
    orders.write_text(_ORDERS.format(kernel=f"{served}{kernel}", miniroot=f"{served}{miniroot}", append=append))
    image = folder / "grub.pxe"
    command = ["grub-mkimage", "-O", "i386-pc-pxe", "-p", "/", "-c", str(orders), "-o", str(image), *_MODULES]
    subprocess.run(command, check=True, capture_output=True)
    return image.name
