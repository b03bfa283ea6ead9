"""Secrets that a worker needs to answer with. Keys that zones are signed with are not among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gslb.model import TsigAlgorithm


@dataclass(frozen=True, slots=True)
class TsigSecret:
    algorithm: TsigAlgorithm
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keyring:
    """`cookies`: the first makes server cookies, all are believed. `tsig` by the name of the key, lower case, no final dot."""

    cookies: tuple[bytes, ...] = field(default=(), repr=False)
    tsig: Mapping[str, TsigSecret] = field(default_factory=dict)
