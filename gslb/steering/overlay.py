"""A configuration as the changes of operators make it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gslb.model import Change, Configuration, Reweight, Rule, Service, Site, Steer


def overlaid(configuration: Configuration, changes: Iterable[Change]) -> Configuration:
    """Rules of changes come before those that are configured, the first change first; of two weights of a site the last counts.

    What is changed of a site or service that is not configured changes nothing. The same object where nothing is changed.
    """
    weights: dict[str, int] = {}
    rules: dict[str, list[Rule]] = {}
    for change in changes:
        if isinstance(change, Reweight):
            weights[change.site] = change.weight
        elif isinstance(change, Steer):
            rules.setdefault(change.service, []).append(change.rule)
    sites = tuple(_weighed(site, weights) for site in configuration.sites)
    services = tuple(_ruled(service, rules) for service in configuration.services)
    if sites == configuration.sites and services == configuration.services:
        return configuration
    return replace(configuration, sites=sites, services=services)


def _weighed(site: Site, weights: dict[str, int]) -> Site:
    return replace(site, weight=weights[site.id]) if site.id in weights else site


def _ruled(service: Service, rules: dict[str, list[Rule]]) -> Service:
    return replace(service, rules=(*rules[service.host], *service.rules)) if service.host in rules else service
