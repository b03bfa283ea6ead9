"""A release that boots, four mirrors that have it, a node that steers to them, and the machines that boot from it."""

from __future__ import annotations

import dataclasses
import hashlib
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from gslb.runtime.demo import tree
from gslb.runtime.demo.sites import SITES, DemoSite
from tests.boot import kernel
from tests.boot.machine import Machine
from tests.boot.mirror import Asked, Doom, read_asked
from tests.boot.namespace import NETWORK, RESOLVER, Namespace
from tests.boot.preboot import build_miniroot
from tests.scenarios.node import HOST as HOST  # tests have it from here
from tests.scenarios.node import RunningNode

REDIRECTOR = "198.18.0.80"
GO = f"go.{HOST}"  # the name of the redirector
RECIPE = tree.Recipe(positions=12, block_bytes=64 * 1024)
PREFIX = RECIPE.prefix
BOOT = f"http://{GO}/~boot/knoppix"  # and .sh, .fastest.sh or .ipxe
CONSOLE = "console=ttyS0 quiet panic=-1"
DEATHS = (signal.SIGKILL, signal.SIGSTOP)  # of a mirror: refused from then on, or accepted by the kernel and never answered
BLOCK = r"/[0-9a-f]{40}$"
WELL = f"boot: {RECIPE.positions} blocks\nboot: well"  # says a machine that has them all
_NAMES = ("jp-tokyo-1", "jp-tsukuba-1", "jp-nagoya-1", "us-dallas-1")


def _moved(site: DemoSite) -> DemoSite:
    """To where QEMU's user network can reach it."""
    return dataclasses.replace(site, address=site.address.replace("127.83.", "198.18."))


MIRRORS = tuple(_moved(site) for site in SITES if site.id in _NAMES)


class World:
    """Used from pytest's thread: what needs the network goes to the thread that is inside."""

    def __init__(self, folder: Path, **service: Any) -> None:
        self.folder = folder
        self.release = _build_release(folder / "tree")
        self._namespace = Namespace(folder)
        self._stack = ExitStack()
        self._mirrors: dict[str, subprocess.Popen[bytes]] = {}
        self._node = RunningNode(_configuration(folder, service), folder)
        self._boots = 0
        self._asked_before = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._namespace)
            stack.callback(self._end_mirrors)
            for mirror in MIRRORS:
                self._mirrors[mirror.id] = self._namespace.run(_start_mirror, mirror, self.folder)
            for process in self._mirrors.values():
                assert process.stdout
                assert process.stdout.readline()
            self._namespace.run(_start, self._node)
            stack.callback(self._namespace.run, self._node.__exit__)
            # Before that, a site may fall behind another in the middle of a boot, as soon as one is known to be complete.
            self._namespace.run(self._node.wait_for, self._is_scanned, 40, "every site is known to hold the release")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def boot(self, machine: Machine, within_s: float = 80) -> str:
        """What it says until it ends."""
        self._boots += 1
        self._asked_before = len(read_asked(self.folder))
        return self._namespace.run(machine.run, self.folder / f"serial-{self._boots}", within_s)

    def publish(self, path: str, content: bytes) -> None:
        """A further file on every mirror."""
        (self.folder / "tree" / path.lstrip("/")).write_bytes(content)

    def doom(self, pattern: str, **more: Any) -> None:
        """See `mirror.Doom`. Before a machine boots."""
        number = len(list(self.folder.glob("doom-*")))
        Doom(pattern, **more).write(self.folder / f"doom-{number}")

    @property
    def doomed(self) -> list[str]:
        """The sites whose doom has come."""
        return [path.name.removeprefix("doomed-") for path in self.folder.glob("doomed-*")]

    @property
    def asked(self) -> list[Asked]:
        """Since the last machine began to boot."""
        return read_asked(self.folder)[self._asked_before :]

    def sites_asked(self, pattern: str = "") -> list[str]:
        """Each once, in the order in which they were asked."""
        return list(dict.fromkeys(asked.site for asked in self.asked if pattern in asked.path))

    def _is_scanned(self) -> bool:
        held = [each for mirror in MIRRORS for each in self._node.site(mirror.id)["content"]]
        return bool(held) and all(each["hold"] == "good" for each in held)

    def _end_mirrors(self) -> None:
        for process in self._mirrors.values():
            process.kill()  # a frozen one too
            process.wait()
            if process.stdout:
                process.stdout.close()


def _start_mirror(site: DemoSite, folder: Path) -> subprocess.Popen[bytes]:
    command = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "tests.boot.mirror", site.id, site.address, str(folder)]
    with (folder / f"{site.id}.log").open("wb") as log:
        return subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)


def _start(node: RunningNode) -> None:
    try:
        node.start()
    except BaseException:
        node.stop()
        raise


_ROOT = Path(__file__).parents[2]


def _build_release(root: Path) -> Path:
    """The tree of the demo with a kernel and a miniroot that boot."""
    release = tree.build_tree(root, RECIPE)
    contents = {"kernel": kernel.image().read_bytes(), "miniroot.gz": build_miniroot(kernel.modules())}
    lines = (release / tree.MANIFEST).read_text().splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    for name, content in contents.items():
        (release / name).write_bytes(content)
        sums[name] = hashlib.sha256(content).hexdigest()
    (release / tree.MANIFEST).write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()))
    assert not tree.verify(release)
    return release


def _configuration(folder: Path, service: dict[str, Any]) -> dict[str, Any]:
    """All clients are in Tokyo. The mirrors' own names are static records of the zone."""
    sites = [_site(mirror) for mirror in MIRRORS]
    records = [f"go IN A {REDIRECTOR}", *(f"{mirror.id} IN A {mirror.address}" for mirror in MIRRORS)]
    zone = {"name": HOST, "nameservers": {f"ns1.{HOST}": [RESOLVER]}, "contact": "hostmaster@inetboot.net"}
    image = {"kernel": f"{PREFIX}kernel", "initrd": f"{PREFIX}miniroot.gz", "httpfuse": PREFIX, "append": CONSOLE}
    told = {"host": HOST, "http_hosts": [GO], "ttl": {"min": "1s", "max": "5s"}, "boot": [{"name": "knoppix", **image}]}
    content = {"name": "v1.0", "prefix": PREFIX, "manifest": tree.MANIFEST}
    check = {"type": "http", "path": f"{PREFIX}{tree.INDEX}"}
    return {
        "node": "boot",
        "state_dir": str(folder / "state"),
        "listen": {"dns": [f"{RESOLVER}:53"], "http": [f"{REDIRECTOR}:80"], "admin": "127.0.0.1:8053"},
        "geo": {"overrides": [{"network": NETWORK, "country": "JP", "location": [35.68, 139.77]}]},
        "zones": [{**zone, "records": "\n".join(records)}],
        "sites": sites,
        "services": [{**told, "content": [content], "check": check, **service}],
        "probes": {"interval": "2s", "timeout": "1500ms"},
    }


def _site(mirror: DemoSite) -> dict[str, Any]:
    place = {"region": mirror.region, "country": mirror.country, "location": list(mirror.location)}
    return {"id": mirror.id, **place, "addresses": [mirror.address], "url": f"http://{mirror.id}.{HOST}/"}
