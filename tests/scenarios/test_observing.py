"""dnstap and the query log of a real node, with the readers that people use: fstrm_capture and kdig, which come and go.

Whatever becomes of them, queries are answered.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import dns.edns
import dns.message
import dns.query
import pytest

from tests.dns.dnstap.taps import controls, taps, whole
from tests.scenarios.lifecycle import Node, started
from tests.scenarios.node import HOST

TAP = ["fstrm_capture", "-t", "protobuf:dnstap.Dnstap"]


class Capture:
    """fstrm_capture behind a socket, with a file."""

    def __init__(self, sock: Path, file: Path) -> None:
        self.file = file
        sock.unlink(missing_ok=True)
        self._process = subprocess.Popen([*TAP, "-u", str(sock), "-w", str(file)], stderr=subprocess.DEVNULL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def stop(self) -> None:
        """As a reader that hangs."""
        self._process.send_signal(signal.SIGSTOP)

    def end(self) -> None:
        """Killed, with what it had not written yet."""
        self._process.kill()
        self._process.wait()

    def taps(self) -> list[dict[str, Any]]:
        self._process.send_signal(signal.SIGHUP)  # it writes what it has
        return taps(self.file.read_bytes()) if self.file.exists() else []


def ask(node: Node, count: int = 1, *, tcp: bool = False, name: str = HOST, subnet: str = "133.11.77.0") -> None:
    """Each from another port, so that every worker gets some."""
    ways: Callable[..., dns.message.Message] = dns.query.tcp if tcp else dns.query.udp
    for _ in range(count):
        query = dns.message.make_query(name, "A", use_edns=0, options=[dns.edns.ECSOption(subnet, 24)])
        assert ways(query, node.dns[0], 10, node.dns[1]).answer


def asked(found: list[dict[str, Any]], name: str) -> int:
    """Answers to that name: the node asks itself now and then as well."""
    label = bytes((len(name.partition(".")[0]),)) + name.partition(".")[0].encode()
    return sum(tap["type"] == 2 and label in tap["response_message"] for tap in found)


def sum_of(node: Node, metric: str) -> float:
    return sum(node.metric(metric).values())


def until_told(node: Node, what: str, condition: Callable[[], Any]) -> None:
    """Asks all the while."""
    deadline_s = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline_s, f"{what}\n{node.log.read_text()[-3000:]}"
        ask(node, 50)


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def about_us(file: Path) -> list[dict[str, Any]]:
    """The node asks itself without a client subnet."""
    return [line for line in lines(file) if line["subnet"]]


# ---------------------------------------------------------------------------------------------- readers


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node whose dnstap goes to a reader."""
    folder = tmp_path_factory.mktemp("read")
    with started(folder, dnstap={"socket": "tap.sock"}, limits={"observed_queue": 60}) as node:
        yield node


def test_a_reader_comes_goes_and_comes_back(read: Node) -> None:
    sock = read.folder / "tap.sock"
    read.wait_for(lambda: read.told("dnstap-failed"), 20, "it is told that nobody reads")
    ask(read, 5)
    with Capture(sock, read.folder / "first") as first:
        read.wait_for(lambda: read.told("dnstap-works"), 20, "every worker has the reader")
        assert read.metric("gslb_dnstap_connected") == {'worker="0"': 1.0, 'worker="1"': 1.0}
        ask(read, 20)
        ask(read, 5, tcp=True)
        read.wait_for(lambda: asked(first.taps(), HOST) >= 30, 20, "what waited has come, and what was asked since")
    read.wait_for(lambda: len(read.told("dnstap-failed")) == 2, 20, "it is told that the reader has gone")
    ask(read, 20)
    with Capture(sock, read.folder / "second") as second:
        read.wait_for(lambda: len(read.told("dnstap-works")) == 2, 20, "they have the next one")
        ask(read, 5)
        read.wait_for(lambda: asked(second.taps(), HOST) >= 25, 20, "and that one has the rest")
    read.wait_for(lambda: sum_of(read, "gslb_dnstap_written_total") >= 100, 20, "they are counted")


def test_fstrm_capture_has_read_who_we_are_and_no_more_of_clients_than_their_network(read: Node) -> None:
    seen = taps((read.folder / "first").read_bytes())
    assert {tap["identity"] for tap in seen} == {b"scenario"}
    assert {tap["socket_protocol"] for tap in seen} == {1, 2}
    assert {tap["response_port"] for tap in seen} == {read.dns[1]}
    assert {tap["query_address"] for tap in seen} == {b"\x7f\0\0\0"}
    for tap in seen:
        for option in dns.message.from_wire(tap.get("response_message") or tap["query_message"]).options:
            if isinstance(option, dns.edns.ECSOption):
                assert (option.address, option.srclen) == ("133.11.0.0", 16)


