"""`gslb demo` from a command line: it comes up, it shows, it obeys, and leaves nothing behind."""

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import free_ports
from tests.scenarios.demo import Demo
from tests.scenarios.node import EUROPE, HOST, JAPAN, US, gslb


@contextmanager
def running() -> Iterator[Demo]:
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder))
        try:
            demo.wait_for("^Dashboard ", 60)
            yield demo
        finally:
            if demo.process.poll() is None:
                demo.process.terminate()
                demo.end()


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with running() as demo:
        yield demo


@pytest.fixture
def own_demo() -> Iterator[Demo]:
    """Of a test that ends it."""
    with running() as demo:
        yield demo


def dig(demo: Demo, subnet: str) -> str:
    host, _, port = demo.dns.rpartition(":")
    command = ["dig", f"@{host}", "-p", port, HOST, f"+subnet={subnet}"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


@pytest.mark.parametrize(("subnet", "region"), [(JAPAN, 3), (US, 1), (EUROPE, 2)])
def test_what_the_demo_says_to_try_does_what_it_says(demo, subnet, region):
    """Must show 1. The third octet of a mirror's address tells its region."""
    said = dig(demo, subnet)
    assert re.search(rf"^{HOST}\.\s+\d+\s+IN\s+A\s+127\.83\.{region}\.\d+$", said, re.MULTILINE), said
    scope = re.search(rf"CLIENT-SUBNET: {subnet}/(\d+)", said)
    assert scope
    assert int(scope[1]) >= 16
    command, script = re.findall(r"^  (curl .*)$", demo.text, re.MULTILINE)
    got = subprocess.run(command, shell=True, capture_output=True, text=True, check=True, timeout=30).stdout
    assert got.splitlines()[0] == "HTTP/1.1 302 Found"
    assert "HTTP/1.1 200 OK" in got
    assert re.search(r"^[0-9a-f]{40}$", got, re.MULTILINE), "the map file came"
    got = subprocess.run(script, shell=True, capture_output=True, text=True, check=True, timeout=30).stdout
    assert got.startswith("#!/bin/sh\nimage='knoppix'\n")
    (explain,) = re.findall(r"^  \S*gslb (explain .*)$", demo.text, re.MULTILINE)
    told = gslb(*explain.split())
    assert told.returncode == 0, told.stderr
    assert "as the node demo at" in told.stdout.splitlines()[0]


def test_orders_come_from_the_terminal_and_from_another_one(demo):
    demo.order("kill jp-tokyo-1")
    demo.wait_for("jp-tokyo-1 is killed", 20)
    demo.order("nonsense")
    demo.wait_for("'nonsense' is no order: kill | restart", 20)
    demo.order("fault jp-osaka-1 sing")
    demo.wait_for("'sing' is no fault of a mirror", 20)
    demo.wait_for(r"site-down +jp-tokyo-1 .* by dns", 20)
    demo.wait_for(r"site-down +jp-tokyo-1 .* by http", 20)
    told = demo.tell("status")
    assert (told.returncode, told.stderr) == (0, "")
    assert re.search(r"^jp-tokyo-1 .* down ", told.stdout, re.MULTILINE)
    for words, answer in {
        "restart jp-tokyo-1": "jp-tokyo-1 runs again",
        "fault jp-osaka-1 slow 4": "jp-osaka-1: slow 4",
        "freeze jp-nagoya-1": "jp-nagoya-1 is frozen",
        "thaw jp-nagoya-1": "jp-nagoya-1 goes on",
        "drain us-dallas-1 a test": "us-dallas-1 is drained",
        "enable us-dallas-1": "us-dallas-1 is not drained",
        "explain 133.11.0.1": f"{HOST} over DNS, IPv4: 127.83.3.",
        "explain 133.11.0.1 http": f"{HOST} over HTTP, IPv4: http://127.83.3.",
        "flip us-newyork-1 miniroot.gz": "one bit of miniroot.gz is another",
        "repair us-newyork-1": "has every file of its release as it was published",
        "publish all": "a new edition goes to one mirror after another",
        "mirrors": "127.83.1.1",
        "events": "is drained",
        "help": "freeze SITE",
    }.items():
        said = demo.tell(*words.split())
        assert (said.returncode, said.stderr) == (0, ""), words
        assert answer in said.stdout, words
    assert "nope" in demo.tell("flip", "jp-osaka-1", "nope").stderr
    refused = demo.tell("kill", "nobody")
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    assert "'nobody' is none of the mirrors" in refused.stderr


@pytest.mark.parametrize("how", ["quit", "tell quit", signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_and_leaves_nothing(own_demo, how):
    if how == "quit":
        own_demo.order("quit")
    elif how == "tell quit":
        assert own_demo.tell("quit").returncode == 0
    else:
        own_demo.process.send_signal(how)
    assert own_demo.end() == 0, own_demo.text
    assert "Traceback" not in own_demo.text
    assert own_demo.remains() == []
    gone = own_demo.tell("status")
    assert gone.returncode == 1
    assert gone.stderr == f"no demo runs with --admin {own_demo.admin} (Connection refused)\n"


def test_a_port_that_is_taken_is_told_in_a_line(demo, tmp_path):
    dns, admin = (f"127.0.0.1:{port}" for port in free_ports(2))
    said = gslb("demo", "--dns", dns, "--http", demo.http, "--admin", admin, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert said.returncode == 1
    assert said.stderr == f"http {demo.http}: another program listens there (see `ss -lnup` and `ss -lntp`)\n"
    assert list(tmp_path.iterdir()) == []


def test_the_operator_token_drains_a_mirror(demo):
    (token,) = re.findall(r"^Token +([0-9a-f]{32}) ", demo.text, re.MULTILINE)
    admin = f"http://{demo.admin}"
    refused = gslb("drain", "jp-osaka-1", "--reason", "a test", "--admin", admin, env={**os.environ, "GSLB_TOKEN": ""})
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "GSLB_TOKEN" in refused.stderr
    said = gslb("drain", "jp-osaka-1", "--reason", "a test", "--admin", admin, env={**os.environ, "GSLB_TOKEN": token})
    assert (said.returncode, said.stdout) == (0, "jp-osaka-1 is drained: a test\n")
    demo.wait_for(r"drain +jp-osaka-1 is drained until it is enabled: a test \[demo\]", 20)
