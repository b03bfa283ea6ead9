"""Tells systemd what this process does (sd_notify(3)): a datagram to the socket that $NOTIFY_SOCKET names."""

from __future__ import annotations

import os
import socket
import time


def notify(state: str) -> bool:
    """Sends `state` ("READY=1", "STOPPING=1", "STATUS=…"). False where nobody listens; never raises."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return False
    address = "\0" + path[1:] if path.startswith("@") else path
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.connect(address)
            sock.sendall(state.encode())
    except OSError:
        return False
    return True


def alive() -> bool:
    """WATCHDOG=1, where the unit asks for it: a control that hangs is killed and started again, and adopts its workers."""
    return bool(os.environ.get("WATCHDOG_USEC")) and notify("WATCHDOG=1")


def reloading() -> bool:
    """RELOADING=1 with the clock that Type=notify-reload asks for."""
    return notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
