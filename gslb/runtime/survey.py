"""What the process that grows the trees of scopes hands back, in octets: a line of JSON, then the borders of each tree."""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gslb.geo.blocks import little_endian
from gslb.geo.overlay import FAMILIES
from gslb.model import Family
from gslb.steering import Scopes, ScopeTree

CODES: Final[Mapping[Family, str]] = {4: "I", 6: "Q"}  # of arrays: 24 bits of a /24, 56 of a /56


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """`blocks` by family are those of all databases, overrides and rules together; `built` the lists that had to be made."""

    scopes: Scopes
    blocks: Mapping[Family, int]
    built: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def dump(survey: Survey) -> bytes:
    trees = survey.scopes.trees
    head = {
        "geo": survey.scopes.geo,
        "blocks": [survey.blocks[family] for family in FAMILIES],
        "built": survey.built,
        "notices": survey.notices,
        "trees": [[key, *(len(tree.borders[family]) for family in FAMILIES)] for key, tree in trees.items()],
    }
    columns = [little_endian(array(CODES[family], tree.borders[family])) for tree in trees.values() for family in FAMILIES]
    return b"".join((json.dumps(head).encode(), b"\n", *(column.tobytes() for column in columns)))


def load(data: bytes) -> Survey:
    """Raises ValueError for what `dump` did not make."""
    line, _, rest = data.partition(b"\n")
    try:
        head: dict[str, Any] = json.loads(line)
        trees, at = {}, 0
        for key, *counts in head["trees"]:
            borders: dict[Family, array[int]] = {}
            for family, count in zip(FAMILIES, counts, strict=True):
                borders[family], at = _column(rest, at, CODES[family], count)
            trees[str(key)] = ScopeTree(borders)
        blocks = dict(zip(FAMILIES, map(int, head["blocks"]), strict=True))
        told = tuple(map(str, head["built"])), tuple(map(str, head["notices"]))
        survey = Survey(Scopes(str(head["geo"]), trees), blocks, *told)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("a survey of another shape") from error
    if at != len(rest):
        raise ValueError("a survey with more octets than trees")
    return survey


def _column(data: bytes, at: int, code: str, count: int) -> tuple[array[int], int]:
    column = array(code)
    end = at + count * column.itemsize
    if count < 1 or end > len(data):
        raise ValueError("a survey cut short")
    column.frombytes(data[at:end])
    return little_endian(column), end
