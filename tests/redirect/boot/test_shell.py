"""The scripts for `iscript=`, run by BusyBox against real mirrors."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.redirect.boot.island import IMAGE, NEAR_TO_FAR, Run, island, needs_busybox
from tests.runtime.mirrors import RECIPE

pytestmark = [pytest.mark.anyio, needs_busybox]

NEAR, MIDDLE, FAR = NEAR_TO_FAR


def started_from(run: Run, url: str) -> bool:
    """The kernel was loaded with a disk at this site, and started."""
    loaded, started = run.kexec
    return started == "-e" and f" httpfuse={url}{RECIPE.prefix} httpfuse_next=" in loaded


async def test_kernel_miniroot_and_disk_are_of_the_best_site(tmp_path: Path) -> None:
    async with island(tmp_path) as here:
        run = await here.run(await here.script("knoppix.sh"))
        near, others = here.url(NEAR), ",".join(f"{here.url(site)}{RECIPE.prefix}" for site in (MIDDLE, FAR))
        assert run.kexec[0] == (
            f"-l {tmp_path}/files/kernel --append=quiet lang=de httpfuse={near}{RECIPE.prefix} httpfuse_next={others}"
            f" --initrd={tmp_path}/files/initrd"
        )
        assert started_from(run, near)
        assert run.holds("kernel") == (here.release / "kernel").read_bytes()
        assert run.holds("initrd") == (here.release / "miniroot.gz").read_bytes()
        assert [mirror.counters.requests for mirror in here.mirrors.values()] == [2, 0, 0]


@pytest.mark.parametrize("fault", ["refuse", "404", "cut", "hang", "trickle 20", "wrong"])
async def test_from_a_site_that_fails_it_goes_to_the_next_with_all(tmp_path: Path, fault: str) -> None:
    async with island(tmp_path) as here:
        script = await here.script("knoppix.sh")
        await here.ill(NEAR, fault)
        run = await here.run(script, GSLB_STALL="4")
        assert started_from(run, here.url(MIDDLE)), run.said
        assert f"gslb: {NEAR}: kernel" in run.said
        assert run.holds("kernel") == (here.release / "kernel").read_bytes()


async def test_a_site_that_dies_between_kernel_and_miniroot_gives_neither(tmp_path: Path) -> None:
    """As far as a script can tell, a file that is not there is the same."""
    async with island(tmp_path) as here:
        script = (await here.script("knoppix.sh")).replace("miniroot.gz' '", "gone' '", 1)
        run = await here.run(script.replace("url='" + here.url(MIDDLE), "url='" + here.url(FAR), 1))
        assert run.code == 1
        assert run.kexec == []
        assert [mirror.counters.requests for mirror in here.mirrors.values()] == [2, 0, 4]


async def test_wrong_bytes_pass_where_nobody_knows_the_right_ones(tmp_path: Path) -> None:
    async with island(tmp_path, checked=False) as here:
        await here.ill(NEAR, "wrong")
        run = await here.run(await here.script("knoppix.sh"))
        assert started_from(run, here.url(NEAR))


async def test_a_kernel_that_kexec_does_not_take_is_fetched_from_the_next_site(tmp_path: Path) -> None:
    async with island(tmp_path) as here:
        run = await here.run(
            await here.script("knoppix.sh"), kexec='case "$*" in *"=quiet lang=de httpfuse=http://127.83.9.21"*) exit 1; esac'
        )
        assert started_from(Run(0, "", run.kexec[1:], run.files), here.url(MIDDLE))
        assert f"gslb: {NEAR}: the kernel can't be started" in run.said


async def test_without_a_kexec_nothing_is_fetched(tmp_path: Path) -> None:
    async with island(tmp_path) as here:
        run = await here.run(await here.script("knoppix.sh"), GSLB_KEXEC="kexec-of-ours -f")
        assert (run.code, run.said) == (1, "gslb: there is no kexec-of-ours here to start a kernel with\n")
        assert [mirror.counters.requests for mirror in here.mirrors.values()] == [0, 0, 0]


@pytest.mark.skipif(shutil.which("dash") is None, reason="dash is not installed")
async def test_another_shell_of_posix_will_do(tmp_path: Path) -> None:
    async with island(tmp_path) as here:
        script = await here.script("knoppix.fastest.sh")
        await here.ill(NEAR, "cut")
        run = await here.run(script, shell="dash")
        assert started_from(run, here.url(MIDDLE)) or started_from(run, here.url(FAR)), run.said


async def test_with_all_sites_down_it_tries_again_and_says_so(tmp_path: Path) -> None:
    async with island(tmp_path) as here:
        script = await here.script("knoppix.sh")
        for site in NEAR_TO_FAR:
            await here.ill(site, "503")
        run = await here.run(script, GSLB_ROUNDS="2")
        assert (run.code, run.kexec) == (1, [])
        assert run.said.endswith("gslb: knoppix can't be booted from any site\n")
        assert [mirror.counters.requests for mirror in here.mirrors.values()] == [2, 2, 2]


async def test_a_dry_run_prints_what_it_would_do(tmp_path: Path) -> None:
    async with island(tmp_path) as here:
        run = await here.run(await here.script("knoppix.sh"), GSLB_DRY="1", GSLB_APPEND="console=ttyS0")
        assert (run.code, run.kexec) == (0, [])
        program, *words = run.said.splitlines()[1:]
        assert (program, words[0]) == ("kexec", "-l")
        assert words[2].startswith("--append=quiet lang=de httpfuse=")
        assert words[2].endswith(" console=ttyS0")


async def test_parts_of_a_ram_disk_are_joined_at_multiples_of_four(tmp_path: Path) -> None:
    image = replace(IMAGE, initrd=(f"{RECIPE.prefix}SHA256SUMS", f"{RECIPE.prefix}miniroot.gz"))
    async with island(tmp_path, image=image) as here:
        first, second = ((here.release / name).read_bytes() for name in ("SHA256SUMS", "miniroot.gz"))
        run = await here.run(await here.script("knoppix.sh"))
        assert run.holds("initrd") == first + bytes(-len(first) % 4) + second
        assert len(first) % 4


async def test_the_fastest_comes_first_and_is_told(tmp_path: Path) -> None:
    async with island(tmp_path, delays_ms=(700, 700, 0)) as here:
        run = await here.run(await here.script("knoppix.fastest.sh"))
        assert started_from(run, here.url(FAR)), run.said
        (report,) = here.reports
        assert (report.network, dict(report.ms).get(FAR, 0) > 0) == ("127.0.0.0/16", True)


async def test_a_site_that_does_not_answer_is_measured_and_comes_last(tmp_path: Path) -> None:
    async with island(tmp_path) as here:
        script = await here.script("knoppix.fastest.sh")
        await here.ill(NEAR, "refuse")
        run = await here.run(script)
        assert f"gslb: {NEAR}: no answer" in run.said
        assert started_from(run, here.url(MIDDLE)) or started_from(run, here.url(FAR))
        (report,) = here.reports
        assert {site for site, _ in report.ms} == {MIDDLE, FAR}


async def test_a_report_that_nobody_takes_stops_nothing(tmp_path: Path) -> None:
    async with island(tmp_path) as here:
        script = await here.script("knoppix.fastest.sh")
        refused = script.replace("token=", "token=0")
        run = await here.run(refused)
        assert len(run.kexec) == 2
        assert "gslb: the measurement is kept to ourselves" in run.said
        assert here.reports == []
