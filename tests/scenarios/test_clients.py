"""Boot clients as they are: BusyBox wget, curl and Python's resolver, with nothing but a resolv.conf.

Each test has a mount and a network namespace of its own, in which this file runs again as a script: 127.0.0.1 is the resolver
on port 53, the mirrors have port 80, and so has the redirector.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from gslb.runtime.demo.sites import SITES
from gslb.runtime.demo.tree import Recipe, build_tree

HOST, REDIRECTOR = "knoppix.inetboot.net", "127.0.0.80"
RECIPE = Recipe(positions=8, block_bytes=4096, kernel_bytes=100_000, miniroot_bytes=4096)
KERNEL = f"{RECIPE.prefix}kernel"
DIRECT, REDIRECTED = f"http://{HOST}{KERNEL}", f"http://go.{HOST}{KERNEL}"
TOKYO = ("jp-tokyo-1", "jp-tsukuba-1", "jp-nagoya-1")

pytestmark = pytest.mark.needs_root

CLIENTS = {
    "busybox": ["busybox", "wget", "-q", "-O", "-"],
    "curl": ["curl", "-s", "-f", "-L"],
    "python": [sys.executable, __file__, "fetch"],
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where nobody can go: pytest's own directories are for their user alone."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("door", ["dns", "http"])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_boot_client_gets_its_kernel(client, door, folder):
    """By DNS the Host a mirror sees is the service's, and no redirector is there; by HTTP it is the mirror's own."""
    release = build_tree(folder / "tree", RECIPE)
    command = ["unshare", "-m", "-n", sys.executable, __file__, "inside", str(folder), client, door]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    said = subprocess.run(command, capture_output=True, timeout=60, check=False, env=environment)
    assert said.returncode == 0, said.stderr.decode()
    assert said.stdout == (release / "kernel").read_bytes()
    (asked,) = json.loads((folder / "asked.json").read_text())
    assert asked["mirror"] in TOKYO
    assert asked["host"] == (HOST if door == "dns" else f"{asked['mirror']}.{HOST}")
    assert json.loads((folder / "as.json").read_text()) == ["nobody"] * 2  # control and its worker


# What follows runs inside the namespaces.


def inside(folder: Path, client: str, door: str) -> int:
    """A node that started as root serves port 53, then one client fetches one file."""
    _furnish(folder)
    _open_ways(folder)
    with _Mirrors(folder), _Node(folder, door):
        url = DIRECT if door == "dns" else REDIRECTED
        return subprocess.run([*CLIENTS[client], url], timeout=20, check=False).returncode


def _furnish(folder: Path) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for name, text in {
        "resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:2\n",
        "nsswitch.conf": "hosts: dns\n",
    }.items():
        (folder / name).write_text(text)
        subprocess.run(["mount", "--bind", folder / name, f"/etc/{name}"], check=True)


def _open_ways(folder: Path) -> None:
    """Interpreter and project may lie in somebody's closed home: user nobody sees those two alone of it, in this namespace."""
    needed = {Path(sys.base_prefix), Path(sys.prefix), Path(__file__).parents[2]}
    closed: dict[Path, list[Path]] = {}
    for path in needed:
        ways = [way for way in reversed(path.parents) if not way.stat().st_mode & 1]
        if ways:
            closed.setdefault(ways[0], []).append(path)
    for way, paths in closed.items():
        kept = {path: folder / f"kept-{number}" for number, path in enumerate(paths)}
        for path, stash in kept.items():
            stash.mkdir()
            subprocess.run(["mount", "--bind", path, stash], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", way], check=True)
        for path, stash in kept.items():
            path.mkdir(parents=True, exist_ok=True)
            subprocess.run(["mount", "--bind", stash, path], check=True)


def _configuration(folder: Path, door: str) -> str:
    """Only one of the doors is open. The mirrors' own names are static records of the zone."""
    sites = [
        {
            "id": site.id,
            "region": site.region,
            "location": list(site.location),
            "addresses": [site.address],
            "url": f"http://{site.id}.{HOST}/",
        }
        for site in SITES
    ]
    records = [f"go IN A {REDIRECTOR}", *(f"{site.id} IN A {site.address}" for site in SITES)]
    service = {"host": HOST, "http_hosts": [f"go.{HOST}"], "check": {"type": "http", "path": KERNEL}}
    if door == "http":
        service["via"] = ["http"]
    zone = {"name": HOST, "nameservers": {f"ns1.{HOST}": ["127.0.0.1"]}, "contact": "hostmaster@inetboot.net"}
    document = {
        "node": "boot",
        "state_dir": str(folder / "state"),
        "user": "nobody",
        "listen": {
            "dns": ["127.0.0.1:53"],
            "http": [f"{REDIRECTOR}:80"] if door == "http" else [],
            "admin": "127.0.0.1:8053",
        },
        "geo": {"overrides": [{"network": "127.0.0.0/8", "country": "JP", "location": [35.68, 139.77]}]},
        "zones": [{**zone, "records": "\n".join(records)}],
        "sites": sites,
        "services": [service],
    }
    return json.dumps(document)


class _Mirrors:
    """One server on port 80 of every mirror's address, which writes down who was asked for what by clients."""

    def __init__(self, folder: Path) -> None:
        self._command = [sys.executable, __file__, "mirrors", str(folder)]

    def __enter__(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        assert self._process.stdout
        self._process.stdout.readline()

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


class _Node:
    def __init__(self, folder: Path, door: str) -> None:
        self._folder = folder
        (folder / "gslb.yaml").write_text(_configuration(folder, door))

    def __enter__(self) -> None:
        self._log = (self._folder / "node.log").open("wb")
        command = [sys.executable, "-m", "gslb", "serve", "--config", str(self._folder / "gslb.yaml"), "--workers", "1"]
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        until = time.monotonic() + 60
        while not self._is_ready():
            ended = self._process.poll() is not None or time.monotonic() > until
            assert not ended, (self._folder / "node.log").read_text()
            time.sleep(0.05)
        names = subprocess.run(["ps", "-ww", "-eo", "user=,args="], capture_output=True, text=True, check=True).stdout
        users = [line.split()[0] for line in names.splitlines() if str(self._folder) in line and "gslb" in line.split()[3:4]]
        workers = [line.split()[0] for line in names.splitlines() if str(self._folder) in line and "gslb.runtime.worker" in line]
        (self._folder / "as.json").write_text(json.dumps(users + workers))

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)
        self._log.close()

    def _is_ready(self) -> bool:
        try:
            with _opener().open("http://127.0.0.1:8053/readyz", timeout=2) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def mirrors(folder: Path) -> None:
    import http.server

    by_address = {site.address: site.id for site in SITES}
    asked: list[dict[str, str]] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder / "tree"))  # type: ignore[arg-type]

        def do_GET(self) -> None:
            if "gslb" not in self.headers.get("User-Agent", ""):
                address = self.connection.getsockname()[0]
                asked.append({"mirror": by_address[address], "host": self.headers["Host"]})
                (folder / "asked.json").write_text(json.dumps(asked))
            super().do_GET()

        def log_message(self, format: str, *arguments: object) -> None: ...

    servers = [http.server.ThreadingHTTPServer((address, 80), Handler) for address in by_address]
    print("ready", flush=True)
    import threading

    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    servers[0].serve_forever()


def fetch(url: str) -> None:
    """Python's resolver and urllib, which follows redirects."""
    with _opener().open(url, timeout=10) as reply:
        sys.stdout.buffer.write(reply.read())


if __name__ == "__main__":
    if sys.argv[1] == "inside":
        sys.exit(inside(Path(sys.argv[2]), *sys.argv[3:]))
    elif sys.argv[1] == "mirrors":
        mirrors(Path(sys.argv[2]))
    else:
        fetch(sys.argv[2])
