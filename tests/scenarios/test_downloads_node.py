"""A node that scans its mirrors by itself, and a download that survives the death of the best one before the node knows."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from gslb.runtime.demo.tree import Recipe, build_tree
from tests.scenarios.downloads import needs
from tests.scenarios.failing import running, until
from tests.scenarios.node import of_region

pytestmark = [pytest.mark.anyio, needs("aria2c"), needs("wget2")]

RELEASE = Recipe(positions=4, block_bytes=4096, kernel_bytes=2_500_000, miniroot_bytes=4096)
KERNEL = f"{RELEASE.prefix}kernel"
LIST = "CHECKSUMS"  # as BSD writes it, with sizes


def describe(release: Path) -> None:
    lines = []
    for path in sorted(path for path in release.rglob("*") if path.is_file()):
        name = path.relative_to(release)
        lines += [f"SHA256 ({name}) = {hashlib.sha256(path.read_bytes()).hexdigest()}", f"SIZE ({name}) = {path.stat().st_size}"]
    (release / LIST).write_text("\n".join((*lines, "")))


async def download(folder: Path, *command: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, out.decode()
    return out.decode()


async def test_what_the_node_has_found_out_is_what_clients_verify_by(tmp_path: Path) -> None:
    root, client = tmp_path / "tree", tmp_path / "client"
    release = await asyncio.to_thread(build_tree, root, RELEASE)
    describe(release)
    client.mkdir()
    kernel = (release / "kernel").read_bytes()
    service = {"http_hosts": ["localhost"], "content": [{"name": "knoppix", "prefix": RELEASE.prefix, "manifest": LIST}]}
    probes = {"interval": "5s", "fall": 10}  # a mirror may be dead for long before the node calls it down
    async with running(root, tmp_path, list(of_region("jp"))[:3], service=service, probes=probes) as (node, fleet):
        url = f"http://localhost:{node.http[1]}{KERNEL}"

        def told() -> list[str]:
            answer = node.get(KERNEL)
            return [link for link in answer.headers.get_list("Link") if "Repr-Digest" in answer.headers]

        await until(node, lambda: len(told()) == 4, 60, "three mirrors and a Metalink are told, and the hash")
        assert "Checksum OK" in await download(client, "wget2", url)
        assert (client / "kernel").read_bytes() == kernel
        first = node.by_url[node.get(KERNEL).headers["Location"].removesuffix(KERNEL.removeprefix("/"))]
        await fleet.kill(first)
        assert node.by_url[node.get(KERNEL).headers["Location"].removesuffix(KERNEL.removeprefix("/"))] == first
        for name, options in {"metalink": (), "links": ("--header=Accept: */*", "--follow-metalink=false")}.items():
            (client / name).mkdir()
            said = await download(
                client / name, "aria2c", "--min-split-size=1M", "--max-tries=2", "--retry-wait=0", *options, url
            )
            assert "Verification finished successfully" in said
            assert (client / name / "kernel").read_bytes() == kernel
