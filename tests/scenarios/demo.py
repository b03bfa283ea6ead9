"""`gslb demo` as a process of its own, on free ports."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.ports import free_ports
from tests.scenarios.node import gslb


class Demo:
    """A demo as a process, with what it has printed so far."""

    def __init__(self, folder: Path) -> None:
        self.dns, self.http, self.admin = (f"127.0.0.1:{port}" for port in free_ports(3))
        self.folder = folder
        self.text = ""
        command = [sys.executable, "-m", "gslb", "demo", "--dns", self.dns, "--http", self.http, "--admin", self.admin]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "TMPDIR": str(folder)},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.text += line

    def wait_for(self, pattern: str, within_s: float) -> re.Match[str]:
        until = time.monotonic() + within_s
        while not (found := re.search(pattern, self.text, re.MULTILINE)):
            assert time.monotonic() < until, f"not within {within_s} s: {pattern}\n{self.text}"
            time.sleep(0.02)
        return found

    def order(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def tell(self, *words: str) -> subprocess.CompletedProcess[str]:
        return gslb("demo", "tell", "--admin", self.admin, *words)

    def end(self) -> int:
        code = self.process.wait(30)
        self._reader.join(5)
        assert self.process.stdin
        self.process.stdin.close()
        assert self.process.stdout
        self.process.stdout.close()
        return code

    def remains(self) -> list[str]:
        """Processes that know its directory, and files in it."""
        known = [path.read_bytes().decode("utf-8", "replace") for path in _command_lines()]
        return [line for line in known if str(self.folder) in line] + [str(path) for path in self.folder.iterdir()]


def _command_lines() -> Iterator[Path]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            path.read_bytes()
        except OSError:
            continue
        yield path
