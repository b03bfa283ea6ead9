"""What workers share of their clients: memory of control's making, used by several processes at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from structlog.testing import capture_logs

from gslb.redirect.pledges import Pledges
from gslb.runtime.pledging import fits, make_memory, open_pledges

OLD, NEW = "a" * 64, "b" * 64
BOTH = frozenset((OLD, NEW))

WORKER = """
import sys
from gslb.runtime.pledging import open_pledges
fd, served, number = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
pledges = open_pledges(fd)
print(flush=True)
sys.stdin.readline()
for client in range(number):
    print(pledges.stay(client.to_bytes(4, "big"), served, {"a" * 64, "b" * 64}, 5.0, 60.0).generation)
"""


@pytest.fixture
def memory():
    fd = make_memory(65_536)
    assert fd is not None
    yield fd
    os.close(fd)


def opened(memory: int) -> Pledges:
    pledges = open_pledges(os.dup(memory))
    assert pledges is not None
    return pledges


def worker(memory: int, served: str, number: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", WORKER, str(memory), served, str(number)]
    return subprocess.Popen(words, pass_fds=[memory], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_two_processes_that_meet_the_same_new_clients_at_once_agree_on_each(memory):
    """One already knows that another generation is served. Without the locks some clients would begin with both."""
    with worker(memory, OLD, 2000) as first, worker(memory, NEW, 2000) as second:
        for process in (first, second):
            assert process.stdout is not None
            process.stdout.readline()
        for process in (first, second):
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        told = [process.communicate(timeout=60)[0].split() for process in (first, second)]
    assert len(told[0]) == 2000
    assert told[0] == told[1]


def test_what_a_process_wrote_is_there_when_it_is_gone(memory):
    with worker(memory, OLD, 1) as process:
        process.communicate("\n", timeout=60)
    assert opened(memory).stay(bytes(4), NEW, BOTH, 5.0, 60.0).generation == OLD


def test_nobody_waits_long_for_a_process_that_froze_with_a_lock(memory):
    code = "import fcntl, sys; fcntl.lockf(int(sys.argv[1]), fcntl.LOCK_EX, 0, 0); print(flush=True); sys.stdin.readline()"
    words = [sys.executable, "-c", code, str(memory)]
    with subprocess.Popen(words, pass_fds=[memory], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as frozen:
        assert frozen.stdout is not None
        frozen.stdout.readline()
        began_s = time.monotonic()
        assert opened(memory).stay(b"new", NEW, BOTH, 5.0, 60.0).generation == NEW
        assert time.monotonic() - began_s < 10
        frozen.communicate(b"\n", timeout=60)


def test_the_memory_can_not_be_cut_under_the_feet_of_others(memory):
    with pytest.raises(PermissionError):
        os.ftruncate(memory, 8)
    assert fits(memory, 65_536)
    assert not fits(memory, 8192)


def test_what_is_no_such_memory_is_done_without_and_said(tmp_path):
    with capture_logs() as told:
        assert open_pledges(os.open("/dev/null", os.O_RDWR)) is None
        assert open_pledges(os.open(tmp_path, os.O_RDONLY)) is None
    assert [line["kind"] for line in told] == ["pledges-unshared"] * 2
    assert "each keeps clients at their generation of a release set by itself" in told[0]["event"]
