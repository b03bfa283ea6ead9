"""One worker process, ours or adopted, held by a pidfd: it can't be mistaken for a later process of the same number."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from socket import socket
from typing import Any

import gslb
from gslb.errors import NodeError
from gslb.runtime import logs
from gslb.runtime.sockets import Listener


class Process:
    def __init__(self, pid: int) -> None:
        """Raises ProcessLookupError if there is no process `pid`."""
        self.pid = pid
        self.pidfd = os.pidfd_open(pid)

    @property
    def alive(self) -> bool:
        if self.pidfd < 0:
            return False
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        return not poll.poll(0)

    def signal(self, number: signal.Signals) -> None:
        if self.pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    def reap(self) -> str:
        """How it ended, in words. Only the parent is told the status of a process (wait(2))."""
        try:
            ended = os.waitid(os.P_PIDFD, self.pidfd, os.WEXITED)
        except ChildProcessError:
            ended = None
        self.close()
        if ended is None:
            return "ended"
        killed = ended.si_code in (os.CLD_KILLED, os.CLD_DUMPED)
        return f"killed by {signal.Signals(ended.si_status).name}" if killed else f"ended with {ended.si_status}"

    def close(self) -> None:
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1


def spawn(index: int, run_dir: Path, wanted: Sequence[Listener], sockets: Sequence[socket], outlives: bool) -> Process:
    """Starts a worker in a session of its own, so that Ctrl-C reaches control alone. A NodeError if it can't be."""
    order: dict[str, Any] = {
        "index": index,
        "run_dir": str(run_dir),
        "listeners": [[listener.role, listener.endpoint.host, listener.endpoint.port] for listener in wanted],
        "fds": [sock.fileno() for sock in sockets],
        "outlives": outlives,
        "logs": logs.as_set_up(),
    }
    try:
        child = subprocess.Popen(
            [sys.executable, "-m", "gslb.runtime.worker", json.dumps(order)],
            pass_fds=[sock.fileno() for sock in sockets],
            stdin=subprocess.DEVNULL,
            env=environment(),
            start_new_session=True,
        )
    except OSError as error:
        raise NodeError(
            f"a worker can't be started: {sys.executable}: {error.strerror}; is it there, for our user too?"
        ) from None
    child.returncode = 0  # it is waited for by its pidfd, or never: it may outlive us
    return Process(child.pid)


def environment() -> dict[str, str]:
    """`python -m` would look for modules in the current directory first, and that may be anybody's. It gets ours alone."""
    path = [str(Path(gslb.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join(filter(None, path))}
