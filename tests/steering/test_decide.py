import itertools
from collections import Counter
from dataclasses import replace
from ipaddress import ip_address

from gslb.model import Match, Rule, State, View, Why
from gslb.steering import decide
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
    drained,
    ramping,
    stand,
    with_service,
    world,
)

US = ("us-fremont", "us-chicago", "us-newyork")
EU = ("eu-frankfurt", "eu-london", "eu-stockholm")
JP = tuple(site.id for site in SITES if site.region == "jp")


def first(now, who, request=None):
    return decide(now, who, request or ask(), trace=False).choices[0].site


def landing(now, who, request=None):
    return {one.network: first(now, one, request) for one in who}


def trace_of(now, who, site, request=None):
    return next(line for line in decide(now, who, request or ask()).trace if line.site == site)


def test_a_client_is_steered_to_its_own_region():
    now = world()
    assert first(now, client(BERLIN)) in EU
    assert first(now, client(TOKYO)) in JP


def test_from_honolulu_a_us_site():
    assert first(world(), client(HONOLULU)) == "us-fremont"


def test_from_honolulu_tokyo_where_the_us_is_down_and_regions_are_left_out_but_never_frankfurt():
    now = down(world(with_service(regions=None)), *US)
    assert first(now, client(HONOLULU)) in JP


def test_from_honolulu_never_frankfurt_while_anything_nearer_is_up():
    now = down(world(with_service(regions=None)), *US, *(set(JP) - {"jp-fukuoka"}))
    assert first(now, client(HONOLULU)) == "jp-fukuoka"


def test_in_tokyo_the_neighbours_within_the_window_share_the_load_evenly():
    shares = Counter(landing(world(), clients(TOKYO, 2000)).values())
    assert set(shares) == {"jp-tokyo-1", "jp-tsukuba", "jp-nagoya"}
    assert min(shares.values()) > 2000 / 3 * 0.85


def test_weight_decides_the_share_of_each_equal():
    sites = [replace(site, weight=300) if site.id == "jp-tokyo-1" else site for site in SITES]
    shares = Counter(landing(world(configuration(sites)), clients(TOKYO, 2000)).values())
    assert 0.55 < shares["jp-tokyo-1"] / 2000 < 0.65


def test_a_site_that_leaves_moves_its_own_clients_only():
    who = clients(TOKYO, 500)
    before, after = landing(world(), who), landing(down(world(), "jp-tokyo-1"), who)
    moved = {network for network in before if before[network] != after[network]}
    assert moved == {network for network, site in before.items() if site == "jp-tokyo-1"}


def test_a_site_taken_out_of_the_configuration_moves_its_own_clients_only():
    left = configuration(site for site in SITES if site.id != "jp-nagoya")
    for place in (TOKYO, BERLIN, HONOLULU):
        who = clients(place, 300)
        before, after = landing(world(), who), landing(world(left), who)
        assert all(before[network] in (after[network], "jp-nagoya") for network in before)


def test_a_and_aaaa_are_chosen_from_the_same_order():
    for who in clients(TOKYO, 50):
        orders = [[choice.site for choice in decide(world(), who, ask(view)).choices] for view in (View.DNS4, View.DNS6)]
        assert orders[0] == orders[1]


def test_a_site_that_is_down_over_ipv6_is_still_used_over_ipv4():
    now = world()
    for key, standing in now.standings.items():
        if key.site.startswith("jp-t") and key.family == 6:
            now = replace(now, standings={**now.standings, key: replace(standing, state=State.DOWN)})
    assert first(now, client(TOKYO), ask(View.DNS6)) == "jp-nagoya"
    assert {first(now, one) for one in clients(TOKYO)} == {"jp-tokyo-1", "jp-tsukuba", "jp-nagoya"}


def test_slow_start_moves_each_slot_once_and_towards_the_returning_site():
    who = clients(TOKYO, 1000)
    before = landing(down(world(), "jp-tokyo-1"), who)
    taken = []
    for step in range(11):
        now = landing(ramping(world(), "jp-tokyo-1", step), who)
        assert all(now[network] in (before[network], "jp-tokyo-1") for network in now)
        taken.append({network for network, site in now.items() if site == "jp-tokyo-1"})
    assert all(earlier <= later for earlier, later in itertools.pairwise(taken))
    assert taken[0] == set()
    assert 0.35 < len(taken[5]) / len(taken[10]) < 0.65


def test_a_site_alone_in_its_tier_ranks_behind_the_next_tier_while_it_is_not_admitted():
    now = ramping(world(), "us-fremont", 3)
    shares = Counter(landing(now, clients(HONOLULU, 1000)).values())
    assert set(shares) == {"us-fremont", "us-chicago", "us-newyork"}
    assert 0.22 < shares["us-fremont"] / 1000 < 0.38


