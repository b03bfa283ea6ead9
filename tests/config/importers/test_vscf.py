"""vscf as gdnsd.config(5) describes it."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.config.importers.gdnsd.vscf import Array, Hash, Misread, Scalar, Value, Vscf


def plain(value: Value) -> Any:
    if isinstance(value, Scalar):
        return value.text
    if isinstance(value, Array):
        return [plain(item) for item in value.items]
    return {entry.key: plain(entry.value) for entry in value.entries}


def read(text: str) -> Any:
    return plain(Vscf().text(text, "config"))


def misread(text: str) -> str:
    with pytest.raises(Misread) as caught:
        Vscf().text(text, "config")
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "options = {\n  listen = [ 192.0.2.1, 192.0.2.2 ],\n}\n",
        '"options" => {\n  listen => [ 192.0.2.1 192.0.2.2 ]\n}',
        "options={listen=[192.0.2.1 192.0.2.2]}",
        "options = { # shell\n listen => [ 192.0.2.1 ; zone file\n 192.0.2.2, ] }",
    ],
)
def test_the_ways_to_write_one_thing(text):
    assert read(text) == {"options": {"listen": ["192.0.2.1", "192.0.2.2"]}}


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("example", "example"),
        ('"example"', "example"),
        ("ex\\097mpl\\e", "example"),
        ('"ex\\097mpl\\e"', "example"),
        ('internal\\"doublequote', 'internal"doublequote'),
        ('"white space"', "white space"),
        ("white\\ space", "white space"),
        ("braces\\{every\\[where\\]oh\\}my", "braces{every[where]oh}my"),
        ('"\\\\==="', "\\==="),
        ("\\092\\=\\=\\=", "\\==="),
        ('"two\nlines"', "two\nlines"),
        ("2001:DB8::1", "2001:DB8::1"),
        ("%multifo!res", "%multifo!res"),
        ("\\$x", "$x"),
        ('""', ""),
    ],
)
def test_strings(written, text):
    assert read(f"a => {written}\nb => {{}}") == {"a": text, "b": {}}


def test_each_thing_knows_its_line():
    found = Vscf().text("a => {\n  b =>\n [ c,\n d ] }", "config")
    assert isinstance(found, Hash)
    [outer] = found.entries
    assert isinstance(outer.value, Hash)
    [inner] = outer.value.entries
    assert isinstance(inner.value, Array)
    assert (outer.place.line, inner.place.line, [item.place.line for item in inner.value.items]) == (1, 2, [3, 4])


def test_files_are_included_as_values_and_among_keys(tmp_path):
    (tmp_path / "value").write_text("[ x y ]")
    (tmp_path / "more").mkdir()
    for name in ("one", "two"):
        (tmp_path / "more" / name).write_text(f"{name} => {{ $include{{../leaf}} }}")
    (tmp_path / "leaf").write_text("leaf => 1")
    (tmp_path / "config").write_text('a => $include{value}\n$include{ "more" }\n')
    leaf = {"leaf": "1"}
    assert plain(Vscf().file(str(tmp_path / "config"))) == {"a": ["x", "y"], "one": leaf, "two": leaf}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a", "config:1: a has no value; = or => is missing"),
        ("a => {\nb => 1\n", "config:1: has a { that is never closed"),
        ("a => [\nb", "config:1: has a [ that is never closed"),
        ("[ a ] b", "config:1: goes on behind the ] that ends it"),
        ("a => }", "config:1: has } where a value belongs"),
        ("a =>", "config:1: ends where a value belongs"),
        ("a => 1\n\na => 2", "config:3: a is written twice"),
        ("a => \\999", "config:1: \\999 is not the number of an octet"),
        ("a => $b", "config:1: has $ where a value belongs"),
        ("a => $include{nothing*}", "config:1: includes nothing*, and there is no such file"),
        ("a => " + "[" * 30, "config:1: is nested more than 24 deep"),
        ("x" + "=[]x" * 200_000, "config:1: x is written twice"),
    ],
)
def test_what_is_wrong_is_told(text, said):
    assert misread(text) == said


def test_too_many_values_are_refused():
    assert misread("a => [" + " b" * 300_001) == "config:1: holds more than 300000 values"


def test_files_that_include_each_other_end(tmp_path):
    (tmp_path / "config").write_text("a => $include{config}")
    with pytest.raises(Misread, match="is the 6th file within another; is it a circle"):
        Vscf().file(str(tmp_path / "config"))


TREES = st.recursive(
    st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def written(tree: Any) -> str:
    if isinstance(tree, str):
        escaped = "".join(f"\\{sign}" if sign in '"\\' else sign for sign in tree)
        return f'"{escaped}"'
    if isinstance(tree, list):
        return f"[ {' , '.join(map(written, tree))} ]"
    return f"{{ {' '.join(f'{written(key)} => {written(value)}' for key, value in tree.items())} }}"


@given(st.dictionaries(st.text(max_size=4), TREES, max_size=4))
def test_what_is_written_is_read(tree):
    assert read(written(tree)[1:-1]) == tree


@given(st.text() | st.lists(st.sampled_from([*'{}[]"=\\,;# \n', "=>", "a", "0", "$include{", "\\0"]), max_size=40).map("".join))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(Misread):
        assert isinstance(Vscf().text(text, "/nowhere/config"), Hash | Array)
