"""A shell's limit of open files is not the node's, in processes of their own."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runtime.nodes import write

RAISE = "from gslb.runtime.filelimit import raise_file_limit; print(raise_file_limit())"


def limited(soft: int, hard: int, *words: str) -> list[str]:
    """A command line that has these limits from its start."""
    script = f"import os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard})); "
    return [sys.executable, "-c", script + "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])", *words]


def test_what_is_allowed_is_taken():
    done = subprocess.run(limited(128, 512, "-c", RAISE), capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("512\n", "")


def test_where_all_of_it_is_had_already_nothing_changes():
    done = subprocess.run(limited(256, 256, "-c", RAISE), capture_output=True, text=True, check=True)
    assert done.stdout == "256\n"


def test_where_it_may_not_be_raised_the_old_one_stays():
    """As where the system's own ceiling, fs.nr_open, was lowered below the hard limit; that is no test's to change."""
    refuse = "import resource\ndef no(*_): raise PermissionError\nresource.setrlimit = no\n"
    done = subprocess.run(limited(128, 512, "-c", refuse + RAISE), capture_output=True, text=True, check=True)
    assert done.stdout == "128\n"


def test_a_node_and_its_workers_have_all_that_is_allowed(tmp_path):
    hard = min(2048, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    command = limited(256, hard, "-m", "gslb", "serve", "--config", str(write(tmp_path)), "--workers", "1")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as node:
        try:
            assert node.stderr
            for _ in node.stderr:
                if children := workers(node.pid):
                    break
            else:
                pytest.fail("it ended")
            assert {open_files(pid) for pid in (node.pid, *children)} == {(hard, hard)}
        finally:
            node.send_signal(signal.SIGTERM)
            node.communicate(timeout=20)


def workers(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def open_files(pid: int) -> tuple[int, int]:
    line = next(each for each in Path(f"/proc/{pid}/limits").read_text().splitlines() if each.startswith("Max open files"))
    soft, hard = line.split()[3:5]
    return int(soft), int(hard)
