"""Chains that operators write, content, and how long an answer holds."""

from dataclasses import replace

import pytest

from gslb.model import ContentSet, State, View, Why
from gslb.steering import FILTERS, decide
from tests.steering.world import (
    BERLIN,
    HONOLULU,
    SERVICE,
    SITES,
    TOKYO,
    ask,
    client,
    clients,
    configuration,
    down,
    ramping,
    stand,
    with_service,
    world,
)

ALPHA = ContentSet("alpha", "/boot/")
BETA = ContentSet("beta", "/boot/beta/")


def first(now, who, request=None):
    return decide(now, who, request or ask(), trace=False).choices[0].site


def holding(content, *sets):
    sites = [replace(site, content=content.get(site.id, ())) for site in SITES]
    return world(configuration(sites, replace(SERVICE, content=sets)))


def test_the_default_policy_names_every_filter():
    assert tuple(FILTERS) == SERVICE.policy


@pytest.mark.parametrize("left_out", SERVICE.policy)
def test_a_chain_without_one_filter_works(left_out):
    policy = tuple(name for name in SERVICE.policy if name != left_out)
    decision = decide(down(world(with_service(policy=policy)), "jp-tokyo-1"), client(TOKYO), ask())
    assert decision.choices
    assert len(decision.trace) == len(SITES)


def test_without_up_health_does_not_matter_and_an_answer_holds_as_long_as_it_may():
    settings = with_service(policy=("nearest", "sticky", "first"))
    now = down(world(settings), "us-fremont")
    decision = decide(now, client(HONOLULU), ask())
    assert (decision.choices[0].site, decision.ttl_s) == ("us-fremont", 60)


def test_without_nearest_all_sites_are_equals():
    now = world(with_service(policy=("up", "sticky", "first")))
    assert len({first(now, one) for one in clients(TOKYO, 400)}) == len(SITES)


def test_without_first_dns_tells_every_site():
    decision = decide(world(with_service(policy=("up", "nearest"))), client(TOKYO), ask())
    assert decision.told == len(SITES)


def test_dns_uses_the_sites_that_hold_every_set_while_they_are_half_of_the_capacity():
    both = {site.id: ("alpha", "beta") for site in SITES[:7]}
    now = holding(both | {site.id: ("alpha",) for site in SITES[7:]}, ALPHA, BETA)
    assert {choice.site for choice in decide(now, client(TOKYO), ask()).choices} == set(both)


def test_dns_uses_those_that_hold_most_when_too_few_hold_every_set_and_says_so():
    one = {"us-fremont": ("alpha", "beta")}
    some = {site.id: ("alpha",) for site in SITES[6:]}
    decision = decide(holding(some | one, ALPHA, BETA), client(TOKYO), ask())
    assert {choice.site for choice in decision.choices} == set(some | one)
    assert "too few sites hold all 2 release sets" in decision.trace[0].reason


def test_http_goes_by_the_set_with_the_longest_prefix_of_the_path_and_a_path_in_no_set_may_go_anywhere():
    now = holding({"us-fremont": ("alpha",), "eu-london": ("beta",)}, ALPHA, BETA)
    who = client(TOKYO)
    assert first(now, who, ask(View.HTTP4, path="/boot/kernel")) == "us-fremont"
    assert first(now, who, ask(View.HTTP4, path="/boot/beta/kernel")) == "eu-london"
    assert len(decide(now, who, ask(View.HTTP4, path="/index.html")).choices) == len(SITES)


def test_when_the_only_sites_with_the_content_are_down_those_are_tried():
    now = down(holding({"us-fremont": ("alpha",)}, ALPHA), "us-fremont")
    decision = decide(now, client(TOKYO), ask(View.HTTP4, path="/boot/kernel"))
    assert ([choice.site for choice in decision.choices], decision.why) == (["us-fremont"], Why.FAIL_OPEN)


def ttl(now, who=None):
    return decide(now, who or client(HONOLULU), ask(), trace=False).ttl_s


def test_an_answer_holds_until_the_chosen_site_could_be_down():
    assert ttl(world()) == 30
    assert ttl(stand(world(), "us-fremont", checks=1)) == 15
    assert ttl(stand(world(), "us-fremont", checks=9)) == 60


def test_an_answer_holds_until_a_better_site_could_be_back():
    far = stand(stand(world(), "us-chicago", checks=9), "us-newyork", checks=9)
    assert ttl(down(far, "us-fremont", checks=2)) == 20
    assert ttl(stand(far, "us-fremont", state=State.WRONG, checks=4)) == 40


def test_a_worse_site_that_is_down_shortens_nothing():
    assert ttl(down(world(), "us-chicago", checks=1)) == 30


def test_an_equal_that_is_down_shortens_only_the_answers_that_would_be_its_own():
    who = clients(TOKYO, 100)
    quiet, now = world(), down(world(), "jp-tokyo-1", checks=1)
    for one in who:
        expected = 15 if first(quiet, one) == "jp-tokyo-1" else 30
        assert ttl(now, one) == expected


def test_an_answer_is_short_while_the_site_ramps():
    assert ttl(ramping(world(), "us-fremont", 5)) == 15
    assert ttl(ramping(world(), "eu-london", 5)) == 30


def test_a_client_far_from_every_vantage_is_not_steered_by_latency():
    latency = {("tokyo", site.id): 5.0 for site in SITES}
    assert decide(world(latency_ms=latency), client(BERLIN), ask()).why is Why.NEAREST
