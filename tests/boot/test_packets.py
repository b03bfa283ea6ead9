"""The judge of what GRUB got has to see what is amiss."""

import struct
from pathlib import Path

import pytest

from tests.boot.packets import Reply, replies

SERVER, CLIENT = (bytes([198, 18, 0, 80]), 80), (bytes([10, 0, 2, 15]), 1024)
FIRST = (1 << 32) - 30  # in the middle of the reply, TCP begins to count anew
HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


def frame(time_s: float, source: tuple[bytes, int], target: tuple[bytes, int], number: int, data: bytes) -> bytes:
    tcp = struct.pack(">HHIIBBHHH", source[1], target[1], number % (1 << 32), 0, 5 << 4, 0x18, 65535, 0, 0)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(data), 0, 0, 64, 6, 0) + source[0] + target[0]
    whole = bytes(12) + b"\x08\x00" + ip + tcp + data
    whole = whole.ljust(60, b"\xff")  # Ethernet fills up what is short
    return struct.pack("<4I", int(time_s), int(time_s % 1 * 1e6), len(whole), len(whole)) + whole


def reply(folder: Path, *parts: tuple[float, int, bytes]) -> Reply:
    """To a request at second 1; the parts of its body by time and place."""
    frames = [frame(1, CLIENT, SERVER, 7, b"GET /kernel HTTP/1.1\r\n\r\n"), frame(1, SERVER, CLIENT, FIRST, HEAD)]
    frames += [frame(time_s, SERVER, CLIENT, FIRST + len(HEAD) + at, data) for time_s, at, data in parts]
    path = folder / "packets"
    path.write_bytes(bytes(24) + b"".join(frames))
    (found,) = replies(path)
    return found


def test_a_body_is_joined_over_the_end_of_the_numbers(tmp_path):
    found = reply(tmp_path, (2, 0, b"0123456789"), (2.5, 10, b"abcdefghij"))
    assert found.body == b"0123456789abcdefghij"
    assert found.request.startswith(b"GET /kernel ")


@pytest.mark.parametrize("again", [(0, b"0123"), (4, b"456789ab"), (0, b"0123456789")])
def test_what_is_sent_again_counts_once(tmp_path, again):
    assert reply(tmp_path, (2, 0, b"0123456789"), (3, *again), (4, 10, b"abcd")).body == b"0123456789abcd"


def test_what_never_came_is_seen(tmp_path):
    assert reply(tmp_path, (2, 0, b"0123"), (3, 8, b"89")).body == b"0123\0\0\0\x0089"


def test_a_silence_ends_with_new_bytes_alone(tmp_path):
    assert reply(tmp_path, (2, 0, b"0123"), (3, 0, b"0123"), (4, 2, b"23"), (6, 4, b"45")).longest_silence_s == pytest.approx(4)