def test_a_region_short_of_capacity_gives_a_share_of_its_slots_to_the_next_and_no_slot_comes_back_as_it_shrinks():
    who = clients(BERLIN, 1000)
    abroad = []
    for gone in range(4):
        now = landing(down(world(), *EU[:gone]), who)
        abroad.append({network for network, site in now.items() if site in US})
    assert [len(part) for part in abroad[:2]] == [0, 0]
    assert 0.25 < len(abroad[2]) / 1000 < 0.42
    assert len(abroad[3]) == 1000
    assert all(fewer <= more for fewer, more in itertools.pairwise(abroad))


def test_a_drained_site_counts_as_down_for_the_capacity_of_its_region():
    who = clients(BERLIN, 300)
    assert landing(down(world(), *EU[:2]), who) == landing(drained(world(), *EU[:2]), who)


def test_spilling_goes_by_capacity_where_it_is_stated():
    sites = [replace(site, capacity=10_000 if site.id == "eu-london" else 100) for site in SITES]
    now = down(world(configuration(sites)), "eu-frankfurt", "eu-stockholm")
    assert set(landing(now, clients(BERLIN)).values()) == {"eu-london"}


def test_an_unknown_site_ranks_behind_its_equals_and_never_behind_a_farther_tier():
    now = stand(world(), "jp-tokyo-1", state=State.UNKNOWN)
    assert "jp-tokyo-1" not in landing(now, clients(TOKYO)).values()
    alone = stand(world(), "us-fremont", state=State.UNKNOWN)
    assert first(alone, client(HONOLULU)) == "us-fremont"


def test_a_slow_site_ranks_last_of_its_tier():
    now = world(slow=frozenset({"jp-tokyo-1"}))
    assert set(landing(now, clients(TOKYO)).values()) == {"jp-tsukuba", "jp-nagoya"}


def test_near_a_vantage_measured_latency_outranks_distance():
    latency = {("tokyo", name): 40.0 for name in JP} | {("tokyo", "jp-sapporo"): 9.0}
    now = world(latency_ms=latency)
    decision = decide(now, client(TOKYO), ask())
    assert decision.choices[0].site == "jp-sapporo"
    assert decision.why is Why.FASTEST
    assert set(landing(now, clients(HONOLULU)).values()) == {"us-fremont"}


def test_a_fast_site_of_another_region_does_not_outrank_the_home_region():
    now = world(latency_ms={("tokyo", "us-fremont"): 1.0})
    assert first(now, client(TOKYO)) in JP


def test_all_down_fails_open_to_every_site_but_those_drained_or_wrong():
    now = drained(down(world(), *(site.id for site in SITES)), "jp-tsukuba")
    now = stand(now, "jp-nagoya", state=State.WRONG)
    decision = decide(now, client(TOKYO), ask())
    assert decision.why is Why.FAIL_OPEN
    assert decision.ttl_s == 15
    assert {choice.site for choice in decision.choices} == {site.id for site in SITES} - {"jp-tsukuba", "jp-nagoya"}


def test_only_drained_and_wrong_sites_left_is_all_down():
    everything = [site.id for site in SITES]
    now = drained(world(), *everything[:6])
    for name in everything[6:]:
        now = stand(now, name, state=State.WRONG)
    decision = decide(now, client(TOKYO), ask())
    assert (decision.why, decision.choices) == (Why.ALL_DOWN, ())


def test_closed_gives_no_site_and_fallback_addresses_are_given_by_family():
    everything = [site.id for site in SITES]
    closed = down(world(with_service(when_all_down="closed")), *everything)
    assert decide(closed, client(TOKYO), ask()).why is Why.ALL_DOWN
    fallback = (ip_address("192.0.2.250"), ip_address("2001:db8::250"))
    now = down(world(with_service(when_all_down=fallback)), *everything)
    assert decide(now, client(TOKYO), ask()).addresses == fallback[:1]
    assert decide(now, client(TOKYO), ask(View.DNS6)).addresses == fallback[1:]
    over_http = decide(now, client(TOKYO), ask(View.HTTP4))
    assert (over_http.why, over_http.addresses) == (Why.ALL_DOWN_ADDRESSES, ())


def test_before_the_first_round_of_probes_geography_alone_decides():
    now = down(world(ready=False), "us-fremont")
    decision = decide(now, client(HONOLULU), ask())
    assert (decision.choices[0].site, decision.why, decision.ttl_s) == ("us-fremont", Why.STARTING, 15)


def test_no_address_of_the_family_and_no_https():
    v4_only = configuration(replace(site, addresses=site.addresses[:1], url_https=None) for site in SITES)
    now = world(v4_only)
    assert decide(now, client(TOKYO), ask(View.DNS6)).why is Why.NO_ADDRESS
    assert decide(now, client(TOKYO), ask(View.HTTPS4)).why is Why.NO_ADDRESS
    assert decide(now, client(TOKYO), ask(View.HTTP6)).choices


