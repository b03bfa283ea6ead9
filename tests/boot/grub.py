"""GRUB as the network card's PXE loads it: one file with its modules and its orders."""

from __future__ import annotations

import subprocess
from pathlib import Path

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


def make_image(folder: Path, site: str, kernel: str, miniroot: str, append: str) -> str:
    """Write the image that boots these two files of `site` below `folder`, and return its name."""
    served = f"(http,{site})"
    orders = folder / "grub.cfg"
    orders.write_text(_ORDERS.format(kernel=f"{served}{kernel}", miniroot=f"{served}{miniroot}", append=append))
    image = folder / "grub.pxe"
    command = ["grub-mkimage", "-O", "i386-pc-pxe", "-p", "/", "-c", str(orders), "-o", str(image), *_MODULES]
    subprocess.run(command, check=True, capture_output=True)
    return image.name
