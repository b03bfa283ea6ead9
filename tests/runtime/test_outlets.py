"""Files and sockets that observations go to: rotated, emptied, full, with readers that come, go and hang."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gslb.dns.dnstap import START, STOP, data_frame
from gslb.runtime import outlets
from gslb.runtime.outlets import Broken, FrameFile, FrameSocket, LineFile
from tests.dns.dnstap.taps import controls, frames, whole
from tests.runtime.readers import ACCEPT, Reader

FRAMES = [data_frame(b"one"), data_frame(b"two")]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one page beyond what its directory takes."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def filled(folder: Path, leave: int) -> Path:
    """Another file takes the room, but for so many pages."""
    other = folder / "other"
    with other.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)) == 4096:
                pass
        except OSError:
            pass
    os.truncate(other, other.stat().st_size - leave * 4096)
    return other


def payloads(octets: bytes) -> list[bytes]:
    return [frame for control, frame in frames(octets) if not control]


# ------------------------------------------------------------------------------------------- frames in a file


def test_a_file_of_frames_begins_with_start_and_ends_with_stop(tmp_path: Path) -> None:
    outlet = FrameFile(str(tmp_path / "tap"))
    outlet.ensure()
    outlet.write(FRAMES)
    outlet.close()
    assert (tmp_path / "tap").read_bytes() == START + b"".join(FRAMES) + STOP
    assert (tmp_path / "tap").stat().st_mode & 0o777 == 0o640 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_what_was_there_before_is_kept_as_old(tmp_path: Path) -> None:
    for word in (b"first", b"second", b"third"):
        outlet = FrameFile(str(tmp_path / "tap"))
        outlet.ensure()
        outlet.write([data_frame(word)])
        outlet.close()
    assert payloads((tmp_path / "tap").read_bytes()) == [b"third"]
    assert payloads((tmp_path / "tap.old").read_bytes()) == [b"second"]


def test_a_file_that_is_renamed_is_ended_and_another_begun(tmp_path: Path) -> None:
    outlet = FrameFile(str(tmp_path / "tap"))
    outlet.ensure()
    outlet.write(FRAMES[:1])
    (tmp_path / "tap").rename(tmp_path / "tap.1")
    outlet.ensure()
    outlet.write(FRAMES[1:])
    outlet.close()
    assert [payloads((tmp_path / name).read_bytes()) for name in ("tap.1", "tap")] == [[b"one"], [b"two"]]
    assert [controls((tmp_path / name).read_bytes()) for name in ("tap.1", "tap")] == [[2, 3], [2, 3]]


def test_a_file_that_somebody_has_emptied_is_begun_anew(tmp_path: Path) -> None:
    outlet = FrameFile(str(tmp_path / "tap"))
    outlet.ensure()
    outlet.write(FRAMES)
    os.truncate(tmp_path / "tap", 0)
    outlet.ensure()
    outlet.write(FRAMES[1:])
    outlet.close()
    assert (tmp_path / "tap").read_bytes() == START + FRAMES[1] + STOP


def test_an_order_to_begin_anew_keeps_the_old_file(tmp_path: Path) -> None:
    outlet = FrameFile(str(tmp_path / "tap"))
    for frame in FRAMES:
        outlet.begin_anew()
        outlet.ensure()
        outlet.write([frame])
    outlet.close()
    assert [payloads((tmp_path / name).read_bytes()) for name in ("tap.old", "tap")] == [[b"one"], [b"two"]]


@pytest.mark.needs_root
def test_a_full_disk_takes_whole_frames_alone_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    outlet = FrameFile(str(small_disk / "tap"))
    outlet.ensure()
    other = filled(small_disk, leave=0)
    batch = [data_frame(bytes(900)) for _ in range(10)]
    with pytest.raises(Broken, match=r"disk is full|No space") as broken:
        outlet.write(batch)
    assert broken.value.done == 4, "in the page that the file has"
    assert whole((small_disk / "tap").read_bytes())
    with pytest.raises(Broken, match=r"No space|disk is full") as broken:
        outlet.write(batch[4:])
    assert broken.value.done == 0
    other.unlink()
    outlet.ensure()
    outlet.write(batch[4:])
    outlet.close()
    assert len(payloads((small_disk / "tap").read_bytes())) == 10
    assert whole((small_disk / "tap").read_bytes())


def test_a_place_that_can_not_be_written_is_told_in_words(tmp_path: Path) -> None:
    for outlet in (FrameFile(str(tmp_path / "none" / "tap")), LineFile(str(tmp_path))):
        with pytest.raises(Broken, match=r"No such file or directory|Is a directory"):
            outlet.ensure()


# --------------------------------------------------------------------------------------------- lines in a file


def test_lines_are_added_to_what_is_there_and_follow_a_rotation(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"{}\n")
    outlet = LineFile(str(tmp_path / "log"))
    outlet.ensure()
    outlet.write([b"1\n", b"2\n"])
    (tmp_path / "log").rename(tmp_path / "log.1")
    outlet.write([b"3\n"])
    outlet.ensure()
    outlet.write([b"4\n"])
    outlet.begin_anew()
    outlet.ensure()
    outlet.write([b"5\n"])
    outlet.close()
    assert (tmp_path / "log.1").read_text() == "{}\n1\n2\n3\n"
    assert (tmp_path / "log").read_text() == "4\n5\n"


def test_a_file_that_is_emptied_in_place_goes_on_from_its_beginning(tmp_path: Path) -> None:
    """As logrotate's copytruncate does."""
    outlet = LineFile(str(tmp_path / "log"))
    outlet.ensure()
    outlet.write([b"1\n"])
    os.truncate(tmp_path / "log", 0)
    outlet.write([b"2\n"])
    outlet.close()
    assert (tmp_path / "log").read_text() == "2\n"


