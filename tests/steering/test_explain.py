import json

from gslb.model import Why
from gslb.steering import SteeringMap, decide
from gslb.steering.explain import WHY, explain, lines
from tests.steering.world import HOST, SITES, TOKYO, ask, client, down, ramping, world


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
    assert any("jp-tsukuba" in line and "dropped by up: down: connection refused" in line for line in told)
    assert any("jp-nagoya" in line and "slow start, step 4 of 10" in line for line in told)
    assert any("us-fremont" in line and "8,311 km away" in line for line in told)
    assert len(told) == 4 + len(SITES)


def test_a_client_that_nobody_can_place_is_said_to_be_that():
    assert lines(explained(world(), client()))[0] == "133.11.0.0/24 (nobody knows where it is)"


def test_every_reason_has_words():
    assert set(WHY) == set(Why)
