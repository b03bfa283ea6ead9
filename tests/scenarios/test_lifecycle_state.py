"""What a node remembers over a restart, and how it does without its disk."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import dns.exception
import pytest

import gslb
from tests.scenarios.lifecycle import Burst, Node, started, wait_until

CLIENT = "133.11.0.0/16"  # in Tokyo
TOKEN = "secret"
OPERATOR = {"name": "ops", "role": "operator", "token_sha256": "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"}


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with started(tmp_path_factory.mktemp("state"), admin={"users": [OPERATOR]}) as node:
        yield node


def restart(node: Node) -> None:
    """And be there at the first answer."""
    node.stop()
    node.start()


def test_a_site_that_is_down_stays_down_and_is_not_told_again(node):
    assert node.lands(CLIENT) == "jp-1"
    (node.folder / "down" / "jp-1").touch()
    wait_until(lambda: node.lands(CLIENT) != "jp-1", 20, "it is down")
    wait_until(lambda: len(node.told("site-down")) == 2, 20, "for both doors")
    told = len(node.told("site-down"))
    node.stop()
    node.spawn()
    answers = [node.by_address[str(first)] for first in first_answers(node, 20)]
    assert "jp-1" not in answers
    node.wait_for(node._is_ready, 20, "ready")
    assert len(node.told("site-down")) == told
    (node.folder / "down" / "jp-1").unlink()
    wait_until(lambda: node.lands(CLIENT) == "jp-1", 20, "it is back")


def first_answers(node: Node, count: int) -> Iterator[object]:
    """Of a node that starts."""
    seen = 0
    while seen < count:
        try:
            yield node.ask(CLIENT).answer[0][0]
        except (OSError, dns.exception.Timeout):
            assert node.process.poll() is None
            continue
        seen += 1


def test_a_drain_stays_until_it_is_ended(node):
    session = node._session
    headers = {"Authorization": f"Bearer {TOKEN}"}
    body = {"reason": "new disks"}
    session.post(f"{node.admin}/api/v1/sites/jp-1/drain", json=body, headers=headers).raise_for_status()
    wait_until(lambda: node.lands(CLIENT) != "jp-1", 20, "it is drained")
    node.kill()
    for pid in node.worker_pids().values():
        os.kill(pid, signal.SIGKILL)  # as when the power goes
    node.spawn()
    assert {node.by_address[str(first)] for first in first_answers(node, 20)} <= {"us-1", "eu-1"}
    node.wait_for(node._is_ready, 20, "ready")
    session.post(f"{node.admin}/api/v1/sites/jp-1/enable", json={}, headers=headers).raise_for_status()
    wait_until(lambda: node.lands(CLIENT) == "jp-1", 20, "it is back")


def test_numbers_of_worlds_and_of_events_go_on(node):
    world, event = node.world(), node.api("events", limit=1)[0]["number"]
    restart(node)
    assert node.world() > world
    assert node.api("events", limit=1)[0]["number"] > event


def test_a_state_file_that_is_garbage_is_set_aside_and_stray_files_do_no_harm(node):
    node.stop()
    run = node.state_dir / "run"
    (node.state_dir / "state.db").write_bytes(os.urandom(5000))
    for name in ("worker-0.sock", "worker-99.sock", "worker-x.sock", "notes.txt"):
        (run / name).write_text("stray")
    (run / "worker-7.sock.d").mkdir()
    node.start()
    assert Burst(node, 20).answered() == 20
    assert "the state file was broken: it is kept as " in node.told("state-set-aside")[-1]["event"]
    assert len(list(node.state_dir.glob("state.db.corrupt-*"))) >= 1
    assert (run / "notes.txt").read_text() == "stray"
    assert not (run / "worker-99.sock").exists()


class OnDisk(Node):
    """With a file system of its own for the state, which nobody but the node sees."""

    def on(self, options: str) -> None:
        mount = f'mount -t tmpfs -o {options} none {self.state_dir} && exec "$@"'
        self.state_dir.mkdir()
        self.prefix = ["unshare", "--mount", "sh", "-ec", mount, "sh"]

    def inside(self, command: str) -> None:
        words = ["nsenter", f"--target={self.process.pid}", "--mount", "sh", "-ec", command]
        subprocess.run(words, check=True, capture_output=True)


@pytest.fixture
def on_disk(tmp_path, monkeypatch):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    node = OnDisk(tmp_path)
    yield node
    for pid in [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]:
        if str(tmp_path).encode() in _cmdline(pid) and b"gslb.runtime.worker" in _cmdline(pid):
            os.kill(pid, signal.SIGTERM)
    node.end()


def _cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.needs_root
def test_on_a_disk_that_is_read_only_a_node_serves_and_says_that_it_will_forget(on_disk):
    on_disk.on("ro")
    on_disk.start()
    assert Burst(on_disk, 40).answered() == 40
    assert on_disk.metric("gslb_store_up") == {"": 0.0}
    (said,) = on_disk.told("state-unusable")
    assert said["event"] == f"{on_disk.state_dir} can't be written: Read-only file system; a restart will forget all"


@pytest.mark.long
@pytest.mark.needs_root
def test_a_disk_that_fills_up_is_told_once_and_again_when_there_is_room(on_disk):
    on_disk.on("size=2m")
    on_disk.start()
    assert on_disk.metric("gslb_store_up") == {"": 1.0}
    on_disk.inside(f"dd if=/dev/zero of={on_disk.state_dir}/fill bs=64k || true")
    wait_until(lambda: on_disk.metric("gslb_store_up") == {"": 0.0}, 20, "the store failed")
    assert Burst(on_disk, 40).answered() == 40
    (on_disk.folder / "down" / "jp-1").touch()
    wait_until(lambda: on_disk.lands(CLIENT) != "jp-1", 20, "health goes on")
    on_disk.inside(f"rm {on_disk.state_dir}/fill")
    wait_until(lambda: on_disk.metric("gslb_store_up") == {"": 1.0}, 20, "the store works")
    assert len(on_disk.told("store-failed")) == 1
    assert len(on_disk.told("store-works")) == 1


@pytest.mark.needs_root
def test_root_gives_itself_up_and_workers_that_start_later_are_the_user_too(monkeypatch):
    python = _python_for_anybody(monkeypatch)
    folder = Path(tempfile.mkdtemp(prefix="gslb-user-", dir="/tmp"))
    folder.chmod(0o755)
    node = Node(folder, user="nobody")
    try:
        monkeypatch.setattr(sys, "executable", python)
        node.start()
        os.kill(node.worker_pids()[0], signal.SIGKILL)
        wait_until(lambda: node.metric("gslb_workers") == {"": 2.0}, 20, "it is back")
        assert Burst(node, 40).answered() == 40
        nobody = pwd.getpwnam("nobody")
        for pid in (node.process.pid, *node.worker_pids().values()):
            status = Path(f"/proc/{pid}/status").read_text()
            assert f"Uid:\t{nobody.pw_uid}\t{nobody.pw_uid}\t{nobody.pw_uid}" in status
            assert "CapEff:\t0000000000000000" in status
        assert {path.stat().st_uid for path in node.state_dir.rglob("*")} == {nobody.pw_uid}
        node.kill()
        node.start()  # root again, and adopts what runs as nobody
        assert "2 of them adopted" in node.told("start")[-1]["event"]
    finally:
        node.end()
        shutil.rmtree(folder)


def _python_for_anybody(monkeypatch: pytest.MonkeyPatch) -> str:
    """An interpreter that has our modules and that a stranger may run."""
    for python in (sys.executable, "/usr/bin/python3.11", "/usr/bin/python3"):
        with_ours = os.environ | {
            "PYTHONPATH": os.pathsep.join((str(Path(gslb.__file__).parents[1]), sysconfig.get_path("purelib")))
        }
        words = [python, "-c", "import gslb.runtime.worker"]
        try:
            done = subprocess.run(
                words, env=with_ours, cwd="/", check=False, user=65534, group=65534, extra_groups=[], stderr=subprocess.DEVNULL
            )
        except OSError:
            continue
        if done.returncode == 0:
            monkeypatch.setenv("PYTHONPATH", with_ours["PYTHONPATH"])
            return python
    pytest.skip("no interpreter here that another user may run")
