"""YAML as people and programs write it: lines, aliases, and what is refused before it grows."""

import time

import pytest

from gslb.config.faults import Faults
from gslb.config.schema import Node
from gslb.config.tree import Listing, Mapping, Scalar, read_tree


def faults_of(text: str) -> list[str]:
    faults = Faults("f")
    read_tree(text, faults)
    return [str(fault) for fault in faults]


def lines_of(text: str) -> dict[str, int]:
    """The line of every value by its path."""
    faults = Faults("f")
    tree = read_tree(text, faults)
    assert tree is not None
    assert not list(faults)
    return dict(_lines(Node("", tree.line, tree)))


def _lines(node: Node):
    yield node.path, node.line
    if isinstance(node.tree, Listing):
        for index, item in enumerate(node.tree.items):
            yield from _lines(node.item(index, item))
    if isinstance(node.tree, Mapping):
        for entry in node.tree.entries:
            yield from _lines(node.entry(entry))


def test_every_value_knows_its_line():
    text = "a: 1\nb:\n  - x\n  - {c: 2,\n     d: [3,\n         4]}\ne:\n  f\n"
    assert lines_of(text) == {
        "": 1,
        "a": 1,
        "b": 2,
        "b[0]": 3,
        "b[1]": 4,
        "b[1].c": 4,
        "b[1].d": 5,
        "b[1].d[0]": 5,
        "b[1].d[1]": 6,
        "e": 8,
    }


def test_a_value_behind_an_alias_has_the_line_where_it_is_written():
    assert lines_of("a: &x\n  b: 1\nc: *x\n")["c.b"] == 2


def test_json_is_yaml():
    assert lines_of('{\n "a": [\n  "b"\n ]\n}\n')["a[0]"] == 3


@pytest.mark.parametrize("word", ["NO", "no", "yes", "on", "1.10", "0777", "1:30", "2027-03-31", "1e3"])
def test_words_stay_as_they_are_written(word):
    tree = read_tree(f"a: {word}\n", Faults("f"))
    assert isinstance(tree, Mapping)
    assert tree.entries[0].value == Scalar(1, word)


@pytest.mark.parametrize("nothing", ["", "~", "null"])
def test_nothing_is_no_value_and_a_quoted_nothing_is_one(nothing):
    tree = read_tree(f"a: {nothing}\nb: '{nothing}'\n", Faults("f"))
    assert isinstance(tree, Mapping)
    assert [entry.value.empty for entry in tree.entries if isinstance(entry.value, Scalar)] == [True, False]


def test_merged_keys_give_way_to_written_ones():
    tree = read_tree("a: &a {x: 1, y: 2}\nb: &b {z: 3}\nc: {<<: [*a, *b], y: 4}\n", Faults("f"))
    assert isinstance(tree, Mapping)
    merged = tree.entries[2].value
    assert isinstance(merged, Mapping)
    values = {entry.key: entry.value.text for entry in merged.entries if isinstance(entry.value, Scalar)}
    assert values == {"x": "1", "y": "4", "z": "3"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: b: c\n", "f:1: (file): is not YAML: mapping values are not allowed here (column 5)"),
        ('a: 1\nb: "c\n', "f:3: (file): is not YAML: found unexpected end of stream (column 1)"),
        ("a:\n\t- b\n", "f:2: (file): is not YAML: found character '\\t' that cannot start any token (column 1)"),
        ('a: "\\U00110000"\n', "f:1: (file): is not YAML: chr() arg not in range(0x110000)"),
        ("a: *b\n", "f:1: (file): *b refers to no anchor that is written before it"),
        ("a: &a [*a]\n", "f:1: (file): *a refers to no anchor that is written before it"),
        ("a: 1\n---\nb: 2\n", "f:2: (file): holds a second document; take out the `---`"),
        ("? [a]\n: 1\n", "f:1: (file): has a list or a mapping as a key; a key is a word"),
        (
            "a: !!python/name:os.system x\n",
            'f:1: a: has the tag "tag:yaml.org,2002:python/name:os.system"; tags are not used here, leave it out',
        ),
        ('a: "\\0"\n', "f:1: a: holds the control character U+0000; take it out"),
        ('a: ["\\uD800"]\n', "f:1: a[0]: holds the control character U+D800; take it out"),
        ("a: {<<: 1}\n", "f:1: a.<<: merges what is not a mapping; write the alias of a mapping"),
        ("a: 1\nb: 2\na: 3\n", "f:3: a: is written twice, first on line 1; keep one of the two"),
        ("a: {b: 1, b: 2}\n", "f:1: a.b: is written twice, first on line 1; keep one of the two"),
        ('"a\\nb": {c: 1, c: 2}\n', "f:1: a\\nb.c: is written twice, first on line 1; keep one of the two"),
    ],
)
def test_what_can_not_be_meant_is_one_fault(text, fault):
    assert faults_of(text) == [fault]


def test_deep_nesting_is_refused():
    assert faults_of("a: " + "[" * 100_000) == ["f:1: (file): is nested more than 32 deep; no key of a configuration is"]


def test_a_bomb_of_aliases_is_refused_before_it_explodes():
    levels = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 30)]
    text = "\n".join(["a0: &a0 [x]", *levels])
    assert faults_of(text) == ["f:6: (file): holds more than 100000 values, aliases counted; that is too many"]


@pytest.mark.parametrize(
    "text",
    ["[" * 4_000_000, "- " * 2_000_000, "{a: " * 1_000_000, "- a\n" * 1_000_000, "[a," * 1_000_000, "? " * 2_000_000],
    ids=["brackets", "dashes", "braces", "items", "commas", "questions"],
)
def test_megabytes_of_nonsense_are_refused_in_seconds(text):
    start = time.monotonic()
    assert len(faults_of(text)) == 1
    assert time.monotonic() - start < 20
