from gslb.model import State, Why
from gslb.steering import WHY, decide
from tests.steering.world import HONOLULU, SITES, TOKYO, ask, client, down, ramping, stand, world


def test_the_trace_names_every_site_kept_ones_in_order_and_dropped_ones_with_the_filter():
    decision = decide(down(world(), "jp-tokyo-1"), client(TOKYO, country="JP", asn=2500), ask())
    assert {line.site for line in decision.trace} == {site.id for site in SITES}
    kept = sorted((line.rank, line.site) for line in decision.trace if line.rank is not None)
    assert [site for _, site in kept] == [choice.site for choice in decision.choices]
    assert [rank for rank, _ in kept] == list(range(1, len(SITES)))
    (dropped,) = (line for line in decision.trace if line.rank is None)
    assert (dropped.site, dropped.filter) == ("jp-tokyo-1", "up")


def test_the_trace_says_why_of_each_site():
    said = reasons(ramping(down(world(), "jp-tsukuba"), "jp-nagoya", 4), client(TOKYO, country="JP", asn=2500))
    assert "down: connection refused" in said["jp-tsukuba"]
    assert "slow start, step 4 of 10" in said["jp-nagoya"]
    assert "8,311 km away" in said["us-fremont"]


def test_every_reason_has_words():
    assert set(WHY) == set(Why)


def reasons(now, who):
    return {line.site: line.reason for line in decide(now, who, ask()).trace}


def test_what_is_true_of_all_sites_is_said_once():
    said = reasons(world(ready=False, standings={}), client())
    first, *rest = said.values()
    assert "the first round of probes is not in" in first
    assert "nobody knows where the client is" in first
    assert all(words.startswith("one of") for words in rest)


def test_an_unknown_site_tells_why_and_is_behind_its_equals_only_if_there_are_some_that_are_up():
    silent = "no result for 5 minutes"
    alone = stand(world(), "us-fremont", state=State.UNKNOWN, reason=silent)
    assert reasons(alone, client(HONOLULU))["us-fremont"].endswith(f"state unknown: {silent}")
    among = stand(world(), "jp-nagoya", state=State.UNKNOWN, reason=silent)
    assert f"state unknown: {silent}, so behind its equals that are up" in reasons(among, client(TOKYO))["jp-nagoya"]


def test_a_site_of_another_region_tells_which_region_comes_first():
    said = reasons(world(), client(TOKYO))
    assert "us comes after jp" in said["us-chicago"]
    assert "eu comes after us" in said["eu-london"]
    assert "comes after" not in said["jp-osaka"]


def test_behind_what_a_site_is_depends_on_what_ranks_its_region():
    assert "behind nearer sites in us" in reasons(world(), client(HONOLULU))["us-newyork"]
    measured = world(latency_ms={("tokyo", site.id): 5.0 * number for number, site in enumerate(SITES)})
    assert "behind faster sites in jp" in reasons(measured, client(TOKYO))["jp-sapporo"]
