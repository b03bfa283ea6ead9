"""Debian's Chromium from a test, through playwright-core."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ARTEFACTS = HERE.parents[1] / "artefacts"


def missing() -> str:
    """Why no browser can be driven here; empty where one can."""
    if shutil.which("chromium") is None or shutil.which("node") is None:
        return "needs Debian's chromium and nodejs"
    there = all((HERE / "node_modules" / name).is_dir() for name in ("playwright-core", "axe-core"))
    return "" if there else "needs npm ci in tests/browser"


class Browser:
    """One page at a time; `open` makes a fresh one with nothing remembered."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def do(self, command: str, **options: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"command": command, **options}).encode() + b"\n")
        await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    async def open(self, url: str, *, width: int = 1440, height: int = 900, **options: Any) -> None:
        await self.do("open", url=url, viewport={"width": width, "height": height}, **options)

    async def until(self, script: str) -> None:
        await self.do("until", script=script)

    async def text(self, selector: str) -> str:
        return str(await self.do("evaluate", script=f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    async def evaluate(self, script: str) -> Any:
        return await self.do("evaluate", script=script)

    async def click(self, selector: str) -> None:
        await self.do("click", selector=selector)

    async def fill(self, selector: str, text: str) -> None:
        await self.do("fill", selector=selector, text=text)

    async def go(self, url: str) -> None:
        """Another page in the same session."""
        await self.do("go", url=url)

    async def axe(self) -> None:
        """Fails where axe-core finds a serious or critical fault of accessibility."""
        found = await self.do("axe")
        assert not found, "\n".join([f"{len(found)} faults that axe-core calls serious or critical:", *found])

    async def screenshot(self, name: str, *, whole: bool = False) -> None:
        ARTEFACTS.mkdir(exist_ok=True)
        await self.do("screenshot", path=str(ARTEFACTS / f"{name}.png"), whole=whole)

    async def elsewhere(self, base: str) -> list[str]:
        """What the page asked of anybody else."""
        said = await self.do("said")
        return [url for url in said["requests"] if not url.startswith((base + "/", "data:", "blob:"))]

    async def complaints(self) -> list[str]:
        said = await self.do("said")
        return list(said["complaints"])


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    process = await asyncio.create_subprocess_exec(
        "node",
        str(HERE / "driver.mjs"),
        shutil.which("chromium") or "chromium",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    try:
        yield Browser(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(60):
            await process.wait()
