"""Keeps the trees of scopes up with the map: grows those that are missing, in a process of their own.

Until a tree is there, scopes are no wider than the blocks of the databases: true, and more of them for a resolver to keep.
So nothing waits for a tree, and nothing but its own gauge suffers where it can't be grown.
"""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from gslb.geo import GeoIndex
from gslb.model import Configuration, Family, Severity
from gslb.runtime.journal import Journal
from gslb.runtime.process import environment
from gslb.runtime.survey import Survey, load
from gslb.runtime.surveyor import Order
from gslb.steering import Scopes, ScopeTree, SteeringMap

AFTER_S: Final = 2.0  # a start has more urgent work, and reloads come in bursts
WITHIN_S: Final = 1800.0  # on a machine that never has time for us
AGAIN_AFTER_S: Final = 600.0
MOST_WORDS = 300

METRICS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "gslb_geo_blocks": ("Blocks of the address space that databases, overrides and rules tell apart, together.", ("family",)),
    "gslb_scope_tree_nodes": (
        "Runs of one class in the trees of scopes, which is what they are kept as; of all maps.",
        ("family",),
    ),
    "gslb_scope_trees": ("Trees of scopes that are grown; services with equal maps share one.", ()),
    "gslb_scope_trees_ready": ("1 while scopes are as wide as the map allows, 0 while they are those of the databases.", ()),
    "gslb_scope_tree_octets": ("Size of the trees as they were sent to each worker last.", ()),
    "gslb_scope_tree_build_seconds": ("Time that the trees grown last took, in a process of low priority.", ()),
    "gslb_scope_tree_failures_total": ("Times that trees could not be grown; it is tried again every ten minutes.", ()),
}


class Surveying:
    """`deliver` gets all trees there are, whenever there are more. `cache` is where lists of blocks are kept, if anywhere."""

    def __init__(
        self, cache: Path | None, journal: Journal, deliver: Callable[[Scopes], None], *, after_s: float = AFTER_S
    ) -> None:
        self.scopes: Scopes | None = None
        self.ready = False  # every service has its tree
        self.failures = 0
        self.seconds = 0.0  # that the last survey took
        self.blocks: Mapping[Family, int] = {}
        self._cache, self._journal, self._deliver, self._after_s = cache, journal, deliver, after_s
        self._wanted: tuple[Configuration, date, GeoIndex] | None = None
        self._noticed: set[str] = set()
        self._wake = asyncio.Event()

    def look(self, configuration: Configuration, today: date, geo: GeoIndex) -> None:
        """What Worlds are made of from now on. Costs nothing where that is what it was."""
        old = self._wanted
        if old is None or old[0] is not configuration or old[1] != today or old[2] is not geo:
            self._wanted = (configuration, today, geo)
            self._wake.set()

    def scopes_of(self, geo: GeoIndex) -> Scopes | None:
        """Those that are told where clients are placed by this index."""
        return self.scopes if self.scopes is not None and self.scopes.geo == geo.stamp else None

    def gauges(self) -> dict[tuple[str, ...], float]:
        trees = list(self.scopes.trees.values()) if self.scopes is not None else []
        found: dict[tuple[str, ...], float] = {
            ("gslb_scope_trees",): len(trees),
            ("gslb_scope_trees_ready",): float(self.ready),
            ("gslb_scope_tree_octets",): sum(tree.octets for tree in trees),
            ("gslb_scope_tree_build_seconds",): self.seconds,
        }
        for family in self.blocks:
            found["gslb_geo_blocks", str(family)] = self.blocks[family]
            found["gslb_scope_tree_nodes", str(family)] = sum(len(tree.borders[family]) for tree in trees)
        return found

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(self._after_s)
            self._wake.clear()
            if self._wanted is not None:
                await self._survey(*self._wanted)

    async def _survey(self, configuration: Configuration, today: date, geo: GeoIndex) -> None:
        keys = frozenset(each.key for each in SteeringMap(configuration, today).services.values())
        known = self._known(geo.stamp, keys)
        self.ready = keys == known.keys()
        if self.ready:
            return
        began = asyncio.get_running_loop().time()
        try:
            survey = await _grown(Order(_map_of(configuration), today, self._cache, frozenset(known)))
        except TimeoutError:
            return self._failed(f"that took more than {WITHIN_S:g} s")
        except Exception as error:  # of whatever kind: the node serves without
            return self._failed(f"{error}" or type(error).__name__)
        self.seconds, self.blocks = asyncio.get_running_loop().time() - began, survey.blocks
        self._tell(survey)
        self.scopes = Scopes(survey.scopes.geo, {**self._known(survey.scopes.geo, keys), **survey.scopes.trees})
        self.ready = keys == self._known(geo.stamp, keys).keys()
        self._deliver(self.scopes)

    def _known(self, stamp: str, keys: frozenset[str]) -> dict[str, ScopeTree]:
        """Those that are true of these databases, and wanted."""
        if self.scopes is None or self.scopes.geo != stamp:
            return {}
        return {key: tree for key, tree in self.scopes.trees.items() if key in keys}

    def _tell(self, survey: Survey) -> None:
        for name in survey.built:
            self._journal.tell("blocks-listed", Severity.INFO, name, f"the blocks of the database {name} were listed")
        for notice in survey.notices:
            if notice not in self._noticed:
                self._noticed.add(notice)
                self._journal.tell("blocks-refused", Severity.WARNING, "geo", notice)

    def _failed(self, why: str) -> None:
        self.failures += 1
        message = f"the trees of scopes could not be grown, scopes are those of the databases: {why}"
        self._journal.tell("scopes-failed", Severity.WARNING, "geo", message)
        asyncio.get_running_loop().call_later(AGAIN_AFTER_S, self._wake.set)


def _map_of(configuration: Configuration) -> Configuration:
    """What the trees depend on, and no more of it."""
    return Configuration(
        configuration.node,
        configuration.state_dir,
        configuration.sites,
        configuration.services,
        geo=configuration.geo,
        probes=configuration.probes,
    )


async def _grown(order: Order) -> Survey:
    """Raises TimeoutError, or what says why the process could not be started or failed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gslb.runtime.surveyor",
        stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment(), start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(WITHIN_S):
            out, words = await process.communicate(pickle.dumps(order))
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        last = words.decode(errors="replace").strip().rpartition("\n")[2][:MOST_WORDS]
        raise ValueError(last or f"the process ended with {process.returncode}")
    return load(out)
