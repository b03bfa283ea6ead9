"""Knot as a secondary of ours: it takes a zone by AXFR or IXFR with a TSIG, and hears of changes by NOTIFY."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.scenarios.peers.knot import Knot
from tests.scenarios.peers.process import Endpoint, program, serving

CONFIGURATION = """
server:
    listen: [{host}@{port}]
    rundir: {folder}
    identity: secondary
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: {folder}
control:
    listen: {folder}/ctl
key:
  - id: {key}
    algorithm: hmac-sha256
    secret: {secret}
remote:
  - id: primary
    address: {primary_host}@{primary_port}
    key: {key}
acl:
  - id: changes
    key: {key}
    action: notify
template:
  - id: default
    storage: {folder}
    zonefile-sync: 0
    zonefile-load: none
    journal-content: none
zone:
  - domain: {zone}
    master: primary
    acl: changes
"""


@contextlib.contextmanager
def secondary(folder: Path, zone: str, endpoint: Endpoint, primary: Endpoint, key: str, secret: str) -> Iterator[Knot]:
    """`secret` is in base64. What it says is in `knot.log`; the zone that it has is written to a file there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "knot.conf").write_text(
        CONFIGURATION.format(
            folder=folder,
            zone=zone,
            key=key,
            secret=secret,
            host=endpoint[0],
            port=endpoint[1],
            primary_host=primary[0],
            primary_port=primary[1],
        )
    )
    command = [program("knotd"), "-c", str(folder / "knot.conf")]
    with serving(command, folder / "knot.log", endpoint):
        yield Knot(endpoint, folder)