def test_lines_of_several_writers_do_not_mix(tmp_path: Path) -> None:
    def write(worker: int) -> None:
        outlet = LineFile(str(tmp_path / "log"))
        outlet.ensure()
        for number in range(100):
            outlet.write([json.dumps([worker, number, "x" * 700]).encode() + b"\n"] * 8)
        outlet.close()

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert len(lines) == 3200
    for worker in range(4):
        assert [number for who, number, _ in lines if who == worker] == sorted(list(range(100)) * 8)


@pytest.mark.needs_root
def test_a_full_disk_leaves_no_half_line_though_two_write(small_disk: Path) -> None:
    writers = [LineFile(str(small_disk / "log")) for _ in range(2)]
    for writer in writers:
        writer.ensure()
    other = filled(small_disk, leave=2)
    batch = [json.dumps(["x" * 800]).encode() + b"\n"] * 5
    done = 0
    for writer in writers * 2:
        try:
            writer.write(batch)
            done += len(batch)
        except Broken as broken:
            done += broken.done
    other.unlink()
    for writer in writers:
        writer.write(batch)
        writer.close()
    lines = (small_disk / "log").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [["x" * 800]] * (done + 10)


def test_a_pipe_gets_lines_whole_or_not_at_all(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log")
    outlet = LineFile(str(tmp_path / "log"))
    with pytest.raises(Broken, match="No such device or address"):
        outlet.ensure()
    reader = os.open(tmp_path / "log", os.O_RDONLY | os.O_NONBLOCK)
    outlet.ensure()
    line = b"x" * 3000 + b"\n"
    with pytest.raises(Broken, match="temporarily unavailable") as broken:
        outlet.write([line] * 100)
    outlet.close()
    octets = b""
    while more := os.read(reader, 65536):
        octets += more
    os.close(reader)
    assert octets == line * broken.value.done


# -------------------------------------------------------------------------------------------- frames over a socket


def never() -> bool:
    return False


def test_a_reader_gets_the_stream_and_its_end(tmp_path: Path) -> None:
    with Reader(tmp_path / "sock") as reader:
        outlet = FrameSocket(str(tmp_path / "sock"), never)
        outlet.ensure()
        outlet.write(FRAMES)
        outlet.ensure()
        outlet.close()
        stream = reader.wait_ended()
    assert controls(stream) == [4, 2, 3]
    assert payloads(stream) == [b"one", b"two"]


def test_without_a_reader_it_is_told_in_words(tmp_path: Path) -> None:
    outlet = FrameSocket(str(tmp_path / "sock"), never)
    with pytest.raises(Broken, match="No such file or directory"):
        outlet.ensure()
    Reader(tmp_path / "sock").close()
    with pytest.raises(Broken, match="Connection refused"):
        outlet.ensure()
    with pytest.raises(Broken, match="too long"):
        FrameSocket("/" + "x" * 200, never).ensure()
    outlet.close()


def test_a_reader_that_goes_is_noticed_also_when_there_is_nothing_to_write(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "sock")
    outlet = FrameSocket(str(tmp_path / "sock"), never)
    outlet.ensure()
    reader.wait_connected()
    reader.close()
    with pytest.raises(Broken, match=r"closed|reset"):
        outlet.ensure()
    with Reader(tmp_path / "sock") as again:
        outlet.ensure()
        outlet.write(FRAMES)
        outlet.close()
        assert payloads(again.wait_ended()) == [b"one", b"two"]


def test_a_write_to_a_reader_that_has_gone_raises_no_signal(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "sock")
    outlet = FrameSocket(str(tmp_path / "sock"), never)
    outlet.ensure()
    reader.wait_connected()
    reader.close()
    with pytest.raises(Broken, match=r"Broken pipe|reset"):
        outlet.write(FRAMES)


def test_a_reader_that_says_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlets, "HANDSHAKE_WITHIN_S", 0.2)
    with Reader(tmp_path / "sock", deaf=True), pytest.raises(Broken, match="did not answer"):
        FrameSocket(str(tmp_path / "sock"), never).ensure()


@pytest.mark.parametrize("said", [b"220 mail.example ESMTP\r\n", ACCEPT.replace(b"Dnstap", b"Dnsbad")])
def test_somebody_who_is_no_dnstap_reader_is_left(tmp_path: Path, said: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(tmp_path / "sock"))
        listener.listen()

        def speak() -> None:
            with listener.accept()[0] as connection:
                connection.sendall(said)
                connection.recv(4096)

        speaker = threading.Thread(target=speak)
        speaker.start()
        with pytest.raises(Broken, match="the reader said"):
            FrameSocket(str(tmp_path / "sock"), never).ensure()
        speaker.join()


@pytest.mark.parametrize("hurried", [False, True])
def test_a_reader_that_does_not_read_is_left_and_what_it_took_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hurried: bool
) -> None:
    monkeypatch.setattr(outlets, "STALLED_AFTER_S", 60.0 if hurried else 0.3)
    ending = threading.Event()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(tmp_path / "sock"))
        listener.listen()
        taken: list[socket.socket] = []

        def accept() -> None:
            taken.append(listener.accept()[0])
            taken[0].sendall(ACCEPT)

        threading.Thread(target=accept, daemon=True).start()
        outlet = FrameSocket(str(tmp_path / "sock"), ending.is_set)
        outlet.ensure()
        if hurried:
            threading.Timer(0.2, ending.set).start()
        began_s = time.monotonic()
        with pytest.raises(Broken, match="does not read") as broken:
            outlet.write([data_frame(bytes(1000))] * 2000)
        assert time.monotonic() - began_s < 5
        assert 10 < broken.value.done < 2000
        taken[0].close()
