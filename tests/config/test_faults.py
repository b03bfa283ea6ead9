"""Every kind of fault, with the exact line that a person reads. The cases are in faults.txt, one block each."""

from pathlib import Path
from typing import NamedTuple

import pytest

from gslb.config import parse
from gslb.errors import ConfigurationError
from tests.config.base import BASE, FILE


class Case(NamedTuple):
    name: str
    old: str
    new: str
    faults: list[str]


def _cases() -> list[Case]:
    blocks = (Path(__file__).parent / "faults.txt").read_text().split("\n\n")[1:]
    return [_case(block.strip("\n").split("\n")) for block in blocks]


def _case(lines: list[str]) -> Case:
    def marked(signs: str) -> str:
        return "".join(f"{line[1:]}\n" for line in lines if line[0] in signs)

    faults = [f"{FILE}:{line[2:]}" for line in lines if line[0] == "="]
    return Case(lines[0][2:], marked(" -"), marked(" +"), faults)


CASES = _cases()


def test_the_base_has_no_fault():
    assert parse(BASE, FILE).node == "tokyo-1"


def test_more_than_thirty_kinds_are_written_out():
    assert len(CASES) > 100
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name.replace(" ", "-") for case in CASES])
def test_a_fault_is_told_as_written(case):
    assert BASE.count(case.old) == 1
    with pytest.raises(ConfigurationError) as caught:
        parse(BASE.replace(case.old, case.new), FILE)
    assert [str(fault) for fault in caught.value.faults] == case.faults


def test_every_fault_is_told_at_once_in_the_order_of_the_file():
    text = BASE
    for case in CASES:
        if text.count(case.old) == 1 and case.name in (
            "a weight below nothing",
            "a TTL of part of a second",
            "a number out of range",
        ):
            text = text.replace(case.old, case.new)
    with pytest.raises(ConfigurationError) as caught:
        parse(text, FILE)
    assert [fault.key for fault in caught.value.faults] == ["zones[0].ttl", "sites[0].weight", "probes.rise"]
    assert str(caught.value).count("\n") == 2
