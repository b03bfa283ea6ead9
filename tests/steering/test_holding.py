"""Release sets that are scanned: at one generation, and never wrong bytes."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.model import (
    ContentSet,
    Door,
    Edition,
    Hold,
    Holding,
    HoldingKey,
    Manifest,
    ManifestFile,
    Request,
    SetKey,
    View,
    Why,
)
from gslb.steering import decide
from gslb.steering.holding import needed, set_of
from tests.steering import strategies
from tests.steering.world import HOST, SITES, TOKYO, ask, client, down, drained, with_service, world

RELEASE = ContentSet("release", "/v1/", manifest="SHA256SUMS")
OTHER = ContentSet("other", "/v2/", manifest="SHA256SUMS")
BLOCK = "0123456789abcdef0123456789abcdef01234567"
KERNEL = ask(View.HTTP4, path="/v1/kernel")
NAMES = [site.id for site in SITES]


def release(served="new", sets=(RELEASE,), **holds):
    """Every site holds every set at "new", but those named: a hold, a generation, or both of them by set."""
    now = world(with_service(content=sets))
    known = {}
    for site in SITES:
        for one in sets:
            said = holds.get(site.id.replace("-", "_"), Hold.GOOD)
            said = said.get(one.name, Hold.GOOD) if isinstance(said, dict) else said
            hold, generation = (said, "new") if isinstance(said, Hold) else (Hold.GOOD, said)
            for door in Door:
                for family in (4, 6):
                    known[HoldingKey(HOST, one.name, door, site.id, family)] = Holding(hold, generation, f"said {hold}")
    return replace(now, holdings=known, editions={SetKey(HOST, one.name): Edition(served) for one in sets})


def chosen(now, request=KERNEL):
    return {choice.site for choice in decide(now, client(TOKYO), request, trace=False).choices}


def trace(now, site, request=KERNEL):
    return next(each for each in decide(now, client(TOKYO), request).trace if each.site == site)


def test_a_path_is_of_the_set_with_the_longest_prefix():
    inner = ContentSet("inner", "/v1/beta/")
    assert set_of((RELEASE, inner), "/v1/beta/kernel") is inner
    assert set_of((RELEASE, inner), "/v1/kernel") is RELEASE
    assert set_of((RELEASE, inner), "/v1") is None


def test_only_sites_at_the_generation_that_is_served_are_used():
    now = release(jp_tokyo_1="old", us_fremont="old")
    assert chosen(now) == set(NAMES) - {"jp-tokyo-1", "us-fremont"}
    assert "another generation (old)" in trace(now, "jp-tokyo-1").reason


def test_a_client_stays_at_the_generation_that_it_began_with_while_somebody_has_it():
    now = release(jp_tokyo_1="old", us_fremont="old")
    pledged = ask(View.HTTP4, path="/v1/kernel", pledged="old")
    assert chosen(now, pledged) == {"jp-tokyo-1", "us-fremont"}
    assert chosen(release(), pledged) == set(NAMES)


def test_when_no_site_that_is_up_has_the_generation_another_one_is_used_and_it_is_said():
    some = {name.replace("-", "_"): "old" for name in NAMES[1:]}
    now = down(release(**some), NAMES[0])
    assert chosen(now) == set(NAMES[1:])
    assert "another one is used" in decide(now, client(TOKYO), KERNEL).trace[0].reason


def test_blocks_named_by_their_content_come_from_every_generation_that_lists_them():
    file = ManifestFile(sha1=BLOCK)
    manifests = {"old": Manifest("old", {}), "new": Manifest("new", {f"blocks/{BLOCK}": file, "index.idx": file})}
    now = replace(release(served="old", jp_tokyo_1="old", us_fremont="older"), manifests=manifests)
    block = ask(View.HTTP4, path=f"/v1/blocks/{BLOCK}")
    assert chosen(now, block) == set(NAMES) - {"jp-tokyo-1", "us-fremont"}
    unlisted = ask(View.HTTP4, path=f"/v1/blocks/{BLOCK[::-1]}")
    assert chosen(now, unlisted) == set(NAMES)


def test_a_site_with_a_wrong_file_is_out_of_that_set_and_stays_in_the_others():
    now = release(sets=(RELEASE, OTHER), jp_tokyo_1={"release": Hold.WRONG})
    assert "jp-tokyo-1" not in chosen(now)
    assert "jp-tokyo-1" in chosen(now, ask(View.HTTP4, path="/v2/kernel"))
    assert "jp-tokyo-1" in chosen(now, ask(View.HTTP4, path="/elsewhere"))
    assert trace(now, "jp-tokyo-1").reason == "release: said wrong"


def test_wrong_bytes_are_not_given_even_when_everything_else_is_down():
    now = down(release(jp_tokyo_1=Hold.WRONG), *NAMES)
    decision = decide(now, client(TOKYO), KERNEL)
    assert decision.why is Why.FAIL_OPEN
    assert {choice.site for choice in decision.choices} == set(NAMES) - {"jp-tokyo-1"}
    assert "jp-tokyo-1" not in chosen(now, ask())


def test_where_every_site_is_wrong_there_is_no_answer():
    now = release(**{name.replace("-", "_"): Hold.WRONG for name in NAMES})
    for request in (KERNEL, ask()):
        decision = decide(now, client(TOKYO), request)
        assert (decision.why, decision.choices) == (Why.ALL_DOWN, ())


def test_where_the_only_good_sites_are_drained_or_down_wrong_ones_stay_out():
    most = {name.replace("-", "_"): Hold.WRONG for name in NAMES[1:]}
    assert chosen(drained(release(**most), NAMES[0])) == set()
    assert chosen(down(release(**most), NAMES[0])) == {NAMES[0]}


def test_dns_leaves_out_a_site_that_is_wrong_in_one_of_two_sets_while_others_are_half():
    now = release(sets=(RELEASE, OTHER), jp_tokyo_1={"other": Hold.WRONG})
    assert chosen(now, ask()) == set(NAMES) - {"jp-tokyo-1"}
    assert trace(now, "jp-tokyo-1", ask()).reason == "other: said wrong"


def test_dns_uses_no_site_with_a_wrong_file_while_another_is_up_however_few_those_are():
    most = {name.replace("-", "_"): {"other": Hold.WRONG} for name in NAMES[2:]}
    now = release(sets=(RELEASE, OTHER), **most)
    assert chosen(now, ask()) == set(NAMES[:2])
    assert chosen(down(now, NAMES[0]), ask()) == {NAMES[1]}
    assert chosen(down(now, *NAMES[:2]), ask()) == set(NAMES[2:])
    assert chosen(down(now, *NAMES), ask()) == set(NAMES[:2])


def test_dns_goes_by_the_generation_that_is_served_of_every_set():
    now = release(sets=(RELEASE, OTHER), jp_tokyo_1={"other": "old"})
    assert chosen(now, ask()) == set(NAMES) - {"jp-tokyo-1"}


def test_a_site_that_nobody_has_looked_at_is_used_when_none_is_known_to_hold_the_set():
    now = release(jp_tokyo_1=Hold.UNKNOWN)
    assert "jp-tokyo-1" not in chosen(now)
    assert chosen(replace(now, holdings={})) == set(NAMES)


def test_of_sites_at_which_nobody_can_look_those_count_that_had_what_is_wanted():
    """As when our own network fails, and everything is down: a set is not mixed even then."""
    now = release()
    had = {key: Holding(Hold.UNKNOWN, "old" if key.site == "jp-tokyo-1" else "new", "nobody could look") for key in now.holdings}
    now = down(replace(now, holdings=had), *NAMES)
    assert decide(now, client(TOKYO), KERNEL).why is Why.FAIL_OPEN
    assert chosen(now) == set(NAMES) - {"jp-tokyo-1"}
    assert "another generation (old)" in trace(now, "jp-tokyo-1").reason
    pledged = ask(View.HTTP4, path="/v1/kernel", pledged="old")
    assert "jp-tokyo-1" not in chosen(now, pledged)


def test_what_nobody_has_looked_at_is_given_even_when_all_sites_are_down():
    """That a site is down stays the reason why, so that the service fails open."""
    now = down(replace(release(), holdings={}), *NAMES)
    assert (decide(now, client(TOKYO), KERNEL).why, chosen(now)) == (Why.FAIL_OPEN, set(NAMES))


def test_an_absent_set_is_no_reason_for_no_answer():
    now = release(**{name.replace("-", "_"): Hold.ABSENT for name in NAMES})
    assert chosen(now) == set(NAMES)
    assert chosen(now, ask()) == set(NAMES)
    assert "no site holds release" in decide(now, client(TOKYO), KERNEL).trace[0].reason


def test_over_ipv6_counts_what_was_seen_over_ipv6():
    now = release()
    key = HoldingKey(HOST, "release", Door.DNS, "jp-tokyo-1", 6)
    now = replace(now, holdings={**now.holdings, key: Holding(Hold.WRONG, "new", "a flipped byte")})
    assert "jp-tokyo-1" in chosen(now, ask(View.DNS4))
    assert "jp-tokyo-1" not in chosen(now, ask(View.DNS6))


@settings(max_examples=150)
@given(st.data())
def test_no_rule_empties_a_pool_and_no_wrong_bytes_are_given(data):
    """Whatever is known of content: with it there is an answer wherever there is one without, but from sites that are wrong."""
    configured = data.draw(strategies.configurations())
    now = data.draw(strategies.worlds(configured))
    service = configured.services[0]
    if "content" not in service.policy:
        return
    who = data.draw(strategies.clients(configured))
    path = data.draw(st.sampled_from([None, "/a/kernel", f"/a/{BLOCK}", "/a/b/kernel", "/c"]))
    view = data.draw(st.sampled_from(list(View)))
    path = None if view.door is Door.DNS else path
    request = Request(HOST, view, path, pledged=data.draw(st.sampled_from(["", *strategies.GENERATIONS])))
    bare = replace(service, content=())
    without = decide(replace(now, configuration=replace(configured, services=(bare,))), who, request)
    found = decide(now, who, request)
    need = needed(now, service, view.door, path, request.pledged)
    wrong = [key for key, each in now.holdings.items() if key.door is view.door and each.hold is Hold.WRONG]
    if [one.scanned for one in need.sets] == [True]:
        over_both = {key.site for key in wrong if key._replace(family=10 - key.family) in wrong}
        carrying = {site.id for site in configured.sites if site.content is None or need.sets[0].name in site.content}
        assert {choice.site for choice in found.choices}.isdisjoint(over_both & carrying)
    if without.choices and not wrong and service.when_all_down == "open":
        assert found.choices
