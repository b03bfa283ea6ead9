"""What each mirror of the demo holds: a tree of its own, in which a new edition of the release arrives as it does in the world.

Trees are made of hard links, so thirteen take the room of one. While a mirror changes, a lock file says so; blocks come first,
then what refers to them, and the manifest last. Whoever trusts neither sees by the hashes what is there.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from gslb.errors import UsageError
from gslb.runtime.demo.tree import INDEX, KERNEL, MANIFEST, Recipe, block_names, build_tree

LOCK: Final = "UPDATING"
CHANGE_S: Final = 2.0  # that a mirror takes for a new edition
_LAST: Final = (INDEX, MANIFEST)


Noticed = Callable[[str], Awaitable[None]]


class Releases:
    """`folder` is ours. Names of files are relative to the release. `noticed` returns when nobody new is sent to a mirror that
    says that it changes: a good mirror waits for that.
    """

    def __init__(
        self, folder: Path, recipe: Recipe, sites: Iterable[str], change_s: float = CHANGE_S, noticed: Noticed | None = None
    ) -> None:
        self.recipe = recipe
        self.editions = dict.fromkeys(sites, recipe.edition)
        self._folder = folder
        self._change_s = change_s
        self.noticed = noticed
        self._changing: set[str] = set()
        self._writing = asyncio.Lock()

    def build(self) -> Path:
        """The first edition, and every mirror's tree of it. Returns the directory of the release as built."""
        release = self._built(self.recipe.edition)
        for site in self.editions:
            shutil.copytree(self._tree(self.recipe.edition), self.root(site), copy_function=os.link)
        return release

    def root(self, site: str) -> Path:
        """What a mirror serves."""
        return self._folder / "mirrors" / self._known(site)

    def release(self, site: str) -> Path:
        return self.root(site) / self.recipe.prefix.strip("/")

    async def publish(self, site: str) -> int:
        """The next edition arrives at a mirror. Returns its number when all of it is there."""
        await self._bring(self._known(site), self.editions[site] + 1)
        return self.editions[site]

    async def publish_everywhere(self, between_s: float = 0.0) -> int:
        """The newest edition arrives at all mirrors, one after another; a new one, if all have the newest."""
        newest = max(self.editions.values())
        if min(self.editions.values()) == newest:
            newest += 1
        for site, edition in self.editions.items():
            if edition < newest and site not in self._changing:
                await self._bring(site, newest)
                await asyncio.sleep(between_s)
        return newest

    def flip(self, site: str, name: str = KERNEL) -> None:
        """One bit of a file is another, and nothing else tells: length and time are as they were, as when a disk fails."""
        path = self._file(site, name)
        content, known = bytearray(path.read_bytes()), path.stat()
        content[len(content) // 2] ^= 1
        _put(path, bytes(content), known.st_mtime)

    def repair(self, site: str) -> None:
        """Every file as it was published."""
        original = self._built(self.editions[self._known(site)])
        for path in original.iterdir():
            _link(path, self.release(site) / path.name)

    async def _bring(self, site: str, edition: int) -> None:
        if site in self._changing:
            raise UsageError(f"{site} is being changed already")
        self._changing.add(site)
        try:
            new = await asyncio.shield(self._prepared(edition))  # a thread can't be cancelled
            lock = self.release(site) / LOCK
            lock.write_text("see you in a moment\n")
            if self.noticed is not None:
                await self.noticed(site)
            names = _in_order(new)
            for name in names:
                _link(new / name, self.release(site) / name)
                await asyncio.sleep(self._change_s / len(names))
            lock.unlink()
            self.editions[site] = edition
        finally:
            self._changing.discard(site)

    async def settle(self) -> None:
        """Nothing is written any more when it returns, if nobody publishes."""
        async with self._writing:
            pass

    async def _prepared(self, edition: int) -> Path:
        async with self._writing:
            return await asyncio.to_thread(self._built, edition)

    def _built(self, edition: int) -> Path:
        return build_tree(self._tree(edition), replace(self.recipe, edition=edition))

    def _tree(self, edition: int) -> Path:
        return self._folder / "editions" / str(edition)

    def _known(self, site: str) -> str:
        if site not in self.editions:
            raise UsageError(f"{site!r} is none of the mirrors {', '.join(self.editions)}")
        return site

    def _file(self, site: str, name: str) -> Path:
        found = {path.name: path for path in self.release(site).iterdir()}
        if name not in found:
            raise UsageError(f"{name!r} is no file of the release: {KERNEL}, miniroot.gz, {INDEX}, or one that {INDEX} names")
        return found[name]


def _in_order(release: Path) -> list[str]:
    blocks = set(block_names(release))
    rest = {path.name for path in release.iterdir()} - blocks
    return [*sorted(blocks), *sorted(rest - set(_LAST)), *_LAST]


def _link(source: Path, target: Path) -> None:
    """At once: a mirror never serves half a file."""
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    os.link(source, partial)
    partial.replace(target)
    partial.unlink(missing_ok=True)  # rename(2) of two names of one file does nothing


def _put(path: Path, content: bytes, modified_s: float) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(content)
    os.utime(partial, (modified_s, modified_s))
    partial.replace(path)
