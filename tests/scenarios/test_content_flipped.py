"""One bit of one file of one mirror is another, as when a disk fails: nobody is given that set from there."""

from __future__ import annotations

import httpx
import pytest

from gslb.runtime.demo.releases import LOCK
from gslb.runtime.demo.sites import SITES
from gslb.runtime.demo.tree import KERNEL, KEXEC_PATH, MANIFEST
from tests.scenarios.rollout import SET, SMALL, Stage, staged

pytestmark = pytest.mark.anyio

TWO = [each for each in SITES if each.id in ("jp-tokyo-1", "jp-osaka-1")]
PROBES = {"interval": "1500ms", "timeout": "1400ms", "fall": 4, "rise": 5, "slow_start": "1s"}
CONTENT = [
    {"name": SET, "prefix": SMALL.prefix, "manifest": MANIFEST, "sentinels": [KERNEL], "lock": LOCK},
    {"name": "scripts", "prefix": "/archives/linux/knoppix/", "sentinels": ["xenoppix_http/kexec.sh"]},
]
DOORS = 2  # each with a Host of its own, so each has its rounds
WHOLE, SCRIPT = SMALL.prefix + KERNEL, f"/{KEXEC_PATH}"


def looks(stage: Stage, site: str, look: str) -> float:
    """Looks at the release at a site that found it so: rounds and scans, for each of the two doors."""
    found = stage.node.metric("gslb_content_looks_total")
    wanted = (f'content="{SET}"', f'site="{site}"', f'look="{look}"')
    return sum(count for labels, count in found.items() if all(each in labels for each in wanted))


def is_wrong(stage: Stage, site: str, content: str = SET) -> bool:
    found = stage.node.metric("gslb_content_wrong")
    return any(value for labels, value in found.items() if f'site="{site}"' in labels and f'content="{content}"' in labels)


def answer(stage: Stage, path: str) -> httpx.Response:
    return stage.node.get(path, "133.11.0.1")


@pytest.mark.parametrize("name", [pytest.param(KERNEL, marks=pytest.mark.long), "miniroot.gz"], ids=["sentinel", "sampled"])
async def test_a_site_with_a_wrong_file_is_out_of_that_set_alone_and_back_after_five_good_rounds(tmp_path, name):
    async with staged(tmp_path, TWO, 1, probes=PROBES, service={"content": CONTENT}) as stage:
        ill, well = "jp-tokyo-1", "jp-osaka-1"
        assert {ill, well} == stage.landings(WHOLE)
        stage.releases.flip(ill, name)
        before = looks(stage, ill, "good")
        await stage.until(lambda: is_wrong(stage, ill), "the wrong file is found")
        assert looks(stage, ill, "good") - before <= 2 * DOORS, "within two rounds"
        await stage.until(lambda: stage.landings(WHOLE) == {well}, "nobody is given the set from there")
        assert stage.landings(SCRIPT) == {ill, well}, "the other set is"
        await stage.until(lambda: dns_landings(stage) == {well}, "DNS, which sees no path, has left it too")
        assert not is_wrong(stage, ill, "scripts")
        assert name in explained(stage, ill)
        if name != KERNEL:
            await nobody_is_given_it_even_when_all_else_is_down(stage, ill, well)
        stage.releases.repair(ill)
        rounds = looks(stage, ill, "good")
        await stage.until(lambda: ill in stage.landings(WHOLE), "it is back")
        assert looks(stage, ill, "good") - rounds >= 5 * DOORS - 1, "the other door may be a look behind"


def dns_landings(stage: Stage) -> set[str]:
    return {stage.node.lands(f"133.{number}.0.0/16") for number in range(11, 31)}


def explained(stage: Stage, site: str) -> str:
    told = stage.node.api("explain", address="133.11.0.1", via="http", path=WHOLE)
    return next(str(each["reason"]) for each in told["sites"] if each["site"] == site)


async def nobody_is_given_it_even_when_all_else_is_down(stage: Stage, ill: str, well: str) -> None:
    await stage.fleet.kill(well)
    await stage.until(lambda: stage.node.condition(well) == "down", f"{well} is down")
    await stage.until(lambda: "why=fail-open" in answer(stage, WHOLE).headers["GSLB-Decision"], "nobody is left to give it")
    assert stage.landings(WHOLE) == {well}, "rather one that seems to be dead"
    assert stage.landings(SCRIPT) == {ill}
    await stage.fleet.restart(well)
    await stage.until(lambda: stage.landings(WHOLE) == {well}, f"{well} is back")
