"""What `gslb simulate` goes by: the node that runs this file, else the last state it left, else nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

from gslb.cli.knowledge import Source, last_world, running, source_of
from gslb.client import Client
from gslb.errors import NodeError, UsageError
from gslb.model import Configuration, Door, Match, Reweight, Rule, Service, View
from gslb.steering.simulation import CLIENTS, Crowd, Off, Out, Outcome, Question, Trial, document, sentence, settled, tried, under

SENT_MOST: Final = 10_000  # networks; for more the node is not asked
WITHIN_S: Final = 120.0

Who = Crowd | Literal["countries", "recent"]


@dataclass(frozen=True, slots=True)
class Asked:
    """`other` is another configuration to try, `clients` how many networks to draw of all countries; None: as many as usual."""

    service: Service
    view: View
    who: Who
    trials: list[Trial]
    load_mbit_s: float | None = None
    clients: int | None = None
    other: Configuration | None = None


def simulated(configuration: Configuration, asked: Asked) -> tuple[Source, dict[str, Any]]:
    """The document as the API gives it. Raises UsageError, NodeError, GeoError."""
    why_not = _why_not_by_node(asked)
    if not why_not:
        try:
            node = running(configuration, WITHIN_S)
        except NodeError as error:
            why_not = str(error).partition(";")[0]
        else:
            return _by_node(node, asked)
    if asked.who == "recent":
        raise UsageError(f"only a node knows who asked it lately: {why_not}")
    return _from_here(configuration, asked, why_not)


def service_of(configuration: Configuration, host: str | None, via: Door) -> Service:
    """Raises UsageError where it is not said, or there is none of this name by this door."""
    services = [service for service in configuration.services if via in service.via]
    names = ", ".join(service.host for service in services) or "none"
    if host is None and len(services) == 1:
        return services[0]
    if host is None:
        raise UsageError(f"say which service (--service); by {via} there is {names}")
    wanted = host.lower().removesuffix(".")
    found = next((each for each in services if wanted == each.host or (via is Door.HTTP and wanted in each.http_hosts)), None)
    if found is None:
        raise UsageError(f"there is no service {wanted} by {via}; there is {names}")
    return found


def _why_not_by_node(asked: Asked) -> str:
    """ "" where a node can be asked."""
    if asked.other is not None:
        return "another configuration is tried"
    if asked.clients is not None:
        return "the number of clients is given"
    if isinstance(asked.who, Crowd) and len(asked.who) > SENT_MOST:
        return f"{len(asked.who)} networks are too many to send"
    return ""


def _by_node(node: Client, asked: Asked) -> tuple[Source, dict[str, Any]]:
    who, view = asked.who, asked.view
    population = {"kind": who} if isinstance(who, str) else {"kind": "networks", "networks": _networks(who)}
    changes = [_change(trial) for trial in asked.trials]
    family: Literal["4", "6"] = "4" if view.family == 4 else "6"
    via: Literal["dns", "http"] = "dns" if view.door is Door.DNS else "http"
    with node:
        told = cast(dict[str, Any], node.simulate(changes, asked.service.host, via, family, population, asked.load_mbit_s))
        if isinstance(who, Crowd):
            told["population"] |= {"kind": who.kind, "source": who.source}
        return source_of(node, told["world"]), told


def _networks(crowd: Crowd) -> list[dict[str, Any]]:
    return [{"network": str(network), "weight": weight} for network, weight in crowd.networks()]


def _change(trial: Trial) -> dict[str, Any]:
    if isinstance(trial, Off | Out):
        return {"kind": "off" if isinstance(trial, Off) else "drain", "site": trial.site}
    if isinstance(trial, Reweight):
        return {"kind": "weight", "site": trial.site, "weight": trial.weight}
    return {"kind": "rule", "service": trial.service, "rule": _rule(trial.rule)}


def _rule(rule: Rule) -> dict[str, Any]:
    match: Match = rule.match
    named = {"network": list(map(str, match.networks)), "asn": list(match.asns), "country": list(match.countries)}
    return {"match": {key: value for key, value in named.items() if value}, rule.action: list(rule.targets)}


def _from_here(configuration: Configuration, asked: Asked, why_not: str) -> tuple[Source, dict[str, Any]]:
    from gslb.runtime.serve import cores
    from gslb.runtime.simulator import Order, carried_out

    source, world = last_world(configuration, why_not)
    before = settled(world)
    after = tried(before if asked.other is None else under(before, asked.other), asked.trials)
    crowd = asked.who if isinstance(asked.who, Crowd) else None
    host, clients = asked.service.host, asked.clients or CLIENTS
    question = Question(before, after, host, asked.view, crowd, clients, asked.load_mbit_s)
    cache = Path(configuration.state_dir) / "geo"
    order = Order(question, configuration.geo, None if asked.other is None else asked.other.geo, _writable(cache), cores())
    answer = carried_out(order)
    assert isinstance(answer.found, Outcome)  # noqa: S101 - what a Question gets
    said = sentence(answer.found, asked.trials, asked.other is not None)
    return source, document(answer.found, answer.crowd.kind, answer.crowd.source, said, answer.seconds)


def _writable(cache: Path) -> Path | None:
    """Only where there is one: the node that makes it should own it."""
    return cache if os.access(cache, os.R_OK | os.W_OK | os.X_OK) else None
