"""docs/api.md: what it says to type works, and it leaves nothing out."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from gslb.admin import create_app
from tests.admin.bench import OPERATOR, Bench, served

pytestmark = pytest.mark.anyio

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
EXAMPLES = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.replace("\\\n", "").splitlines()]
PROGRAMS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
ENDED_BY_TIME = 28  # of curl: --max-time, where a stream has no end


@pytest.mark.parametrize("example", EXAMPLES)
async def test_every_example_works(example):
    async with served(Bench().ready()) as url:
        command = example.replace("http://127.0.0.1:8053", url).replace("curl ", "curl --fail-with-body ", 1)
        environment = os.environ | {"GSLB_TOKEN": OPERATOR, "no_proxy": "*"}
        process = await asyncio.create_subprocess_shell(command, stdout=asyncio.subprocess.PIPE, env=environment)
        output, _ = await process.communicate()
        assert process.returncode in ((0, ENDED_BY_TIME) if "--max-time" in command else (0,)), output
        assert output


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
async def test_every_program_works(number):
    async with served(Bench().ready()) as url:
        program = PROGRAMS[number].replace("http://127.0.0.1:8053", url)
        environment = os.environ | {"GSLB_TOKEN": OPERATOR}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", program, stdout=asyncio.subprocess.PIPE, env=environment
        )
        await process.communicate()
        assert process.returncode == 0


def test_every_path_is_named():
    paths = {
        re.sub(r"\{(site|\w+_id)\}", "{id}", path.removeprefix("/api/v1")) for path in create_app(Bench()).openapi()["paths"]
    }
    assert [path for path in paths if path not in TEXT] == []
