"""Changes written into a configuration: the octets around them stay, and what comes of it is what was meant, or it is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.config import parse
from gslb.config.edit import edited
from gslb.errors import ConfigurationError, ConflictError
from gslb.model import Match, Reweight, Rule, Steer, overlaid
from tests.fuzz import fuzz_edit

REFERENCE = Path(__file__).parents[2] / "config" / "inetboot.yaml"
CORPUS = Path(fuzz_edit.__file__).with_name("corpus") / "edit"
HOST = "knoppix.inetboot.net"
RULE = Rule(
    Match((ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")), (2500,), ("NO",)), "prefer", ("b", "us"), date(2027, 1, 1)
)
SMALL = """\
# the mirrors of a club
node: one
sites:
  # the first one 🐧
  - id: a   # by the door
    region: us
    location: [1, 2]
    addresses: [192.0.2.1]
    url: http://a.example/

  - {id: b, region: us, location: [1, 2], addresses: [192.0.2.2], url: "http://b.example/", weight: 50}  # in the cellar
services:
  - host: www.example.net   # what they fetch
    via: [http]
"""


def lines_changed(old: str, new: str) -> list[str]:
    """Those that are new, and after them those that are gone."""
    had, has = old.splitlines(), new.splitlines()
    return [line for line in has if line not in had] + [f"-{line}" for line in had if line not in has]


def test_a_weight_that_is_written_is_changed_in_its_place():
    new = edited(SMALL, "x.yaml", [Reweight("b", 7)])
    assert new == SMALL.replace("weight: 50", "weight: 7")


def test_a_weight_that_is_not_written_gets_a_line_and_every_comment_stays():
    new = edited(SMALL, "x.yaml", [Reweight("a", 0)])
    assert new == SMALL.replace("  # by the door\n", "  # by the door\n    weight: 0\n")


def test_rules_get_a_list_where_there_is_none():
    new = edited(SMALL, "x.yaml", [Steer("www.example.net", RULE)])
    assert lines_changed(SMALL, new) == [
        "    rules:",
        '      - {match: {network: [192.0.2.0/24, "2001:db8::/32"], asn: [2500], country: [NO]}, '
        "prefer: [b, us], until: 2027-01-01}",
    ]
    assert parse(new, "x.yaml").services[0].rules == (RULE,)


@pytest.mark.parametrize(
    "rules",
    [
        "    rules: []\n",
        "    rules: [{match: {country: JP}, never: a}]\n",
        "    rules:   # those of the board\n      # Norway\n      - {match: {country: JP}, never: a}   # so it was decided\n",
        "    rules:\n    - match:\n        country: JP\n      never: [a]\n",
    ],
    ids=["empty", "flow", "block", "flat"],
)
def test_a_rule_comes_before_those_that_are_written(rules):
    text = SMALL + rules
    other = replace(RULE, targets=("a",), until=None)
    new = edited(text, "x.yaml", [Steer("www.example.net", RULE), Steer("www.example.net", other)])
    assert parse(new, "x.yaml").services[0].rules == (RULE, other, *parse(text, "x.yaml").services[0].rules)
    if "\n      #" in rules or "    - match" in rules:
        assert [line for line in lines_changed(text, new) if line.startswith("-")] == []


def test_a_file_with_other_ends_of_lines_keeps_them():
    text = SMALL.replace("\n", "\r\n")
    new = edited(text, "x.yaml", [Reweight("a", 5), Steer("www.example.net", RULE)])
    assert new.count("\n") == new.count("\r\n")


def test_a_file_that_does_not_end_with_a_line_is_changed_too():
    new = edited(
        SMALL.removesuffix("    via: [http]\n").rstrip("\n") + "\n    via: [http]", "x.yaml", [Steer("www.example.net", RULE)]
    )
    assert new.endswith("via: [http]")
    site = "{id: a, region: us, location: [1, 2], addresses: [192.0.2.1], url: http://a.example/}"
    flow = f"node: n\nsites:\n- {site}\nservices:\n- via: [http]\n  host: www.example.net"
    assert parse(edited(flow, "x.yaml", [Steer("www.example.net", replace(RULE, targets=("a",)))]), "x.yaml").services[0].rules


def test_a_change_to_what_it_is_already_is_none():
    assert edited(SMALL, "x.yaml", [Reweight("b", 50)]) == SMALL


@pytest.mark.parametrize(
    "shared",
    [
        SMALL.replace("    region: us\n", "    region: us\n    weight: &w 9\n").replace("weight: 50", "weight: *w"),
        SMALL.replace("  - {id: b, region: us", "  - {id: b, <<: &more {weight: 9}, region: us").replace(", weight: 50", ""),
    ],
    ids=["anchor", "merged"],
)
def test_what_is_shared_by_an_anchor_is_changed_as_meant_or_refused(shared):
    for change in (Reweight("a", 1), Reweight("b", 1)):
        try:
            new = edited(shared, "x.yaml", [change])
        except (ConflictError, ConfigurationError):
            continue
        assert parse(new, "x.yaml").sites == overlaid(parse(shared, "x.yaml"), [change]).sites


def test_a_file_with_faults_is_refused_with_them():
    with pytest.raises(ConfigurationError, match=r"x\.yaml:5"):
        edited(SMALL.replace("  # the first one 🐧", "  nonsense"), "x.yaml", [Reweight("a", 5)])


@pytest.mark.parametrize("change", [Reweight("c", 5), Steer("other.example", RULE)], ids=["site", "service"])
def test_what_is_not_there_is_refused(change):
    with pytest.raises(ConflictError, match="is not written there"):
        edited(SMALL, "x.yaml", [change])


WEIGHTS = st.builds(
    Reweight, st.sampled_from([site.id for site in parse(REFERENCE.read_text(), str(REFERENCE)).sites]), st.integers(0, 9)
)
STEERS = st.builds(
    Steer,
    st.just(HOST),
    st.builds(
        Rule,
        st.builds(
            Match, st.just((ip_network("192.0.2.0/24"),)), st.lists(st.integers(1, 99), max_size=2, unique=True).map(tuple)
        ),
        st.sampled_from(["prefer", "only", "never"]),
        st.just(("jp-tokyo-1", "eu")),
        st.none() | st.dates(),
    ),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(WEIGHTS | STEERS, max_size=5))
def test_the_reference_configuration_takes_any_changes_and_keeps_its_comments(changes):
    text = REFERENCE.read_text()
    base = parse(text, str(REFERENCE))
    new = edited(text, str(REFERENCE), changes)
    wanted, got = overlaid(base, changes), parse(new, str(REFERENCE))
    assert (got.sites, got.services, got.zones) == (wanted.sites, wanted.services, wanted.zones)
    assert [line for line in text.splitlines() if "#" in line] == [line for line in new.splitlines() if "#" in line]


@pytest.mark.parametrize("file", sorted(CORPUS.iterdir()), ids=lambda file: file.name)
def test_the_corpus_is_changed_as_meant_or_refused(file):
    fuzz_edit.one_input(file.read_bytes())


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, len(SMALL)),
    st.sampled_from(["", " ", "\n", "#", ",", "- ", "&x ", "*x", "{", "]", ": ", "\t", "'", "|\n", "\ufeff", "\x85", "\u2028"]),
)
def test_no_text_is_changed_to_what_was_not_meant(at, added):
    fuzz_edit.one_input((SMALL[:at] + added + SMALL[at:]).encode())
