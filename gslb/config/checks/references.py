"""Names that must be names of something."""

from __future__ import annotations

from collections.abc import Iterable

from gslb.config.faults import Faults, did_you_mean, quoted
from gslb.config.schema import Node


def check_target(name: str, node: Node, known: Iterable[str], what: str, faults: Faults) -> None:
    names = sorted(known)
    if name not in names:
        faults.add(
            node.line, node.path, f"{quoted(name)} is not a {what} of `sites`{did_you_mean(name, names)}"
        )
