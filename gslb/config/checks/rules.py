"""Rules of services."""

from __future__ import annotations

from gslb.config import values
from gslb.config.checks.references import check_target
from gslb.config.checks.sites import names_somebody
from gslb.config.draft import Draft
from gslb.config.faults import Faults, listed
from gslb.config.schema import Located, Table
from gslb.config.sections import match, service
from gslb.model import Network


def check(draft: Draft, faults: Faults) -> None:
    known = draft.site_and_region_names()
    for table in draft.services:
        rules = table.value(service.RULES) or ()
        for rule in rules:
            _action(rule.value, faults)
            for _, targets in service.actions(rule.value):
                for target in targets:
                    check_target(target.value, target.node, known, "site or region", faults)
            clients = rule.value.value(service.MATCH)
            if clients is not None:
                names_somebody(clients, faults)
        _units(rules, faults)


def _action(rule: Table, faults: Faults) -> None:
    names = [name for name, _ in service.actions(rule)]
    if len(names) != 1:
        said = f"says {listed(names)} at once" if names else "says nothing"
        faults.add(rule.node.line, rule.node.path, f"{said}; write one of prefer, only and never")


def _units(rules: tuple[Located[Table], ...], faults: Faults) -> None:
    """Two rules about parts of one /24 or /56 can't both be kept, unless they say the same."""
    said: dict[Network, tuple[Network, str, object]] = {}
    for rule in rules:
        clients = rule.value.value(service.MATCH)
        what = [(name, tuple(item.value for item in targets)) for name, targets in service.actions(rule.value)]
        for item in (clients.value(match.NETWORKS) if clients else None) or ():
            unit = values.steering_unit(item.value)
            other, path, otherwise = said.setdefault(unit, (item.value, item.node.path, what))
            finer = unit not in (item.value, other)
            if finer and otherwise != what and other != item.value:
                both = f"{item.value} and {other} of {path}"
                message = f"{both} lie in {unit}, which is steered as one; let them agree"
                faults.add(item.node.line, item.node.path, message)