def test_a_reader_that_hangs_costs_messages_and_never_an_answer(read: Node) -> None:
    with Capture(read.folder / "tap.sock", read.folder / "third") as capture:
        read.wait_for(lambda: len(read.told("dnstap-works")) == 3, 20, "it reads")
        capture.stop()
        before = sum_of(read, "gslb_dnstap_dropped_total")
        until_told(read, "messages are dropped", lambda: sum_of(read, "gslb_dnstap_dropped_total") > before)
        assert read.stop() == 0


# ------------------------------------------------------------------------------------------------ files


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node whose dnstap and query log go to files."""
    folder = tmp_path_factory.mktemp("written")
    with started(folder, dnstap={"file": "node.tap"}) as node:
        yield node


def test_a_reload_turns_the_query_log_on(written: Node) -> None:
    log = written.folder / "queries.log"
    written.change(query_log={"file": "queries.log", "one_in": 1})
    written.wait_for(lambda: written.metric("gslb_query_log_open") == {'worker="0"': 1.0, 'worker="1"': 1.0}, 20, "it is on")
    ask(written, 20)
    written.wait_for(lambda: len(about_us(log)) == 20, 20, "every query has its line, of whichever worker")
    line = about_us(log)[-1]
    assert (line["node"], line["client"], line["subnet"]) == ("scenario", "127.0.0.0/16", "133.11.0.0/16")
    assert (line["name"], line["type"], line["rcode"], line["transport"]) == (f"{HOST}.", "A", "NOERROR", "udp")
    assert (line["service"], line["sites"], line["why"], line["scope"]) == (HOST, ["jp-1"], "nearest", 16)
    assert line["world"] >= 1


def test_a_log_that_is_renamed_goes_on_in_a_new_one(written: Node) -> None:
    """As logrotate does, without a signal."""
    log = written.folder / "queries.log"
    log.rename(written.folder / "queries.log.1")
    written.wait_for(log.exists, 20, "a worker has begun another file")
    old = len(about_us(written.folder / "queries.log.1"))
    ask(written, 20)
    both = (written.folder / "queries.log.1", log)
    written.wait_for(lambda: sum(len(about_us(file)) for file in both) == old + 20, 20, "no line is lost")
    written.wait_for(lambda: sum_of(written, "gslb_query_log_written_total") >= 40, 20, "they are counted")


def test_sighup_begins_dnstap_s_files_anew_also_when_the_configuration_is_refused(written: Node) -> None:
    good = written.file.read_text()
    written.file.write_text("node: [broken")
    written.process.send_signal(signal.SIGHUP)
    files = [written.folder / f"node.tap.worker{number}" for number in range(2)]
    olds = [Path(f"{file}.old") for file in files]
    written.wait_for(lambda: all(old.exists() for old in olds), 20, "what was there is kept")
    written.wait_for(lambda: written.told("reload-refused"), 20, "the configuration is refused")
    assert all(whole(old.read_bytes()) for old in olds)
    assert sum(asked(taps(old.read_bytes()), HOST) for old in olds) >= 40
    written.file.write_text(good)


def test_kdig_reads_the_files(written: Node) -> None:
    ask(written, 20)
    ask(written, 2, tcp=True)
    assert written.stop() == 0
    text = ""
    for number in range(2):
        file = written.folder / f"node.tap.worker{number}"
        assert controls(file.read_bytes()) == [2, 3]
        read = subprocess.run(["kdig", "-G", str(file), "+qr"], capture_output=True, text=True, check=True)
        assert not read.stderr
        text += read.stdout
    assert text.count(";; CLIENT-SUBNET: 133.11.0.0/16/0") == 22, "of the queries, cut"
    assert text.count(";; CLIENT-SUBNET: 133.11.0.0/16/16") == 22, "of the answers"
    assert text.count("(TCP)") >= 2


# ------------------------------------------------------------------------------------------------- disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as octets:
        try:
            while octets.write(bytes(4096)):
                pass
        except OSError:
            pass


@pytest.mark.needs_root
def test_a_full_disk_is_told_and_costs_no_answer(tmp_path: Path, small_disk: Path) -> None:
    changes: dict[str, Any] = {
        "dnstap": {"file": "disk/node.tap"},
        "query_log": {"file": "disk/queries.log", "one_in": 1},
        "limits": {"observed_queue": 20},
    }
    with started(tmp_path, **changes) as node:
        fill(small_disk / "other")
        until_told(node, "it is full", lambda: node.told("dnstap-failed") and node.told("query-log-failed"))
        assert re.search("disk is full|No space left on device", node.told("dnstap-failed")[0]["event"])
        until_told(node, "lines are dropped and counted", lambda: sum_of(node, "gslb_query_log_dropped_total"))
        os.truncate(small_disk / "other", 0)
        node.wait_for(lambda: node.told("dnstap-works") and node.told("query-log-works"), 20, "both go on")
        assert node.stop() == 0
    assert lines(small_disk / "queries.log"), "no half line among them"
    for file in small_disk.glob("node.tap.worker*"):
        assert whole(file.read_bytes())
