"""Whatever a file holds, it is a Configuration or faults: never a traceback."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gslb.config import load, parse
from gslb.config.zonetext import parse_records
from gslb.errors import ConfigurationError, Fault
from tests.config.base import BASE, FILE
from tests.fuzz import fuzz_config, fuzz_zonetext

WORDS = sorted(set(BASE.replace(",", " ").split()))
YAML_SIGNS = ["{", "}", "[", "]", ": ", "- ", "\n", "  ", "'", '"', "|", ">", "&a", "*a", "<<", "!!str", "#", "~", "?", "%", "\t"]
ZONE_SIGNS = ["@", "(", ")", ";", '"', "\\", "\\#", "\n", " ", "$TTL", "$ORIGIN", "IN", "300", "TYPE1", "."]


def faults_of(text: str) -> tuple[Fault, ...]:
    try:
        parse(text, FILE)
    except ConfigurationError as error:
        return error.faults
    return ()


def check(text: str) -> None:
    faults = faults_of(text)
    assert all(fault.line >= 1 and fault.key and fault.message for fault in faults)
    assert all(str(fault).isprintable() for fault in faults)
    assert [fault.line for fault in faults] == sorted(fault.line for fault in faults)


@given(st.text())
@example("")
@example("\ud800")
@example("'\U0010ffff'")
def test_any_text(text):
    check(text)


@given(st.lists(st.sampled_from([*WORDS, *YAML_SIGNS]), max_size=40).map("".join))
def test_any_sequence_of_what_yaml_is_made_of(text):
    check(text)


@given(st.binary())
def test_any_bytes(tmp_path_factory, raw):
    path = tmp_path_factory.getbasetemp() / FILE
    path.write_bytes(raw)
    with pytest.raises(ConfigurationError):
        load(path)


SOUND = [BASE, (Path(__file__).parents[2] / "config" / "inetboot.yaml").read_text()]


@given(
    st.sampled_from(SOUND),
    st.lists(
        st.tuples(
            st.integers(0, 60),
            st.sampled_from(["drop", "double", "swap", "replace", "insert"]),
            st.integers(0, 79),
            st.one_of(st.sampled_from([*WORDS, *YAML_SIGNS]), st.text(max_size=3)),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_a_sound_configuration_with_small_changes(text, changes):
    lines = text.splitlines(keepends=True)
    for number, change, column, signs in changes:
        line = lines[number]
        match change:
            case "drop":
                lines[number] = ""
            case "double":
                lines[number] = line * 2
            case "swap":
                lines[number], lines[number - 1] = lines[number - 1], line
            case "replace":
                lines[number] = line[:column] + signs + line[column + len(signs) :]
            case "insert":
                lines[number] = line[:column] + signs + line[column:]
    check("".join(lines))


@given(st.one_of(st.text(), st.lists(st.sampled_from([*ZONE_SIGNS, *"aA 1:/"]), max_size=60).map("".join)))
def test_any_zone_text(text):
    written, wrong = parse_records(text, "example.net", 300)
    for record, line, *_ in written:
        assert record.owner == record.owner.lower().rstrip(".")
        assert record.owner.isascii()
        assert 0 <= record.ttl_s < 2**31
        assert 0 < record.type < 65536
        assert len(record.rdata) < 65536
        assert 0 <= line <= text.count("\n")
    assert all(0 <= misprint.line <= text.count("\n") and misprint.message for misprint in wrong)


@given(
    st.text("ab", min_size=1, max_size=5),
    st.integers(0, 2**31 - 1),
    st.ip_addresses(v=4),
    st.booleans(),
    st.booleans(),
)
def test_an_address_record_means_what_it_says(label, ttl_s, address, ttl_first, quiet):
    middle = "" if quiet else f"{ttl_s} IN" if ttl_first else f"IN {ttl_s}"
    [written], wrong = parse_records(f"{label} {middle} A {address}", "example.net", 300)
    assert not wrong
    assert written.record.owner == f"{label}.example.net"
    assert written.record.ttl_s == (300 if quiet else ttl_s)
    assert written.record.rdata == address.packed


@pytest.mark.parametrize("target", [fuzz_config, fuzz_zonetext], ids=["config", "zonetext"])
def test_the_kept_inputs_of_the_fuzzer(target):
    name = target.__name__.rpartition("fuzz_")[2]
    kept = sorted((Path(target.__file__).parent / "corpus" / name).iterdir())
    assert kept
    for path in kept:
        target.one_input(path.read_bytes())
