"""Whatever mirrors do: no pool is emptied, nothing wrong is served, and what is served goes forward alone."""

import copy
from dataclasses import replace
from ipaddress import ip_address

from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.model import Door, Hold, HoldingKey, Place, Request, View
from gslb.model.decision import Client
from gslb.state.content import ContentKey
from gslb.state.restored import from_json, to_json
from gslb.steering.decide import decide
from probes.content.model import Look
from probes.verdict import Verdict
from tests.state.content.scene import KEY, NEW, OLD, Library, Shown, carried
from tests.state.scene import HOST, site

THIRD = "c" * 64
SITES = tuple(site(number, region) for number, region in enumerate(("us", "us", "eu", "jp"), 1))
NAMES = [each.id for each in SITES]
CLIENT = Client(4, int(ip_address("198.51.100.0")), 24, Place(), 24)

shown = st.builds(Shown, st.sampled_from([OLD, NEW, THIRD]), st.sampled_from(Look), st.sampled_from(Look))
acts = st.one_of(
    st.tuples(st.just("shows"), st.sampled_from(NAMES), shown),
    st.tuples(st.just("health"), st.sampled_from(NAMES), st.sampled_from([Verdict.OK, Verdict.REFUSED])),
    st.tuples(st.just("drain"), st.sampled_from(NAMES), st.booleans()),
    st.tuples(st.just("turn"), st.integers(1, 7), st.none()),
    st.tuples(st.just("restart"), st.sampled_from([10.0, 1000.0]), st.none()),
)


def act(scene: Library, what: str, where, how) -> Library:
    if what == "shows":
        scene.shown[where] = how
    elif what == "health":
        scene.verdicts[where] = how
    elif what == "drain" and how:
        scene.told(scene.tracker.drain(where, "disks", "ops", None, scene.now_s, scene.utc))
    elif what == "drain":
        scene.told(scene.tracker.enable(where, "ops", scene.now_s, scene.utc))
    elif what == "restart":
        frozen = replace(from_json(to_json(scene.tracker.freeze())), drains=tuple(scene.tracker.drains.values()))
        again = scene.again(where)
        return Library(
            scene.configuration, restored=frozen, now_s=again.now_s, utc=again.utc, shown=scene.shown, verdicts=scene.verdicts
        ).begin()
    else:
        scene.turns(where)
    return scene


def stands(scene: Library, name: str) -> str:
    return str(scene.standing(name).state)


def judged(scene: Library) -> None:
    world = scene.world
    in_order = [name for name in NAMES if stands(scene, name) == "up" and name not in world.drains]
    for view, path in ((View.DNS4, None), (View.HTTP4, "/knoppix/kernel"), (View.HTTP4, "/else")):
        decision = decide(world, CLIENT, Request(HOST, view, path))
        chosen = [choice.site for choice in decision.choices]
        wrong = {name for name in NAMES if world.holdings[HoldingKey(HOST, "knoppix", view.door, name, 4)].hold is Hold.WRONG}
        if path != "/else":
            assert not wrong & set(chosen), "wrong bytes are served"
            assert chosen or not set(in_order) - wrong, "a pool is emptied"
        else:
            assert chosen or not in_order


def forward(before: Library, scene: Library) -> None:
    """What is served is not left for an older one while a site that is up has it in good order."""
    was, now = before.edition.served, scene.edition.served
    if was in ("", now) or not scene.tracker.content.sets[KEY].firm:
        return
    state = scene.tracker.content.sets[KEY]
    old, new = state.generation(was), state.generation(now)
    held = [
        name
        for name in NAMES
        if scene.holding(name, Door.DNS).generation == was
        and scene.holds(name, Door.DNS) is Hold.GOOD
        and stands(scene, name) == "up"
        and name not in scene.world.drains
    ]
    if old is not None and new is not None and new.age < old.age:
        assert not held


@settings(max_examples=40, deadline=None)
@given(st.lists(acts, min_size=1, max_size=12))
def test_no_pool_is_emptied_nothing_wrong_is_served_and_what_is_served_goes_forward(script):
    scene = Library(carried(*SITES))
    scene.stock(NAMES)
    scene.begin()
    for each in script:
        scene = act(scene, *each)
        scene.wait(1.0)
        judged(scene)
    for generation, manifest in scene.world.manifests.items():
        assert manifest.generation == generation


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), shown), min_size=1, max_size=20))
def test_editions_go_forward_while_the_newest_is_held(script):
    scene = Library(carried(*SITES))
    scene.stock(NAMES)
    scene.begin()
    for name, what in script:
        scene.shown[name] = what
        before = as_it_is(scene)
        scene.turns(1)
        forward(before, scene)


def as_it_is(scene: Library) -> Library:
    """As it is now, to compare with."""
    now = copy.copy(scene)
    now.worlds = list(scene.worlds)
    return now


@given(st.text(max_size=60) | st.sampled_from(["", "/", "a/b/c/d/e", "h/s/dns/x/192.0.2.1"]))
def test_any_text_is_a_key_or_refused(text):
    try:
        key = ContentKey.parse(text)
    except ValueError:
        return
    assert ContentKey.parse(str(key)) == key
