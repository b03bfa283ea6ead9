"""Which clients a rule or a site's `only` means, and what the rules of a service make of its sites."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv6Network

from gslb.geo.prefixes import PrefixSet
from gslb.geo.special import SPECIAL_NETWORKS
from gslb.model import FINEST_PREFIX, Client, Match, Network, Rule, Service, Site

# Inside these a client is placed by the IPv4 address it carries, so no scope may reach across their borders.
EMBEDDING_NETWORKS = (
    IPv6Network("64:ff9b::/96"),
    IPv6Network("::ffff:0:0/96"),
    IPv6Network("2001::/32"),
    IPv6Network("2002::/16"),
)


def unit(network: Network) -> Network:
    """A network finer than the unit of steering stands for the whole unit."""
    finest = FINEST_PREFIX[4 if network.version == 4 else 6]
    return network if network.prefixlen <= finest else network.supernet(new_prefix=finest)


_SPECIAL = (network for networks in SPECIAL_NETWORKS.values() for network in networks)
# No scope reaches across these, whatever is on both sides.
BARRIERS = PrefixSet(map(unit, (*_SPECIAL, *EMBEDDING_NETWORKS)))


class Matcher:
    """A Match prepared for many clients."""

    def __init__(self, match: Match) -> None:
        self._asns = frozenset(match.asns)
        self._countries = frozenset(match.countries)
        self.networks = tuple(unit(network) for network in match.networks)
        self._prefixes = PrefixSet(self.networks)

    def holds(self, client: Client) -> bool:
        if client.place.asn in self._asns or client.place.country in self._countries:
            return True
        return bool(self.networks) and bool(self._prefixes.covering(client.family, client.network))


@dataclass(frozen=True, slots=True)
class Restriction:
    """What rules and `only` make of the sites for one client.

    `preferred` are the targets to put first, `named` the regions that an `only` rule brings in beside the order of
    regions, `dropped` the sites this client may not use: (site, filter, reason).
    """

    preferred: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    dropped: tuple[tuple[str, str, str], ...] = ()
    confined: bool = False


_NOTHING = Restriction()


def holding(service: Service, today: date) -> list[Rule]:
    """The rules that hold today."""
    return [rule for rule in service.rules if rule.until is None or today <= rule.until]


class Restrictions:
    """The rules of one service that hold today, and the `only` of each site."""

    def __init__(self, service: Service, sites: Sequence[Site], today: date) -> None:
        self._sites = sites
        self._rules = [(rule, Matcher(rule.match)) for rule in holding(service, today)]
        self._guarded = [(site.id, Matcher(site.only)) for site in sites if site.only is not None]

    def borders(self) -> PrefixSet:
        """Every network at whose border a class may change, besides those of the map of places."""
        matchers = [matcher for _, matcher in self._rules] + [matcher for _, matcher in self._guarded]
        networks = [network for matcher in matchers for network in matcher.networks]
        return PrefixSet([*networks, *BARRIERS.networks])

    def of(self, client: Client) -> Restriction:
        """All rules that match hold, in the order written. Nothing, not even fail-open, overrides `only` and `never`."""
        rules = [rule for rule, matcher in self._rules if matcher.holds(client)]
        dropped = {site: ("only", "serves other clients only") for site, matcher in self._guarded if not matcher.holds(client)}
        if not rules and not dropped:
            return _NOTHING
        for rule in rules:
            excluded = (site.id for site in self._sites if _excludes(rule, site))
            dropped |= dict.fromkeys(excluded, ("rules", _words(rule)))
        return Restriction(
            preferred=_unique(target for rule in rules if rule.action == "prefer" for target in rule.targets),
            named=_unique(site.region for rule in rules for site in self._sites if _confines_to(rule, site)),
            dropped=tuple((site, *why) for site, why in sorted(dropped.items())),
            confined=any(rule.action == "only" for rule in rules),
        )


def _targets(rule: Rule, site: Site) -> bool:
    return site.id in rule.targets or site.region in rule.targets


def _confines_to(rule: Rule, site: Site) -> bool:
    return rule.action == "only" and _targets(rule, site)


def _excludes(rule: Rule, site: Site) -> bool:
    return rule.action != "prefer" and _targets(rule, site) == (rule.action == "never")


def _words(rule: Rule) -> str:
    verb = "are served only by" if rule.action == "only" else "are never served by"
    return f"a rule says that these clients {verb} {', '.join(rule.targets)}"


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
