"""What `gslb explain FILE` goes by: the node that runs this file, else the last state it left, else nothing."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any, Literal, cast

from gslb.client import Client
from gslb.errors import NodeError, StoreError
from gslb.geo import GeoIndex
from gslb.model import Configuration, Family, World
from gslb.state import Tracker
from gslb.state.orderstore import OrderTable
from gslb.state.restored import Restored
from gslb.state.store import Store
from gslb.steering import Lookup, locate
from gslb.steering.map import map_of
from gslb.steering.widest import widest_scope

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_NODE_WITHIN_S = 3.0


@dataclass(frozen=True, slots=True)
class Question:
    address: IPv4Address | IPv6Address
    service: str | None
    path: str | None
    via: Literal["dns", "http"]
    family: Family | None


@dataclass(frozen=True, slots=True)
class Source:
    """Where an explanation comes from, and a sentence about it."""

    kind: Literal["node", "state", "nothing"]
    text: str
    at: datetime | None = None


def answer(configuration: Configuration, question: Question) -> tuple[Source, dict[str, Any]]:
    """The explanation as the API gives it. Raises UsageError for a service that is not there, GeoError."""
    try:
        return _ask(configuration, question)
    except NodeError as error:
        why_not = str(error).partition(";")[0]
    from gslb.admin import explain  # brings a web framework with it

    source, world = last_world(configuration, why_not)
    lookup = GeoIndex.open(configuration.geo).lookup
    told = explain(world, lookup, question.address, question.service, question.via, question.path, question.family)
    return source, told.model_dump(mode="json") | _widened(world, lookup, question, told.service)


def _widened(world: World, lookup: Lookup, question: Question, host: str) -> dict[str, Any]:
    """The scope that a node would tell once it has its trees."""
    client = locate(lookup, question.address.version, int(question.address), question.address.max_prefixlen)
    scope = widest_scope(map_of(world), lookup, host, client)
    return {} if scope is None else {"scope": scope, "scope_by": "map"}


def running(configuration: Configuration, timeout_s: float = _NODE_WITHIN_S) -> Client:
    """The node at `listen.admin`. Raises NodeError where there is none, or one that runs something else."""
    endpoint = configuration.listen.admin
    if endpoint is None:
        raise NodeError("it has no listen.admin")
    url = f"http://{endpoint._replace(host=_ANYWHERE.get(endpoint.host, endpoint.host))}"
    with Client(url, timeout_s=_NODE_WITHIN_S, retries=0) as node:
        if node.config()["digest"] != configuration.digest:
            raise NodeError(f"the node at {url} runs another configuration")
    return Client(url, timeout_s=timeout_s, retries=0)


def _ask(configuration: Configuration, question: Question) -> tuple[Source, dict[str, Any]]:
    with running(configuration) as node:
        family = None if question.family is None else cast(Literal["4", "6"], str(question.family))
        told = node.explain(str(question.address), question.service, question.via, question.path, family)
        return source_of(node, told["world"]), cast(dict[str, Any], told)


def source_of(node: Client, world: int) -> Source:
    return Source("node", f"as the node {node.config()['node']} at {node.url} has it now, in world {world}")


def last_world(configuration: Configuration, why_not: str) -> tuple[Source, World]:
    """As the node left it; `why_not` is why no node is asked."""
    database = Path(configuration.state_dir) / "state.db"
    restored = _restored(database)
    if restored is None or not restored.records:
        text = f"every site is taken as unknown: no state in {configuration.state_dir}, and {why_not}"
        return Source("nothing", text), _world(configuration, None)
    text = f"as it was at {restored.utc:%Y-%m-%d %H:%M:%S} UTC, the last state in {configuration.state_dir}; {why_not}"
    return Source("state", text, restored.utc), _world(configuration, restored)


def _restored(database: Path) -> Restored | None:
    """Of a copy: to explain changes nothing, and needs no right to write."""
    with tempfile.TemporaryDirectory(prefix="gslb-explain-") as folder:
        copy = Path(folder) / "state.db"
        try:
            for suffix in ("", "-wal"):
                source = Path(f"{database}{suffix}")
                if source.exists():
                    shutil.copyfile(source, f"{copy}{suffix}")
            if not copy.exists():
                return None
            store = Store(copy, datetime.now(UTC))
        except (OSError, StoreError):
            return None
        try:
            return OrderTable(store).completed(store.load(), time.monotonic(), datetime.now(UTC))
        except StoreError:
            return None
        finally:
            store.close()


def _world(configuration: Configuration, restored: Restored | None) -> World:
    """Of the moment at which it was saved: nothing has grown old since."""
    now_s, utc = (time.monotonic(), datetime.now(UTC)) if restored is None else (restored.now_s, restored.utc)
    world = Tracker(configuration, now_s=now_s, utc=utc, restored=restored).next_world(now_s, utc)
    assert world is not None  # noqa: S101 - the first World always comes
    return world