def test_a_site_for_others_only_is_not_used_even_when_all_else_is_down():
    sites = [replace(site, only=Match(countries=("JP",))) for site in SITES]
    decision = decide(world(configuration(sites)), client(BERLIN, country="DE"), ask())
    assert decide(world(configuration(sites)), client(TOKYO, country="JP"), ask()).choices
    assert (decision.why, decision.choices) == (Why.RESTRICTED, ())
    half = [replace(site, only=Match(countries=("JP",))) if site.region == "eu" else site for site in SITES]
    now = down(world(configuration(half)), *US, *JP)
    opened = decide(now, client(BERLIN, country="DE"), ask())
    assert opened.why is Why.FAIL_OPEN
    assert not {choice.site for choice in opened.choices} & set(EU)


def rules(*made):
    return world(with_service(rules=made))


def test_a_rule_prefers_its_targets_in_the_order_written():
    now = rules(Rule(Match(asns=(2500,)), "prefer", ("eu-london", "jp-tsukuba")))
    decision = decide(now, client(TOKYO, asn=2500), ask())
    assert [choice.site for choice in decision.choices[:2]] == ["eu-london", "jp-tsukuba"]
    assert decision.why is Why.RULE
    assert first(down(now, "eu-london"), client(TOKYO, asn=2500)) == "jp-tsukuba"
    assert decide(now, client(TOKYO, asn=1), ask()).why is Why.NEAREST


def test_a_rule_that_has_ended_is_over():
    from datetime import date

    rule = Rule(Match(asns=(2500,)), "prefer", ("eu-london",), until=date(2026, 11, 23))
    who = client(TOKYO, asn=2500)
    assert first(rules(rule), who) == "eu-london"
    assert first(replace(rules(rule), today=date(2026, 11, 24)), who) in JP


def test_only_and_never_hold_even_when_that_leaves_nothing():
    match = Match(countries=("JP",))
    now = rules(Rule(match, "only", ("eu",)), Rule(match, "never", ("eu-london",)))
    who = client(TOKYO, country="JP")
    assert {choice.site for choice in decide(now, who, ask()).choices} == set(EU) - {"eu-london"}
    assert decide(rules(Rule(match, "only", ("eu",)), Rule(match, "never", ("eu",))), who, ask()).why is Why.RESTRICTED


def test_a_last_resort_comes_after_every_other_site():
    sites = [replace(site, weight=0) if site.id == "us-fremont" else site for site in SITES]
    decision = decide(world(configuration(sites)), client(HONOLULU), ask())
    assert decision.choices[-1].site == "us-fremont"


def test_last_resorts_that_are_a_region_of_their_own_serve_while_no_other_site_does():
    sites = [replace(site, weight=0) if site.id in US else site for site in SITES]
    now = world(configuration(sites, replace(SERVICE, regions=None)))
    for who in (client(HONOLULU), client()):
        order = [choice.site for choice in decide(now, who, ask()).choices]
        assert len(order) == len(SITES)
        assert set(order[-3:]) == set(US)
        assert first(down(now, *JP, *EU), who) in US


def test_last_resorts_in_a_region_that_the_operator_left_out_stay_out():
    sites = [replace(site, weight=0) if site.id in US else site for site in SITES]
    now = world(configuration(sites, replace(SERVICE, regions={"default": ("jp", "eu")})))
    assert {choice.site for choice in decide(now, client(HONOLULU), ask()).choices} == {*JP, *EU}


def test_a_client_that_nobody_can_place_gets_the_default_order():
    decision = decide(world(), client(), ask())
    assert decision.why is Why.DEFAULT
    assert decision.choices[0].site in US


def test_a_country_without_coordinates_is_placed_at_its_middle():
    assert first(world(), client(country="JP")) in JP


def test_the_second_best_site_and_one_to_avoid():
    who = client(TOKYO)
    order = [choice.site for choice in decide(world(), who, ask(View.HTTP4)).choices]
    assert first(world(), who, ask(View.HTTP4, nth=2)) == order[1]
    assert first(world(), who, ask(View.HTTP4, nth=99)) == order[-1]
    assert first(world(), who, ask(View.HTTP4, avoid=frozenset(order[:2]))) == order[2]
    assert first(world(), who, ask(View.HTTP4, avoid=frozenset(order))) == order[0]
    assert first(world(), who, ask(View.HTTP4, avoid=frozenset({"nowhere"}))) == order[0]


def test_the_trace_names_every_site_with_a_reason():
    now = drained(down(world(), "jp-tokyo-1"), "eu-london")
    decision = decide(now, client(TOKYO), ask())
    assert {line.site for line in decision.trace} == {site.id for site in SITES}
    assert all(line.reason and line.filter for line in decision.trace)
    assert trace_of(now, client(TOKYO), "jp-tokyo-1").reason == "down: connection refused"
    assert "drained by ops: new disks" in trace_of(now, client(TOKYO), "eu-london").reason
    assert [line.rank for line in decision.trace if line.rank] == list(range(1, len(decision.choices) + 1))
