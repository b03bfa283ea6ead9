import json

from gslb.model import State, Why
from gslb.steering import SteeringMap, decide
from gslb.steering.explain import WHY, explain, lines
from tests.steering.world import HONOLULU, HOST, SITES, TOKYO, ask, client, down, ramping, stand, world


def explained(now, who):
    steering = SteeringMap(now.configuration, now.today)
    slot = steering.slot(HOST, who)
    return explain(decide(now, who, ask()), who, steering.classify(HOST, who), ask(), slot)


def test_a_decision_in_plain_values_names_every_site():
    told = explained(down(world(), "jp-tokyo-1"), client(TOKYO, country="JP", asn=2500))
    assert json.loads(json.dumps(told)) == told
    assert {line["site"] for line in told["sites"]} == {site.id for site in SITES}
    assert told["client"]["network"] == "133.11.0.0/24"
    assert told["client"]["home"] == "jp"
    assert told["told"] == [told["sites"][0]["site"]]
    assert len(told["addresses"]) == 1


def test_lines_say_who_asks_what_it_gets_and_why_of_each_site():
    now = ramping(down(world(), "jp-tsukuba"), "jp-nagoya", 4)
    told = lines(explained(now, client(TOKYO, country="JP", asn=2500)))
    assert told[0] == "133.11.0.0/24 (JP, 35.68 139.77, AS2500, home region jp)"
    assert any("jp-tsukuba" in line and "dropped (up): down: connection refused" in line for line in told)
    assert any("jp-nagoya" in line and "slow start, step 4 of 10" in line for line in told)
    assert any("us-fremont" in line and "8,311 km away" in line for line in told)
    assert len(told) == 4 + len(SITES)


def test_a_client_that_nobody_can_place_is_said_to_be_that():
    assert lines(explained(world(), client()))[0] == "133.11.0.0/24 (nobody knows where it is)"


def test_every_reason_has_words():
    assert set(WHY) == set(Why)


def reasons(now, who):
    return {line["site"]: line["reason"] for line in explained(now, who)["sites"]}


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
