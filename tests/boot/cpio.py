"""An archive for initramfs: cpio in the format "newc", as Documentation/driver-api/early-userspace/buffer-format.rst has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_FOLDER, _FILE, _LINK = 0o040755, 0o100755, 0o120777


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    mode: int
    content: bytes = b""


def folder(name: str) -> Entry:
    return Entry(name, _FOLDER)


def file(name: str, content: bytes | Path) -> Entry:
    """Executable, as most of a miniroot is."""
    return Entry(name, _FILE, content.read_bytes() if isinstance(content, Path) else content)


def link(name: str, target: str) -> Entry:
    return Entry(name, _LINK, target.encode())


def archive(entries: Iterable[Entry]) -> bytes:
    """Parents before children: the kernel makes no folder by itself."""
    members = [_member(number, entry) for number, entry in enumerate(entries, 1)]
    return b"".join((*members, _member(0, Entry("TRAILER!!!", 0))))


def _member(inode: int, entry: Entry) -> bytes:
    name = entry.name.encode() + b"\0"
    owner, links, time_s, device, checksum = 0, 1, 0, 0, 0
    fields = (
        *(inode, entry.mode, owner, owner, links, time_s, len(entry.content)),
        *(device, device, device, device, len(name), checksum),
    )
    head = b"070701" + b"".join(b"%08X" % field for field in fields)
    return _padded(head + name) + _padded(entry.content)


def _padded(part: bytes) -> bytes:
    return part + bytes(-len(part) % 4)
