"""`gslb simulate` without a node: what it takes, prints and draws. Beside a node: tests/scenarios/test_simulate.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from gslb.cli.entry import run
from gslb.runtime.demo.sites import SITES
from gslb.steering.simulation.picture import svg
from tests.scenarios.node import document, site

JAPAN = "network,weight\n" + "".join(f"133.{number}.0.0/16,{number}\n" for number in range(1, 100))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Thirteen sites with a capacity, and no node."""
    return configured(tmp_path, "gslb.yaml")


@pytest.fixture
def japan(tmp_path: Path) -> str:
    path = tmp_path / "japan.csv"
    path.write_text(JAPAN)
    return f"networks:{path}"


def configured(folder: Path, name: str, *left_out: str) -> Path:
    path = folder / name
    sites = [site(each, 9, capacity=100) for each in SITES if each.id not in left_out]
    path.write_text(json.dumps(document(sites, folder / "state")))
    return path


def simulated(capsys: pytest.CaptureFixture[str], *words: object) -> Any:
    assert run(["simulate", *map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert run(["simulate", *map(str, words)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_all_countries_are_asked_about_and_it_says_that_no_node_was(file, capsys):
    told = simulated(capsys, file, "--clients", 1000)
    assert told["source"]["kind"] == "nothing"
    assert "the number of clients is given" in told["source"]["text"]
    assert told["population"]["kind"] == "countries"
    assert 900 < told["population"]["clients"] < 1300
    assert sum(row["before"]["share"] for row in told["sites"]) == pytest.approx(1, abs=1e-4)
    assert told["moved"] == 0


def test_sites_off_and_drained_move_their_clients_and_the_rest_stays(file, japan, capsys):
    told = simulated(capsys, file, "--population", japan, "--off", "jp-tokyo-1", "--drain", "jp-nagoya-1", "--load", 500)
    assert "no node answers" in told["source"]["text"]
    assert {move["from"] for move in told["moves"]} == {"jp-tokyo-1", "jp-nagoya-1"}
    assert told["sentence"].startswith("Without jp-tokyo-1, with jp-nagoya-1 drained, ")
    rows = {row["site"]: row for row in told["sites"]}
    assert all(row["after"]["overloaded"] == (row["after"]["share"] * 500 > 100) for row in rows.values())
    assert any(row["after"]["overloaded"] for row in rows.values())
    assert rows["jp-tokyo-1"]["after"]["share"] == 0


@pytest.mark.parametrize("rule", ["--prefer=JP=us-dallas-1", "--only=133.0.0.0/8=us-dallas-1", "--only=jp=us-dallas-1"])
def test_a_rule_sends_whom_it_names(file, japan, capsys, rule):
    told = simulated(capsys, file, "--population", japan, rule)
    assert {row["site"]: row["after"]["share"] for row in told["sites"] if row["after"]["share"]} == {"us-dallas-1": 1}


def test_never_and_another_weight(file, japan, capsys):
    told = simulated(capsys, file, "--population", japan, "--never", "JP=jp", "--weight", "us-sanjose-1=0")
    used = {row["site"] for row in told["sites"] if row["after"]["share"]}
    assert used
    assert not any(name.startswith("jp-") or name == "us-sanjose-1" for name in used)


def test_another_configuration_is_put_beside_this_one(file, japan, tmp_path, capsys):
    other = configured(tmp_path, "other.yaml", "jp-tokyo-1")
    told = simulated(capsys, file, "--with", other, "--population", japan)
    assert {move["from"] for move in told["moves"]} == {"jp-tokyo-1"}
    assert told["sentence"].startswith("Under the other configuration, ")
    assert "another configuration is tried" in told["source"]["text"]


def test_people_get_tables_and_sentences(file, japan, capsys):
    assert run(["simulate", str(file), "--population", japan, "--off", "jp-tokyo-1", "--load", "500"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("every site is taken as unknown")
    assert next(line for line in lines if line.startswith("Without jp-tokyo-1, "))
    assert next(line for line in lines if line.startswith("jp-tokyo-1 ")).split()[3] == "0.0%"
    assert next(line for line in lines if line.startswith("no site is overloaded up to "))


def test_a_log_of_addresses_is_a_population(file, tmp_path, capsys):
    log = tmp_path / "access.log"
    log.write_text("133.11.0.1 - - x\n141.20.1.1 - - y\n" + "z" * 200_000 + "\n133.11.0.2\n")
    told = simulated(capsys, file, "--population", f"log:{log}")
    assert told["population"]["clients"] == 2
    assert "3 queries of 2 networks" in told["population"]["source"]
    assert "1 could not be read" in told["population"]["source"]


def test_what_can_not_be_meant_is_a_line_and_exit_code_2(file, tmp_path, capsys):
    assert "there is no site mars; there is us-sanjose-1" in refused(capsys, file, "--off", "mars")
    assert "there is no site mars" in refused(capsys, file, "--weight", "mars=1")
    assert "is no weight; write SITE=N" in refused(capsys, file, "--weight", "jp-tokyo-1=-1")
    assert "write MATCH=SITE" in refused(capsys, file, "--prefer", "JP")
    assert "there is no site or region mars" in refused(capsys, file, "--never", "JP=mars")
    assert "'XX' is no network, AS number or country" in refused(capsys, file, "--never", "XX=jp")
    assert "is no population; write countries, recent, log:FILE or networks:FILE" in refused(capsys, file, "--population", "all")
    assert "No such file or directory" in refused(capsys, file, "--population", f"log:{tmp_path / 'none'}")
    assert "only a node knows who asked it lately" in refused(capsys, file, "--population", "recent")
    assert "0 is no load" in refused(capsys, file, "--load", "0")
    assert "there is no service other.example by dns" in refused(capsys, file, "--service", "other.example")


def test_a_picture_is_sound_svg_and_says_nothing_but_what_it_was_told(file, japan, tmp_path, capsys):
    out = tmp_path / "what-if.svg"
    told = simulated(capsys, file, "--population", japan, "--off", "jp-tokyo-1", "--load", 500, "--svg", out)
    root = ElementTree.fromstring(out.read_text())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    words = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"us", "eu", "jp"} <= set(words)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}rect"))) == 2 + 2 * 13
    evil = {**told, "sentence": '</desc><script>alert(1)</script>\x1b[31m"&', "service": "<b>"}
    drawn = svg(evil)
    assert "<script" not in drawn
    assert "\x1b" not in drawn
    ElementTree.fromstring(drawn)
    assert run(["simulate", str(file), "--population", japan, "--svg", str(tmp_path / "no" / "x.svg")]) == 1
    assert "No such file or directory" in capsys.readouterr().err
