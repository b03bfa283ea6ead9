"""Zone transfer and the keys that it is signed with."""

from __future__ import annotations

from gslb.config.draft import Draft
from gslb.config.faults import Faults, near_miss
from gslb.config.schema import Table, plain
from gslb.config.sections import root, transfer, zone


def check(draft: Draft, faults: Faults) -> None:
    names = _key_names(draft, faults)
    for each in draft.zones:
        table = each.table.value(zone.TRANSFER_)
        if table is not None:
            _known(table, names, faults)


def _key_names(draft: Draft, faults: Faults) -> dict[str, Table]:
    found: dict[str, Table] = {}
    for table in plain(draft.root.value(root.TSIG_KEYS)):
        name = table.value(transfer.NAME)
        if name is None:
            continue
        first = found.setdefault(name, table)
        if first is not table:
            node = table.at(transfer.NAME)
            faults.add(node.line, node.path, f"{name} is already the name of {first.node.path}; give it another")
    return found


def _known(table: Table, names: dict[str, Table], faults: Faults) -> None:
    name = table.value(transfer.TSIG)
    if name is not None and name not in names:
        node = table.at(transfer.TSIG)
        faults.add(node.line, node.path, f"{name} is none of tsig_keys{near_miss(name, names) or '; add it there'}")
