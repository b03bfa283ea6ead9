import pickle
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.model import SLOTS, Request, View
from gslb.steering import SteeringMap, decide
from gslb.steering.table import Memo, compile_table
from tests.steering import strategies
from tests.steering.world import (
    BERLIN,
    HONOLULU,
    HOST,
    TOKYO,
    ask,
    client,
    clients,
    configuration,
    down,
    ramping,
    with_service,
    world,
)


def told(decision):
    return decision.choices[: decision.told]


@settings(max_examples=300)
@given(st.data())
def test_the_table_gives_what_decide_gives(data):
    settings = data.draw(strategies.configurations())
    now = data.draw(strategies.worlds(settings))
    who = data.draw(st.lists(strategies.clients(settings), min_size=1, max_size=6))
    steering = SteeringMap(settings, now.today, now.vantages)
    classes = list(dict.fromkeys((HOST, steering.classify(HOST, one)) for one in who))
    memo = Memo()
    if data.draw(st.booleans()):
        compile_table(data.draw(strategies.worlds(settings)), classes, memo)
    table = compile_table(now, classes, memo)
    for one in who:
        number = classes.index((HOST, steering.classify(HOST, one)))
        for view in View:
            outcome = table.outcomes[table.number(view, number, steering.slot(HOST, one))]
            decision = decide(now, one, Request(HOST, view))
            assert (outcome.service, outcome.view) == (HOST, view)
            assert (outcome.choices, outcome.ttl_s) == (told(decision), decision.ttl_s)
            assert (outcome.why, outcome.addresses) == (decision.why, decision.addresses)


def everywhere(now):
    who = [*clients(TOKYO, 60), *clients(BERLIN, 60), *clients(HONOLULU, 60), client()]
    steering = SteeringMap(now.configuration, now.today)
    classes = list(dict.fromkeys((HOST, steering.classify(HOST, one)) for one in who))
    return who, steering, classes


def test_a_memo_kept_through_many_worlds_changes_nothing():
    quiet = world(with_service(answers=2))
    who, steering, classes = everywhere(quiet)
    memo = Memo()
    story = [quiet, down(quiet, "jp-tokyo-1"), ramping(quiet, "jp-tokyo-1", 0), ramping(quiet, "jp-tokyo-1", 5), quiet]
    for now in story:
        table = compile_table(now, classes, memo)
        for one in who:
            number = classes.index((HOST, steering.classify(HOST, one)))
            outcome = table.outcomes[table.number(View.DNS4, number, steering.slot(HOST, one))]
            assert outcome.choices == told(decide(now, one, ask(), trace=False))


def test_a_memo_does_not_outlive_its_configuration():
    memo = Memo()
    first = world()
    _, _, classes = everywhere(first)
    compile_table(first, classes, memo)
    elsewhere = world(configuration(replace(site, addresses=site.addresses[1:]) for site in first.configuration.sites))
    table = compile_table(elsewhere, classes, memo)
    assert table.outcomes[table.number(View.DNS4, 0, 0)].choices == ()


def test_a_table_is_small_and_survives_pickling():
    now = world()
    _, _, classes = everywhere(now)
    table = compile_table(now, classes, Memo())
    blob = pickle.dumps(table)
    again = pickle.loads(blob)
    assert len(again) == len(classes)
    assert len(blob) < 20_000
    assert [again.outcomes[again.number(View.HTTP4, 0, slot)] for slot in range(SLOTS)] == [
        table.outcomes[table.number(View.HTTP4, 0, slot)] for slot in range(SLOTS)
    ]
