"""A process held by its pidfd, ours or another's child."""

import json
import os
import signal
import subprocess
import sys

import pytest

from gslb.errors import NodeError
from gslb.runtime.process import Process, spawn


@pytest.fixture
def child():
    found = subprocess.Popen([sys.executable, "-c", "import sys; sys.exit(int(input()))"], stdin=subprocess.PIPE)
    yield found
    found.kill()
    found.communicate()


def test_it_lives_until_it_ends_and_says_how(child):
    held = Process(child.pid)
    assert held.alive
    child.stdin.write(b"3\n")
    child.stdin.close()
    child.returncode = 0
    assert held.reap() == "ended with 3"
    assert not held.alive


def test_it_is_killed_and_says_by_what(child):
    held = Process(child.pid)
    held.kill()
    child.returncode = 0
    assert held.reap() == "killed by SIGKILL"
    held.kill()  # nobody: certainly no other process that has its number by now
    held.signal(signal.SIGTERM)


def test_of_another_s_child_nobody_tells_us_how_it_ended():
    shell = subprocess.Popen(["sh", "-c", "sleep 60 & echo $!; wait"], stdout=subprocess.PIPE)
    assert shell.stdout is not None
    held = Process(int(shell.stdout.readline()))
    held.kill()
    shell.communicate()
    assert not held.alive
    assert held.reap() == "ended"


def test_a_process_that_is_not_there_can_not_be_held():
    with pytest.raises(ProcessLookupError):
        Process(2**22)


def test_a_worker_is_started_in_a_session_of_its_own_and_imports_nothing_of_where_it_is(tmp_path, monkeypatch):
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\necho "$PYTHONSAFEPATH" $(ps -o sid= $$) $$ "$3" > {tmp_path}/told\n')
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(program))
    held = spawn(2, tmp_path, (), (), True)
    assert held.reap() == "ended with 0"
    safe, session, pid, order = (tmp_path / "told").read_text().split(" ", 3)
    assert safe == "1"
    assert session == pid != str(os.getsid(0))
    assert json.loads(order)["index"] == 2


def test_an_interpreter_that_can_not_be_run_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(NodeError) as told:
        spawn(0, tmp_path, (), (), True)
    assert str(told.value) == (
        f"a worker can't be started: {tmp_path}/python: No such file or directory; is it there, for our user too?"
    )
