"""A PC in software emulation, with a serial line for all that it says and a network card behind QEMU's user network."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.scenarios.peers.process import program

_MOMENT_S = 0.05
_HOPELESS = "No bootable device"


@dataclass(frozen=True, slots=True)
class Machine:
    """Boots `bootfile`, which DHCP tells it (a URL, or a file below `tftp`), or else `kernel`.

    `packets` is where to write what passes the network card.
    """

    bootfile: str = ""
    tftp: Path | None = None
    kernel: Path | None = None
    initrd: Path | None = None
    append: str = ""
    packets: Path | None = None
    memory_mb: int = 320

    def run(self, log: Path, within_s: float) -> str:
        """Until it switches itself off. What it said; AssertionError with the end of that when it takes longer."""
        with log.open("wb") as said:
            process = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            ended = _wait(process, log, within_s)
        finally:
            process.kill()
            process.wait()
        text = _read(log)
        assert ended, f"the machine did not end within {within_s} s\n{text[-2000:]}"
        return text

    def _command(self) -> list[str]:
        qemu = [
            program("qemu-system-x86_64"),
            "-accel",
            "tcg",
            "-m",
            str(self.memory_mb),
            "-nographic",
            "-nodefaults",
            "-no-reboot",
        ]
        network = ["user", "id=lan"]  # IPv6 stays on: iPXE waits 16 s for a router else
        network += [f"tftp={self.tftp}"] if self.tftp else []
        network += [f"bootfile={self.bootfile}"] if self.bootfile else []
        devices = ["-serial", "stdio", "-device", "virtio-net-pci,netdev=lan", "-netdev", ",".join(network)]
        dump = ["-object", f"filter-dump,id=dump,netdev=lan,file={self.packets}"] if self.packets else []
        direct = ["-kernel", str(self.kernel), "-initrd", str(self.initrd), "-append", self.append] if self.kernel else []
        # Should we be killed, it ends as well.
        return ["setpriv", "--pdeathsig", "KILL", *qemu, *devices, *dump, *direct]


def _wait(process: subprocess.Popen[bytes], log: Path, within_s: float) -> bool:
    until = time.monotonic() + within_s
    while process.poll() is None:
        if time.monotonic() > until or _HOPELESS in _read(log):
            return False
        time.sleep(_MOMENT_S)
    return True


def _read(log: Path) -> str:
    return log.read_bytes().decode("utf-8", "replace").replace("\r", "")
