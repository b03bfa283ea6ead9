"""Names that must be names of something."""

from __future__ import annotations

from gslb.config.faults import Faults, quoted
from gslb.config.schema import Node


def check_target(name: str, node: Node, known: set[str] | None, what: str, faults: Faults) -> None:
    """`known` is None where it can't be told what is known: then a fault of a site has been told already."""
    names = sorted(known or ())
    if known is not None and name not in known:
        faults.add(node.line, node.path, f"{quoted(name)} is not a {what} of `sites`{faults.did_you_mean(name, names)}")
