"""The exec prober: real programs, bounded and cleaned up."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from probes.exec import probe_exec
from probes.model import Check, Target
from probes.setting import Setting
from probes.verdict import Verdict

pytestmark = pytest.mark.anyio

SHORT = Setting(timeout_s=0.6, phase_s=0.3)
EASY = Setting(timeout_s=10.0)


def target(*command: str) -> Target:
    return Target("k", "jp-tokyo-1", "2001:db8::1", 80, Check("exec", command=command), "knoppix.example")


def shell(script: str) -> Target:
    return target("/bin/sh", "-c", script)


def alive(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def until(true: Callable[[], bool]) -> None:
    """Other processes ring no bell, so this looks again and again."""
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def until_gone(pid: int) -> None:
    await until(lambda: not alive(pid))


async def test_exit_0_is_ok() -> None:
    result = await probe_exec(target("true"), EASY)
    assert (result.verdict, result.reason) == (Verdict.OK, "exit 0")


async def test_another_exit_fails_with_the_first_line_said() -> None:
    result = await probe_exec(shell("echo no space left >&2; echo more; exit 3"), EASY)
    assert (result.verdict, result.reason) == (Verdict.EXEC_FAILED, "exit 3: no space left")


async def test_a_signal_is_named() -> None:
    result = await probe_exec(shell("kill -TERM $$"), EASY)
    assert (result.verdict, result.reason) == (Verdict.EXEC_FAILED, "killed by SIGTERM")


async def test_the_program_is_told_its_site_and_nothing_of_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GSLB_TOKEN", "secret")
    result = await probe_exec(target("env"), EASY)
    told = dict(line.split("=", 1) for line in result.exchange.response.splitlines())
    assert set(told) == {"PATH", "GSLB_SITE", "GSLB_ADDRESS", "GSLB_PORT", "GSLB_HOST"}
    assert (told["GSLB_SITE"], told["GSLB_ADDRESS"]) == ("jp-tokyo-1", "2001:db8::1")


async def test_no_shell_reads_the_arguments() -> None:
    result = await probe_exec(target("echo", "$(id); *"), EASY)
    assert result.exchange.response == "$(id); *\n"
    assert result.exchange.command.endswith("echo '$(id); *'")


async def test_output_is_kept_to_4_kb_and_the_program_does_not_block() -> None:
    result = await probe_exec(shell("head -c 1000000 /dev/zero | tr '\\0' x"), EASY)
    assert result.ok
    assert result.exchange.response == "x" * 4096
    assert result.exchange.bytes_read == 1_000_000


async def test_a_program_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    result = await probe_exec(shell(f"sleep 60 & echo $! $$ > {file}; trap '' TERM; wait"), Setting(timeout_s=2.0))
    assert result.verdict is Verdict.TIMEOUT_TOTAL
    for pid in file.read_text().split():
        await until_gone(int(pid))


async def test_a_child_that_keeps_the_pipe_open_delays_nobody(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    result = await probe_exec(shell(f"sleep 60 & echo $! > {file}; echo done"), EASY)
    os.kill(int(file.read_text()), 9)
    assert result.ok
    assert result.exchange.response == "done\n"
    assert result.timings.total_ms is not None
    assert result.timings.total_ms < 5000


async def test_a_cancelled_probe_kills_its_program(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    task = asyncio.create_task(probe_exec(shell(f"echo $$ > {file}.new; mv {file}.new {file}; sleep 60"), EASY))
    await until(file.exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until_gone(int(file.read_text()))


@pytest.mark.parametrize("command", ["/no/such/program", "/etc/passwd"])
async def test_a_program_that_cannot_start_is_our_fault_and_not_the_sites(command: str) -> None:
    result = await probe_exec(target(command), EASY)
    assert result.verdict is Verdict.INTERNAL
    assert result.verdict.ours


async def test_no_descriptor_is_left_open() -> None:
    await probe_exec(target("true"), EASY)
    before = len(os.listdir("/proc/self/fd"))
    for command in ("true", "/no/such/program", "false"):
        await probe_exec(target(command), EASY)
    assert len(os.listdir("/proc/self/fd")) == before
