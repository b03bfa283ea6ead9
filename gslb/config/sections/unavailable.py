"""Keys of the contract whose features this version does not have.

They are read for their shape and are then a fault each: what is asked for must not be left out in silence.
"""

from __future__ import annotations

from typing import Any

from gslb.config.faults import Faults
from gslb.config.kinds import TEXT
from gslb.config.schema import Key, Kind, Node, list_of, optional, required, section

_LATER = "is not available in this version; leave it out"


def _later(name: str, kind: Kind[Any], about: str) -> Key[None]:
    def read(node: Node, faults: Faults) -> None:
        kind.read(node, faults)
        faults.add(node.line, node.path, _LATER)

    return optional(name, Kind(kind.words, read), f"{about} Not available in this version.", "off")


CLUSTER = _later(
    "cluster",
    section(required("nats", list_of(TEXT, at_least=1, or_one=True), "Servers of the bus.")),
    "Several nodes.",
)
