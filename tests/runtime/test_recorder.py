"""The thread that writes: what it does while a reader is away, slow or back, and that it never loses count."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gslb.dns.dnstap import data_frame
from gslb.runtime import recorder as recorder_module
from gslb.runtime.outlets import FrameSocket, LineFile
from gslb.runtime.recorder import Recorder
from tests.dns.dnstap.taps import frames as stream_frames
from tests.runtime.readers import ACCEPT, PATIENCE_S, Reader


def frames(number: int) -> list[bytes]:
    return [data_frame(str(number).encode())]


def lines(number: int) -> list[bytes]:
    return [f"{number}\n".encode()]


def to_socket(path: Path, limit: int = 1000) -> Recorder[int]:
    return Recorder("test", lambda ending: FrameSocket(str(path), ending), frames, limit)


def to_file(path: Path, limit: int = 1000) -> Recorder[int]:
    return Recorder("test", lambda _: LineFile(str(path)), lines, limit)


def ended(recorder: Recorder[int], within_s: float = 10.0) -> None:
    recorder.end(within_s)
    recorder.join(PATIENCE_S)
    assert not recorder.is_alive()


def until(condition: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "LONGEST_DELAY_S", 0.2)
    monkeypatch.setattr(recorder_module, "LOOK_EVERY_S", 0.1)


def test_what_is_put_is_written_in_order(tmp_path: Path) -> None:
    recorder = to_file(tmp_path / "log")
    recorder.start()
    for number in range(500):
        recorder.backlog.put(number)
    ended(recorder)
    assert (tmp_path / "log").read_text().split() == [str(number) for number in range(500)]
    assert (recorder.written, recorder.lost, recorder.backlog.dropped) == (500, 0, 0)


def test_a_reader_that_is_away_gets_what_waited_when_it_comes(tmp_path: Path) -> None:
    recorder = to_socket(tmp_path / "sock", limit=10)
    recorder.start()
    until(lambda: recorder.condition.works is False)
    assert recorder.condition.why == "No such file or directory"
    for number in range(15):
        recorder.backlog.put(number)
    assert recorder.backlog.dropped == 5
    with Reader(tmp_path / "sock") as reader:
        until(lambda: recorder.written == 10)
        assert recorder.condition.works
        ended(recorder)
        stream = reader.wait_ended()
    assert [payload for control, payload in stream_frames(stream) if not control] == [b"%d" % number for number in range(10)]
    assert (recorder.written, recorder.lost) == (10, 0)


def test_a_reader_that_is_started_again_gets_the_rest(tmp_path: Path) -> None:
    first = Reader(tmp_path / "sock")
    recorder = to_socket(tmp_path / "sock")
    recorder.start()
    recorder.backlog.put(1)
    until(lambda: recorder.written == 1)
    first.close()
    until(lambda: recorder.condition.works is False)
    recorder.backlog.put(2)
    with Reader(tmp_path / "sock") as second:
        until(lambda: recorder.written == 2)
        ended(recorder)
        second.wait_ended()


def test_a_reader_that_hangs_up_at_once_is_called_less_and_less_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "LONGEST_DELAY_S", 5.0)
    recorder = to_socket(tmp_path / "sock")
    calls: list[float] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(tmp_path / "sock"))
        listener.listen()
        recorder.start()
        for _ in range(4):
            with listener.accept()[0] as connection:
                calls.append(time.monotonic())
                connection.sendall(ACCEPT)
        ended(recorder, within_s=0.0)
    assert calls[-1] - calls[0] > 0.1 + 0.2 + 0.4


def test_an_observation_that_can_not_be_encoded_costs_itself(tmp_path: Path) -> None:
    recorder = to_file(tmp_path / "log")
    recorder.encode = lambda number: lines(1 // number)
    with capture_logs() as logged:
        recorder.start()
        for number in (1, 0, 0, 1):
            recorder.backlog.put(number)
        ended(recorder)
    assert (tmp_path / "log").read_text() == "1\n1\n"
    assert (recorder.written, recorder.lost) == (2, 2)
    assert [line["kind"] for line in logged] == ["observing-failed"]


def test_a_file_that_is_renamed_is_left_within_a_look(tmp_path: Path) -> None:
    recorder = to_file(tmp_path / "log")
    recorder.start()
    until(lambda: recorder.condition.works)
    (tmp_path / "log").rename(tmp_path / "log.1")
    until((tmp_path / "log").exists)
    recorder.backlog.put(7)
    ended(recorder)
    assert ((tmp_path / "log.1").read_text(), (tmp_path / "log").read_text()) == ("", "7\n")


def test_what_is_left_at_its_end_is_counted_as_lost(tmp_path: Path) -> None:
    recorder = to_socket(tmp_path / "sock")
    recorder.start()
    for number in range(100):
        recorder.backlog.put(number)
    ended(recorder, within_s=0.1)
    assert (recorder.written, recorder.lost) == (0, 100)


def test_a_reader_that_hangs_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with Reader(tmp_path / "sock", deaf=True):
        recorder = to_socket(tmp_path / "sock")
        recorder.start()
        recorder.backlog.put(1)
        until(lambda: threading.active_count() > 1)
        began_s = time.monotonic()
        ended(recorder, within_s=0.2)
        assert time.monotonic() - began_s < 5
    assert recorder.lost == 1


def test_who_puts_never_waits_for_a_disk_that_hangs(tmp_path: Path) -> None:
    hangs, go_on = threading.Event(), threading.Event()

    def encode(number: int) -> list[bytes]:
        hangs.set()
        go_on.wait(PATIENCE_S)
        return lines(number)

    recorder = to_file(tmp_path / "log", limit=5)
    recorder.encode = encode
    recorder.start()
    recorder.backlog.put(0)
    assert hangs.wait(PATIENCE_S)
    began_s = time.perf_counter()
    for number in range(1000):
        recorder.backlog.put(number)
    assert time.perf_counter() - began_s < 5
    assert recorder.backlog.dropped == 995
    go_on.set()
    ended(recorder)
    assert recorder.written == 6
