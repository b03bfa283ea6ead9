"""The sizes of a site's files by one listing of its rsync daemon: one exchange instead of one for each file.

The program rsync makes it: no shell, its arguments fixed, a bare environment, its own process group, which is killed when the
time or the octets are over.
"""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Container

from probes.content.setting import ContentSetting
from probes.record import printable

LINE_LIMIT = 16_384
"""Octets of a line: a path of 4096 octets, each escaped."""

_ENTRY = re.compile(
    rb"([-bcdlps])[-rwxsStT]{9}[+.@]? +([0-9][0-9,.]*) [0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} (.+)"
)
_ESCAPED = re.compile(rb"\\#([0-7]{3})")
_SAID_LIMIT = 4096


class ListingError(Exception):
    """There is no listing, and why."""


class Listing:
    """Reads the output of `rsync --list-only` as it comes. `sizes` has the plain files that are wanted."""

    def __init__(self, wanted: Container[str]) -> None:
        self.sizes: dict[str, int] = {}
        self._wanted = wanted
        self._number = 0
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Raises ListingError, by the line."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line)
        self._bounded(self._rest)

    def end(self) -> None:
        if self._rest:
            self._line(self._rest)
            self._rest = b""

    def _bounded(self, line: bytes) -> None:
        if len(line) > LINE_LIMIT:
            raise ListingError(f"line {self._number + 1}: longer than {LINE_LIMIT} octets")

    def _line(self, line: bytes) -> None:
        self._bounded(line)
        self._number += 1
        if not line.strip():
            return
        entry = _ENTRY.fullmatch(line)
        if entry is None:
            shown = printable(line[:60].decode("latin-1"), 60)
            raise ListingError(f"line {self._number}: {shown!r} is no line of a listing")
        digits = re.sub(rb"[,.]", b"", entry[2])
        path = _path(entry[3])
        if entry[1] == b"-" and len(digits) <= 18 and path is not None and path in self._wanted:
            self.sizes[path] = int(digits)


def _path(escaped: bytes) -> str | None:
    """rsync writes octets that it does not print as backslash, # and three octal digits."""
    try:
        return _ESCAPED.sub(lambda match: bytes([int(match[1], 8) & 255]), escaped).decode()
    except UnicodeDecodeError:
        return None


async def listing(url: str, setting: ContentSetting, wanted: Container[str]) -> dict[str, int]:
    """Sizes of the wanted files below an rsync URL. Raises ListingError."""
    if not url.startswith("rsync://"):
        raise ListingError(f"{url[:100]!r} is not an rsync URL")
    process = await _started(url, setting)
    try:
        async with asyncio.timeout(setting.listing_s):
            return await _listed(process, setting, wanted)
    except TimeoutError:
        raise ListingError(f"not done within {setting.listing_s:g} s") from None
    finally:
        await _end(process)


async def _started(url: str, setting: ContentSetting) -> asyncio.subprocess.Process:
    wait = str(max(1, round(setting.probe.timeout_s)))
    words = ["--list-only", "--recursive", "--copy-links", "--no-motd", "--no-human-readable"]
    try:
        return await asyncio.create_subprocess_exec(
            *("rsync", *words, f"--timeout={wait}", f"--contimeout={wait}", "--", url),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            start_new_session=True,
        )
    except OSError as error:
        raise ListingError(f"rsync can't be started here: {error}") from error


async def _listed(process: asyncio.subprocess.Process, setting: ContentSetting, wanted: Container[str]) -> dict[str, int]:
    found, said = Listing(wanted), asyncio.create_task(_said(process))
    try:
        octets = 0
        while data := await _stream(process.stdout).read(65_536):
            octets += len(data)
            if octets > setting.listing_octets:
                raise ListingError(f"longer than {setting.listing_octets} octets")
            found.feed(data)
        found.end()
        words, status = await said, await process.wait()
    finally:
        said.cancel()
    if status != 0:
        raise ListingError(f"rsync: exit {status}: {words}" if words else f"rsync: exit {status}")
    return found.sizes


async def _said(process: asyncio.subprocess.Process) -> str:
    """The first line that rsync says of an error; the rest is thrown away."""
    kept = b""
    while data := await _stream(process.stderr).read(_SAID_LIMIT):
        kept += data[: _SAID_LIMIT - len(kept)]
    lines = kept.decode("latin-1").strip().splitlines()
    return printable(lines[0], 200) if lines else ""


def _stream(stream: asyncio.StreamReader | None) -> asyncio.StreamReader:
    if stream is None:
        raise ListingError("rsync has no output")
    return stream


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the group of a program that still runs, and wait for it to be gone."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())
