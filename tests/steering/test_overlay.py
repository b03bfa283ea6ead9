"""What operators change beside the configuration, laid over it."""

from __future__ import annotations

from dataclasses import replace

from gslb.model import Change, Match, Reweight, Rule, Steer
from gslb.steering import overlaid
from tests.steering.world import configuration


def test_nothing_changed_is_the_same_object():
    found = configuration()
    assert overlaid(found, ()) is found
    assert overlaid(found, [Reweight("nobody", 1), Steer("nowhere.example", Rule(Match(asns=(1,)), "never", ("x",)))]) is found


def test_the_last_weight_counts_and_the_first_rule_comes_first():
    found = configuration()
    site, service = found.sites[0], found.services[0]
    first, second = (Rule(Match(asns=(number,)), "prefer", (site.id,)) for number in (1, 2))
    old = Rule(Match(countries=("JP",)), "only", (site.id,))
    found = replace(found, services=(replace(service, rules=(old,)), *found.services[1:]))
    changes: list[Change] = [Reweight(site.id, 7), Steer(service.host, first), Reweight(site.id, 9), Steer(service.host, second)]
    laid = overlaid(found, changes)
    assert laid.site(site.id).weight == 9
    assert laid.service(service.host).rules == (first, second, old)
    assert laid.sites[1:] == found.sites[1:]


def test_what_is_laid_over_has_a_digest_of_its_own_which_is_the_same_at_every_node():
    """By it workers and control tell maps apart: with that of the file, clients would keep the classes of another map."""
    found = replace(configuration(), digest="0" * 64)
    weights = [Reweight(found.sites[0].id, 7), Reweight(found.sites[1].id, 8)]
    laid = overlaid(found, weights)
    assert laid.digest not in (found.digest, overlaid(found, weights[:1]).digest)
    assert laid.digest == overlaid(found, weights[::-1]).digest
    assert overlaid(replace(found, digest="1" * 64), weights).digest != laid.digest
