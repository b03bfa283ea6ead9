"""Overrides of places."""

from __future__ import annotations

from gslb.config import values
from gslb.config.draft import Draft
from gslb.config.faults import Faults
from gslb.config.schema import Table, plain
from gslb.config.sections import geo, root
from gslb.model import Network, Place


def check(draft: Draft, faults: Faults) -> None:
    table = draft.root.value(root.GEO_)
    said: dict[Network, tuple[Network, Table, Place]] = {}
    for override in plain(table.value(geo.OVERRIDES)) if table else ():
        _says_something(override, faults)
        network = override.value(geo.NETWORK_)
        if network is not None:
            _agrees(override, network, said, faults)


def _says_something(override: Table, faults: Faults) -> None:
    if not any(key in override for key in (geo.COUNTRY_, geo.LOCATION_, geo.ASN_)):
        node = override.node
        faults.add(node.line, node.path, "says nothing about its network; write country, location or asn")


def _agrees(override: Table, network: Network, said: dict[Network, tuple[Network, Table, Place]], faults: Faults) -> None:
    unit = values.steering_unit(network)
    place = Place(override.value(geo.COUNTRY_), override.value(geo.LOCATION_), override.value(geo.ASN_))
    other, first, otherwise = said.setdefault(unit, (network, override, place))
    if first is override:
        return
    node = override.at(geo.NETWORK_)
    if other == network:
        faults.add(node.line, node.path, f"{network} is already overridden by {first.node.path}; keep one of the two")
    elif place != otherwise:
        both = f"{network} and {other} of {first.node.path}"
        message = f"{both} lie in {unit}, which is steered as one; let them agree"
        faults.add(node.line, node.path, message)
