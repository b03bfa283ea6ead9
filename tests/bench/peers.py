"""The servers to compare with, from Debian's packages, with configurations of their own on loopback, one thread each."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query

from tests.ports import free_port

HOST = "knoppix.inetboot.net"


def wait_for(port: int, within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@contextlib.contextmanager
def running(command: list[str], directory: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server for the time of the block; its output goes to a file in `directory`."""
    with (directory / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=directory)
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(8)
        process.kill()
        process.wait()


@contextlib.contextmanager
def gdnsd(directory: Path) -> Iterator[tuple[int, list[int]]]:
    """gdnsd with a name that its `multifo` plug-in steers among thirteen addresses; (port, process ids)."""
    port = free_port()
    root = directory / "gdnsd"
    for part in ("zones", "run", "state"):
        (root / part).mkdir(parents=True)
    (root / "config").write_text(
        f"options => {{ listen => 127.0.0.1:{port}, udp_threads => 1, tcp_threads => 1,\n"
        f"  run_dir => {root}/run, state_dir => {root}/state, zones_default_ttl => 60 }}\n"
        "plugins => { multifo => { service_types => up, sites => {\n"
        + "".join(f"  s{number} => 192.0.2.{number}\n" for number in range(1, 14))
        + "} } }\n"
    )
    (root / "zones" / HOST).write_text(
        f"@ SOA ns1.{HOST}. hostmaster.inetboot.net. 1 7200 1800 259200 30\n@ NS ns1.{HOST}.\n"
        'ns1 A 192.0.2.53\n@ DYNA multifo!sites\ninfo TXT "three regions, thirteen sites"\n'
    )
    with running(["/usr/sbin/gdnsd", "-c", str(root), "start"], directory, "gdnsd") as process:
        wait_for(port)
        yield port, [process.pid]


@contextlib.contextmanager
def knot(directory: Path) -> Iterator[tuple[int, list[int]]]:
    """Knot, one thread of each kind, that signs the same zone with ECDSA P-256 and has it all in memory; (port, process ids)."""
    port = free_port()
    root = directory / "knot"
    for part in ("run", "zones", "db"):
        (root / part).mkdir(parents=True)
    (root / "knot.conf").write_text(
        f'server:\n    rundir: "{root}/run"\n    listen: 127.0.0.1@{port}\n    udp-workers: 1\n    tcp-workers: 1\n'
        "    background-workers: 1\n"
        f'database:\n    storage: "{root}/db"\n'
        "policy:\n  - id: p\n    algorithm: ecdsap256sha256\n    single-type-signing: on\n"
        f'template:\n  - id: default\n    storage: "{root}/zones"\n    zonefile-sync: -1\n'
        f"zone:\n  - domain: {HOST}\n    file: zone\n    dnssec-signing: on\n    dnssec-policy: p\n"
    )
    (root / "zones" / "zone").write_text(
        f"$ORIGIN {HOST}.\n$TTL 300\n@ SOA ns1 hostmaster.inetboot.net. 1 7200 1800 259200 30\n@ NS ns1\nns1 A 192.0.2.53\n"
        '@ 60 A 192.0.2.7\ninfo TXT "three regions, thirteen sites"\n'
    )
    with running(["/usr/sbin/knotd", "-c", str(root / "knot.conf")], directory, "knot") as process:
        wait_for(port)
        wait_until_signed(port)
        yield port, [process.pid]


def wait_until_signed(port: int, within_s: float = 20.0) -> None:
    query = dns.message.make_query(HOST, "DNSKEY", want_dnssec=True)
    deadline = time.monotonic() + within_s
    while not dns.query.udp(query, "127.0.0.1", 2, port).answer:
        if time.monotonic() > deadline:
            raise TimeoutError("the zone is not signed")
        time.sleep(0.1)


@contextlib.contextmanager
def nginx(directory: Path) -> Iterator[tuple[int, list[int]]]:
    """nginx, one worker, that redirects by a map of the client's network; (port, process ids)."""
    sites = "default us-sanjose-1; 133.0.0.0/8 jp-tokyo-1; 141.0.0.0/8 eu-frankfurt-1; 127.0.0.0/8 jp-tokyo-1;"
    inside = "add_header Cache-Control 'private, no-store' always; location / { return 302 http://$site.example$request_uri; }"
    with _nginx(directory, "nginx", inside, f"geo $site {{ {sites} }}") as found:
        yield found


