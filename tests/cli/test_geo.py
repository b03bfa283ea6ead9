"""`gslb geo`: where an address is, and the bundled database built again."""

import json

import pytest

from gslb.cli.entry import run
from gslb.geo import BUNDLED_PATH


@pytest.mark.parametrize(("address", "country"), [("133.11.0.1", "JP"), ("18.0.0.0/16", "US"), ("2001:200::1", "JP")])
def test_an_address_is_told_with_the_block_for_which_it_holds(address, country, capsys):
    assert run(["geo", "lookup", address]) == 0
    network, _, where = capsys.readouterr().out.partition(": ")
    assert "/" in network
    assert where.startswith(f"{country}, ")


def test_an_address_nobody_knows_is_told_so(capsys):
    assert run(["geo", "lookup", "10.0.0.1"]) == 0
    assert capsys.readouterr().out.endswith(": not known\n")


def test_the_overrides_of_a_configuration_count(capsys):
    assert run(["geo", "lookup", "203.0.113.9", "--config", "config/inetboot.yaml", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["network"], told["country"], told["asn"]) == ("203.0.113.0/24", "JP", 2500)


def test_a_database_that_is_none_is_a_line(tmp_path, capsys):
    bad = tmp_path / "bad.mmdb"
    bad.write_bytes(b"not a database")
    assert run(["geo", "build", str(bad), str(tmp_path / "out.mmdb")]) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"{bad}: ")
    assert said.err.count("\n") == 1


def test_what_is_built_can_be_looked_up(tmp_path, capsys):
    """Of the bundled database itself: what is reduced already stays as it is."""
    out = tmp_path / "out.mmdb"
    assert run(["geo", "build", str(BUNDLED_PATH), str(out)]) == 0
    assert out.stat().st_size > 1_000_000
    assert f"{out}: " in capsys.readouterr().err


def test_the_blocks_of_a_database_are_listed_beside_it(tmp_path, capsys):
    database = tmp_path / "own.mmdb"
    database.write_bytes(BUNDLED_PATH.read_bytes())
    assert run(["geo", "blocks", str(database)]) == 0
    listed = tmp_path / "own.mmdb.blocks"
    assert capsys.readouterr().err == f"{listed}: 319201 blocks\n"
    assert listed.read_bytes() == BUNDLED_PATH.with_name("bundled.mmdb.blocks").read_bytes()
