"""What delv, dnsviz and zonemaster say of our signed zone, below a root and a parent of the test's own.

The world is `tests/scenarios/peers/judged.py`, in a network namespace; all judges look at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.peers.judged import QUESTIONS
from tests.scenarios.peers.process import program
from tests.scenarios.peers.world import CHILD

pytestmark = pytest.mark.needs_root

# What zonemaster notices and we mean: none of it is a warning.
MEANT = {
    "REFRESH_MINIMUM_VALUE_LOWER": "secondaries are told by NOTIFY, and look every hour all the same",
    "RETRY_MINIMUM_VALUE_LOWER": "a secondary that missed us tries again after ten minutes",
    "SOA_DEFAULT_TTL_MAXIMUM_VALUE_LOWER": "`negative_ttl`: a name that is added is not to stay unknown for five minutes",
    "Z09_MISSING_MAIL_TARGET": "nobody gets mail at this name",
}
NEGATIVE = {"steered, no such type", "nodata", "nxdomain", "nxdomain, deep", "wildcard, nodata", "empty non-terminal"}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the verdicts."""
    for name in ("delv", "dnsviz", "zonemaster-cli", "knotd", "unbound"):
        program(name)
    folder = tmp_path_factory.mktemp("judged")
    project = Path(__file__).parents[2]
    command = ["unshare", "-n", sys.executable, "-m", "tests.scenarios.peers.judged", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(project)}
    said = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False, cwd=project, env=environment)
    assert said.returncode == 0, said.stderr
    return folder


def verdict(folder: Path, judge: str) -> Any:
    return json.loads((folder / "verdicts.json").read_text())[judge]


@pytest.mark.parametrize("question", QUESTIONS)
def test_delv_validates_from_the_root_down(judged: Path, question: str) -> None:
    """RFC 4035 section 5: positive, NODATA, NXDOMAIN, a wildcard's, and an empty non-terminal."""
    said = verdict(judged, f"delv {question}")
    validated = "; negative response, fully validated" if question in NEGATIVE else "; fully validated"
    assert said["output"].splitlines()[:1] == [validated], said
    assert ("NXDOMAIN" in said["output"]) == question.startswith("nxdomain")


def test_dnsviz_finds_neither_error_nor_warning(judged: Path) -> None:
    assert verdict(judged, "dnsviz")["status"] == 0, verdict(judged, "dnsviz")["errors"]
    found = json.loads((judged / "dnsviz.json").read_text())
    assert f"{CHILD}." in found
    assert list(_faults(found, "")) == []


def test_dnsviz_finds_what_is_wrong_where_something_is(judged: Path) -> None:
    """The parent has the DS of another key: a judge that passed this would prove nothing."""
    assert verdict(judged, "dnsviz, wrong")["status"] == 0
    found = json.loads((judged / "wrong.json").read_text())
    assert any(way.startswith(f"/{CHILD}./delegation") for way in _faults(found, ""))


def test_dnsviz_finds_every_answer_secure(judged: Path) -> None:
    """In its words, [.] behind a name or a record."""
    told = (judged / "dnsviz.txt").read_text()
    marked = [line for line in told.splitlines() if "[" in line]
    assert any(line.startswith(CHILD) for line in marked)
    assert [line for line in marked if "[.]" not in line or any(mark in line for mark in ("[-", "[!", "[?", ".?]", ".!]"))] == []


def test_zonemaster_finds_neither_error_nor_warning(judged: Path) -> None:
    said = verdict(judged, "zonemaster")
    assert said["status"] == 0, said["errors"]
    notices = json.loads(said["output"])
    assert [notice for notice in notices if notice["level"] != "NOTICE" or notice["tag"] not in MEANT] == []
    assert {notice["tag"] for notice in notices} == set(MEANT), "what is meant is noticed, so that all tests ran"


def _faults(found: Any, way: str) -> Iterator[str]:
    """Everything called an error or a warning, wherever it is, with the way to it."""
    if isinstance(found, dict):
        for key, value in found.items():
            if key in ("errors", "warnings"):
                yield f"{way}: {json.dumps(value)}"
            else:
                yield from _faults(value, f"{way}/{key}")
    elif isinstance(found, list):
        for number, value in enumerate(found):
            yield from _faults(value, f"{way}/{number}")
