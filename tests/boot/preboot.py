"""The miniroot of PreBoot Linux: BusyBox, kexec, the driver of the network card, and the scripts beside this file."""

from __future__ import annotations

import gzip
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.boot import cpio
from tests.scenarios.peers.process import program

_SCRIPTS = Path(__file__).parent / "preboot"
_DRIVERS = ("virtio_pci", "virtio_net")


def build_miniroot(modules: Path) -> bytes:
    """For the kernel whose modules these are. Little compression: the guest is slow."""
    return gzip.compress(cpio.archive(_entries(modules)), 1, mtime=0)


def _entries(modules: Path) -> Iterator[cpio.Entry]:
    kexec = Path(program("kexec"))
    libraries = _libraries(kexec)
    folders = {"bin", "etc", "lib", *(_name(parent) for library in libraries for parent in library.parents[:-1])}
    yield from (cpio.folder(name) for name in sorted(folders))
    yield cpio.file("bin/busybox", Path(program("busybox")))
    yield cpio.file("bin/kexec", kexec)
    yield from (cpio.file(_name(library), library) for library in libraries)
    yield cpio.link("bin/sh", "busybox")
    yield cpio.file("init", _SCRIPTS / "init")
    yield from (cpio.file(f"bin/{path.name}", path) for path in sorted(_SCRIPTS.iterdir()) if path.name != "init")
    drivers = list(dict.fromkeys(path for driver in _DRIVERS for path in _with_needed(modules, driver)))
    yield from (cpio.file(f"lib/{path.name}", path) for path in drivers)
    yield cpio.file("lib/modules.order", "".join(f"{path.name}\n" for path in drivers).encode())


def _libraries(binary: Path) -> list[Path]:
    said = subprocess.run(["ldd", binary], capture_output=True, text=True, check=True).stdout
    return [Path(path) for path in re.findall(r"(/\S+) \(0x", said)]


def _name(path: Path) -> str:
    return str(path).lstrip("/")


def _with_needed(modules: Path, driver: str) -> Iterator[Path]:
    """What the driver needs, then the driver: a module tells in its section .modinfo."""
    (path,) = modules.rglob(f"{driver}.ko")
    needed = re.search(rb"\0depends=([^\0]*)\0", path.read_bytes())
    for name in needed[1].decode().split(",") if needed and needed[1] else ():
        yield from _with_needed(modules, name)
    yield path
