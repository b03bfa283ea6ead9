"""What systemd is told, on a real socket of its kind."""

import socket
import time

import pytest

from gslb.runtime.notify import alive, notify, reloading


@pytest.fixture(params=["path", "abstract"])
def told(request, tmp_path, monkeypatch):
    name = str(tmp_path / "notify") if request.param == "path" else f"@gslb-test-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(name.replace("@", "\0"))
        sock.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield lambda: sock.recv(4096).decode()


def test_ready_is_told(told):
    assert notify("READY=1")
    assert told() == "READY=1"


def test_a_reload_comes_with_the_monotonic_clock_in_microseconds(told):
    assert reloading()
    first, second = told().split("\n")
    assert first == "RELOADING=1"
    assert abs(int(second.removeprefix("MONOTONIC_USEC=")) / 1e6 - time.monotonic()) < 30


def test_a_sign_of_life_is_told_where_it_is_wanted(told, monkeypatch):
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    assert not alive()
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    assert alive()
    assert told() == "WATCHDOG=1"


@pytest.mark.parametrize("name", ["", "relative", "/nowhere/at/all", "@nobody-listens-there"])
def test_where_nobody_listens_nothing_happens(monkeypatch, name):
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    assert not notify("READY=1")
