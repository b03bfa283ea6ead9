"""`gslb check`: nothing where all is well, every fault in its place where it is not, and what a change would move."""

import json
from pathlib import Path

import pytest

from gslb.cli.entry import run

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "config/inetboot.yaml"
FILES = [
    path for path in sorted((ROOT / "config").rglob("*.yaml")) if path.parent.name != "prometheus"
]  # promtool looks at those


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_we_ship_is_valid_and_check_says_nothing(file, capsys):
    assert run(["check", str(file)]) == 0
    assert capsys.readouterr() == ("", "")


def test_every_fault_is_a_line_with_its_place_and_nothing_else_is_said(tmp_path, capsys):
    file = tmp_path / "gslb.yaml"
    text = REFERENCE.read_text()
    file.write_text(text.replace("interval: 10s", "interval: 10").replace("country: GB", "country: UK"))
    lines = file.read_text().splitlines()
    assert run(["check", str(file)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    places = [line.split(": ", 2) for line in said.err.splitlines()]
    assert [place[1] for place in places] == ["sites[3].country", "probes.interval"]
    for where, _, sentence in places:
        name, _, number = where.rpartition(":")
        assert name == str(file)
        assert any(word in lines[int(number) - 1] for word in ("UK", "interval"))
        assert len(sentence) > 10


def test_a_valid_file_has_a_document_for_programs(capsys):
    assert run(["check", str(REFERENCE), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["faults"], len(told["digest"])) == ([], 64)


def test_faults_are_in_the_document_for_programs_too(tmp_path, capsys):
    file = tmp_path / "gslb.yaml"
    file.write_text("node: n\nprobes: {interval: soon}\n")
    assert run(["check", str(file), "--json"]) == 2
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert told["digest"] is None
    assert [
        f"{each['file']}:{each['line']}: {each['key']}: {each['message']}" for each in told["faults"]
    ] == said.err.splitlines()


def test_databases_that_can_not_be_used_are_faults_with_their_line(tmp_path, capsys):
    file, junk = tmp_path / "gslb.yaml", tmp_path / "junk.mmdb"
    junk.write_text("junk")
    file.write_text(REFERENCE.read_text().replace("[bundled]", "[none.mmdb, bundled, junk.mmdb]"))
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if "none.mmdb" in text)
    assert run(["check", str(file)]) == 2
    none, broken = capsys.readouterr().err.splitlines()
    assert none.startswith(f"{file}:{line}: geo.databases[0]: {tmp_path}/none.mmdb: can't be read")
    assert broken.startswith(f"{file}:{line}: geo.databases[2]: {junk}: is no MaxMind database")


@pytest.fixture
def smaller(tmp_path: Path) -> tuple[Path, Path]:
    """A map of Japan and Germany, with and without its Tokyo site."""
    both, one = tmp_path / "both.yaml", tmp_path / "one.yaml"
    tokyo = "  - {id: tokyo, region: jp, location: [35.7, 139.8], addresses: [192.0.2.1], url: 'http://tokyo.example/'}\n"
    berlin = "  - {id: berlin, region: eu, location: [52.5, 13.4], addresses: [192.0.2.2], url: 'http://berlin.example/'}\n"
    for file, sites in ((both, tokyo + berlin), (one, berlin)):
        file.write_text(f"node: n\nsites:\n{sites}services:\n  - {{host: boot.example, via: [http], check: {{type: tcp}}}}\n")
    return both, one


def test_compare_tells_the_share_of_the_address_space_that_moves_and_where_to(smaller, capsys):
    assert run(["check", "--compare", *map(str, smaller), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["services"]
    (move,) = told["moves"]
    assert (told["family"], move["from"], move["to"]) == (4, "tokyo", "berlin")
    assert 0.15 < told["moved"] == move["share"] < 0.6


def test_compare_with_itself_moves_nothing(smaller, capsys):
    assert run(["check", "--compare", str(smaller[0]), str(smaller[0])]) == 0
    assert capsys.readouterr().out == "boot.example over IPv4: 0.00% of the address space would move\n"
