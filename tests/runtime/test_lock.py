"""One control for each state directory."""

import os
import subprocess
import sys

import pytest

from gslb.errors import BusyError, StoreError
from gslb.runtime.lock import ControlLock


def test_a_second_control_is_told_who_holds_the_directory(tmp_path):
    lock = ControlLock(tmp_path, "/var/lib/gslb")
    with pytest.raises(BusyError) as told:
        ControlLock(tmp_path, "/var/lib/gslb")
    assert str(told.value) == (
        f"process {os.getpid()} already runs on /var/lib/gslb: stop it, or give this node its own state_dir"
    )
    lock.close()
    ControlLock(tmp_path, "/var/lib/gslb").close()


def test_the_kernel_lets_go_when_the_holder_is_killed(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from gslb.runtime.lock import ControlLock\n"
        "lock = ControlLock(Path(sys.argv[1]), ''); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -9
    ControlLock(tmp_path, "").close()
    assert int((tmp_path / "control.lock").read_text()) == os.getpid()


def test_a_worker_does_not_hold_it(tmp_path):
    lock = ControlLock(tmp_path, "")
    words = [sys.executable, "-c", "print(flush=True); input()"]
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False)
    assert child.stdout is not None
    child.stdout.readline()  # it runs: what it was not to have is closed
    lock.close()
    ControlLock(tmp_path, "").close()
    child.communicate(b"\n")


def test_a_lock_that_can_not_be_made_is_told(tmp_path):
    (tmp_path / "control.lock").mkdir()
    with pytest.raises(StoreError, match=r"can't open .*control.lock: Is a directory"):
        ControlLock(tmp_path, "")
