"""Whatever a file of another server holds, it is imported or told: never a traceback, never a configuration with faults."""

from __future__ import annotations

from pathlib import Path

import dns.name
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gslb.config import parse
from gslb.config.importers.bind import written
from gslb.config.importers.masterfile import MasterFile
from gslb.config.importers.notes import Notes
from tests.fuzz import fuzz_gdnsd, fuzz_masterfile, fuzz_mirrorbits

SIGNS = [
    "@",
    "(",
    ")",
    ";",
    '"',
    "\\",
    "\n",
    " ",
    "$TTL",
    "$ORIGIN",
    "$INCLUDE",
    "$GENERATE",
    "1-3",
    "$",
    "IN",
    "300",
    "SOA",
    "NS",
    "A",
    "TXT",
]
WORDS = [
    "plugins",
    "=>",
    "{",
    "}",
    "[",
    "]",
    "geoip",
    "maps",
    "resources",
    "map",
    "dcmap",
    "nets",
    "multifo",
    "metafo",
    "w",
    "192.0.2.1",
    "!",
    "\n",
    " ",
]
LABELS = st.text("ab", min_size=1, max_size=2)
NAMES = st.lists(LABELS, max_size=2).map(".".join).map(lambda name: name or "@")
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\'), max_size=9)
DATA = st.one_of(
    st.tuples(st.just("A"), st.ip_addresses(v=4).map(str)),
    st.tuples(st.just("AAAA"), st.ip_addresses(v=6).map(str)),
    st.tuples(st.just("TXT"), PRINTABLE.map('"{}"'.format)),
    st.tuples(st.just("MX"), NAMES.map("10 {}".format)),
    st.tuples(st.just("SRV"), NAMES.map("0 0 80 {}".format)),
    st.tuples(st.just("CNAME"), NAMES),
)  # fmt: skip
LINES = st.lists(
    st.tuples(NAMES, st.integers(0, 9).map(str), DATA).map(lambda one: f"{one[0]} {one[1]} {' '.join(one[2])}\n"), max_size=8
)


@settings(max_examples=40)
@given(st.text() | st.lists(st.sampled_from(SIGNS), max_size=40).map(" ".join))
def test_any_zone_file(text):
    fuzz_masterfile.one_input(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join),
    st.lists(st.sampled_from([*SIGNS, "DYNA", "multifo!w"])).map(" ".join),
)
def test_any_directory_of_gdnsd(config, zone):
    fuzz_gdnsd.one_input(f"{config}\n---\n{zone}".encode())


@settings(max_examples=40)
@example(["@ 0 MX 10 @\n", "@ 6 MX 10 @\n", "@ 6 CNAME @\n", "@ 7 CNAME a.a\n", "@ 3 CNAME a.a\n"])
@given(LINES)
def test_records_are_taken_or_told(lines):
    """Each record that can stand in our zone stands in it, and the lines of all others are told."""
    head = "@ SOA ns1 host 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.53\n"
    reader = MasterFile(dns.name.from_text("example.net"), Notes())
    reader.read_text("$TTL 300\n" + head + "".join(lines), fuzz_masterfile.FILE)
    imported = written(reader, fuzz_masterfile.FILE)
    [zone] = parse(imported.text + fuzz_masterfile.REST, "test.yaml").zones
    kept = {(record.owner, record.type, record.rdata) for record in zone.records}
    told = {note.place.line for note in imported.notes if note.lost}
    lost = {record_of(found) for found in reader.found if found.place.line in told}
    for found in reader.found[3:]:
        record = record_of(found)
        assert record in kept or record in lost or record[0] == "ns1.example.net"


def record_of(found):
    """Two lines with one record, whatever their TTL, are one."""
    return (found.owner.to_text(omit_final_dot=True), found.type, found.rdata.to_wire())


@pytest.mark.parametrize("target", [fuzz_masterfile, fuzz_gdnsd, fuzz_mirrorbits], ids=["masterfile", "gdnsd", "mirrorbits"])
def test_the_kept_inputs_of_the_fuzzer(target):
    name = target.__name__.rpartition("fuzz_")[2]
    kept = sorted((Path(target.__file__).parent / "corpus" / name).iterdir())
    assert len(kept) >= 3
    for path in kept:
        target.one_input(path.read_bytes())