@contextlib.contextmanager
def origin(directory: Path, files: dict[str, bytes]) -> Iterator[int]:
    """nginx with these files, and their SHA256SUMS in /set/; its port."""
    root = directory / "origin"
    (root / "set").mkdir(parents=True)
    for name, octets in files.items():
        (root / "set" / name).write_bytes(octets)
    sums = (f"{hashlib.sha256(octets).hexdigest()}  {name}\n" for name, octets in files.items())
    (root / "set" / "SHA256SUMS").write_text("".join(sums))
    with _nginx(directory, "origin", f"root {root}; location / {{ }}") as (port, _):
        yield port


@contextlib.contextmanager
def proxy(directory: Path, upstream: int) -> Iterator[tuple[int, list[int]]]:
    """nginx, one worker, that fetches everything from there; (port, process ids)."""
    location = f"location / {{ proxy_pass http://127.0.0.1:{upstream}; proxy_max_temp_file_size 0; }}"
    with _nginx(directory, "proxy", location) as found:
        yield found


@contextlib.contextmanager
def _nginx(directory: Path, name: str, inside: str, before: str = "") -> Iterator[tuple[int, list[int]]]:
    port = free_port()
    root = directory / name
    root.mkdir(exist_ok=True)
    user = "user root; " if os.geteuid() == 0 else ""  # else its worker could not read what we have written
    (root / "nginx.conf").write_text(
        f"{user}daemon off; worker_processes 1; pid {root}/pid; error_log {root}/error.log;\n"
        "events { worker_connections 1024; }\n"
        f"http {{ access_log off; server_tokens off; keepalive_requests 1000000000; {before}\n"
        f"  server {{ listen 127.0.0.1:{port} reuseport; server_name {HOST}; {inside} }} }}\n"
    )
    with running(["/usr/sbin/nginx", "-p", str(root), "-c", "nginx.conf"], directory, name) as process:
        wait_for(port)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield port, [process.pid, *map(int, children)]


@contextlib.contextmanager
def ours(directory: Path, name: str, configuration: str) -> Iterator[tuple[int, int, list[int]]]:
    """`gslb serve`, one worker; `configuration` has {dns}, {http}, {admin} and {state}. (DNS port, HTTP port, workers)."""
    port, redirector, admin = free_port(), free_port(), free_port()
    root = directory / f"of-{name}"  # not `gslb`: Python would take it for the package
    root.mkdir()
    file = root / "gslb.yaml"
    places = {"{dns}": str(port), "{http}": str(redirector), "{admin}": str(admin), "{state}": str(root / "state")}
    for mark, value in places.items():
        configuration = configuration.replace(mark, value)
    file.write_text(configuration)
    if "dnssec:" in configuration:
        subprocess.run([sys.executable, "-m", "gslb", "dnssec", "keygen", str(file), HOST], check=True, capture_output=True)
    command = [sys.executable, "-m", "gslb", "serve", "--config", str(file), "--workers", "1"]
    with running(command, directory, name) as process:
        wait_for(redirector)
        wait_until_ready(admin)
        if "manifest:" in configuration:
            wait_until_current(admin)
        yield port, redirector, workers_of(process.pid)


def wait_until_ready(admin: int, within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while True:
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", admin, timeout=1)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        if time.monotonic() > deadline:
            raise TimeoutError("the node is not ready")
        time.sleep(0.05)


def wait_until_current(admin: int, within_s: float = 60.0) -> None:
    """The release set is known to be whole."""
    deadline = time.monotonic() + within_s
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", admin, timeout=5)
        connection.request("GET", "/metrics")
        found = [
            line for line in connection.getresponse().read().decode().splitlines() if line.startswith("gslb_content_current{")
        ]
        connection.close()
        if found and all(line.endswith(" 1.0") for line in found):
            return
        if time.monotonic() > deadline:
            raise TimeoutError("the release set is not known to be whole")
        time.sleep(0.2)


def workers_of(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if b"gslb.runtime.worker" in Path(f"/proc/{child}/cmdline").read_bytes()]
