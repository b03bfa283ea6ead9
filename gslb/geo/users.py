"""How many people of each country use the Internet: the weights of a population that nobody has measured.

The figures are of about 2019 and come from others; the head of data/users.csv says from whom, and NOTICE under which licence.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

YEAR: Final = 2019
_FILE = Path(__file__).with_name("data") / "users.csv"


class Users(NamedTuple):
    """`millionths` are of all users of the Internet together."""

    name: str
    millionths: int


@cache
def users() -> dict[str, Users]:
    """By ISO 3166-1 code of two letters."""
    lines = (line.split(",") for line in _FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {country: Users(name, int(millionths)) for country, name, millionths in lines}


def name_of(country: str) -> str:
    """In English; the code itself where there is no figure."""
    known = users().get(country)
    return country if known is None else known.name
