"""A configuration as the changes of operators make it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from gslb.model.configuration import Configuration, Rule, Service, Site
from gslb.model.override import Change, Reweight, Steer


def overlaid(configuration: Configuration, changes: Iterable[Change]) -> Configuration:
    """Rules of changes come before those that are configured, the first change first; of two weights of a site the last counts.

    What is changed of a site or service that is not configured changes nothing. The same object where nothing is changed;
    else `digest` is another one, so that no map, class or table of the one is taken for that of the other.
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
    known = sorted(weights.items()), sorted(rules.items(), key=lambda each: each[0])
    digest = sha256(repr((configuration.digest, known)).encode()).hexdigest()
    return replace(configuration, sites=sites, services=services, digest=digest)


def _weighed(site: Site, weights: dict[str, int]) -> Site:
    return replace(site, weight=weights[site.id]) if site.id in weights else site


def _ruled(service: Service, rules: dict[str, list[Rule]]) -> Service:
    return replace(service, rules=(*rules[service.host], *service.rules)) if service.host in rules else service
