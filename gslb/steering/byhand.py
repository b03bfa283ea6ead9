"""What of a decision an operator has made so, beside the configuration: for the trace."""

from __future__ import annotations

from collections.abc import Iterator

from gslb.model import Client, Override, Reweight, Rule, Site, Steer, World
from gslb.steering.restrict import Matcher


class ByHand:
    """The overrides of a World that are about this client of this service."""

    def __init__(self, world: World, service: str, client: Client) -> None:
        self._weights = {each.change.site: each for each in world.overrides if isinstance(each.change, Reweight)}
        self._rules = [] if not world.overrides else list(_rules(world, service, client))

    def weight(self, site: Site) -> str:
        """Nothing for a site that is weighed as configured."""
        override = self._weights.get(site.id)
        return "" if override is None else f"weight {site.weight} {_told(override)}"

    def prefers(self, target: str) -> str:
        found = next((each for rule, each in self._rules if rule.action == "prefer" and target in rule.targets), None)
        return "" if found is None else f" {_told(found)}"

    def drops(self, site: Site) -> str:
        for rule, each in self._rules:
            named = site.id in rule.targets or site.region in rule.targets
            if rule.action != "prefer" and named == (rule.action == "never"):
                return f" ({_told(each)})"
        return ""


def _rules(world: World, service: str, client: Client) -> Iterator[tuple[Rule, Override]]:
    for override in reversed(world.overrides):  # the one that was made last counts first
        change = override.change
        if isinstance(change, Steer) and change.service == service and Matcher(change.rule.match).holds(client):
            yield change.rule, override


def _told(override: Override) -> str:
    until = "" if override.until is None else f" until {override.until:%Y-%m-%d %H:%M} UTC"
    return f"by an override of {override.who}{until}: {override.reason}"
