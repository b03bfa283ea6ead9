"""Changes that somebody asks about: bodies of the API to what steering tries."""

from __future__ import annotations

from collections.abc import Sequence

from gslb.admin.orders.changes import ChangeRequest, OutChange, RuleChange, WeightChange
from gslb.admin.problems import Unfit
from gslb.model import Configuration, Rule, Steer
from gslb.steering.simulation import Off, Out, Trial


def trials_of(changes: Sequence[ChangeRequest], configuration: Configuration, service: str) -> list[Trial]:
    """Rules without a service are of `service`. Raises Unfit for the first change that names what is not there."""
    return [_trial(change, configuration, service, f"body.changes.{number}") for number, change in enumerate(changes)]


def _trial(change: ChangeRequest, configuration: Configuration, service: str, where: str) -> Trial:
    if isinstance(change, RuleChange):
        steer = change.change(service)
        _check_rule(steer, configuration, where)
        return steer
    if all(site.id != change.site for site in configuration.sites):
        raise Unfit(f"{where}.site", f"there is no site {change.site}")
    if isinstance(change, WeightChange):
        return change.change()
    assert isinstance(change, OutChange)  # noqa: S101 - the last of them
    return Off(change.site) if change.kind == "off" else Out(change.site)


def _check_rule(steer: Steer, configuration: Configuration, where: str) -> None:
    if all(service.host != steer.service for service in configuration.services):
        raise Unfit(f"{where}.service", f"there is no service {steer.service}")
    rule: Rule = steer.rule
    known = {name for site in configuration.sites for name in (site.id, site.region)}
    for number, target in enumerate(rule.targets):
        if target not in known:
            raise Unfit(f"{where}.rule.{rule.action}.{number}", f"there is no site or region {target}")
