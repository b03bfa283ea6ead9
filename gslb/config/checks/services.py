"""Services: their regions, chain of filters and probe."""

from __future__ import annotations

from gslb.config.checks.references import check_target
from gslb.config.draft import Draft
from gslb.config.faults import Faults, quoted
from gslb.config.schema import Table, plain
from gslb.config.sections import check as check_section
from gslb.config.sections import probes, root, service
from gslb.config.values import written


def check(draft: Draft, faults: Faults) -> None:
    for table in draft.services:
        _ttl(table, faults)
        _regions(draft, table, faults)
        _policy(table, faults)
        probe = table.value(service.CHECK)
        if probe is not None:
            _probe(probe, faults)
    timing = draft.root.value(root.PROBES_)
    if timing is not None:
        _timing(timing, faults)


def _ttl(table: Table, faults: Faults) -> None:
    ttl = table.value(service.TTL_)
    low, high = (ttl.value(service.TTL_MIN), ttl.value(service.TTL_MAX)) if ttl else (None, None)
    if ttl and low is not None and high is not None and low > high:
        node = ttl.at(service.TTL_MIN if service.TTL_MIN in ttl else service.TTL_MAX)
        faults.add(
            node.line,
            node.path,
            f"the minimum {written(low)} is above the maximum {written(high)}; swap them",
        )


def _regions(draft: Draft, table: Table, faults: Faults) -> None:
    orders = table.value(service.REGIONS)
    known = draft.region_names()
    if orders is None or known is None:
        return
    for order in orders:
        if order.name != "default":
            check_target(order.name, order.node, known, "region", faults)
        for item in order.value:
            check_target(item.value, item.node, known, "region", faults)
    node = table.at(service.REGIONS)
    for region in sorted(known - {order.name for order in orders}):
        message = f"has no order for clients of region {quoted(region)}; add {region}: [{region}, …]"
        faults.add(node.line, node.path, message)


def _policy(table: Table, faults: Faults) -> None:
    filters = plain(table.value(service.POLICY))
    node = table.at(service.POLICY)
    if not filters or service.POLICY not in table:
        return
    if "up" not in filters:
        faults.add(node.line, node.path, 'leaves out "up", so clients would be sent to sites that are down; add it')
    if filters[-1] != "first":
        faults.add(node.line, node.path, 'does not end with "first", which says how many sites are told; put it last')


def _probe(table: Table, faults: Faults) -> None:
    kind = table.value(check_section.TYPE)
    if kind is None:
        return
    meaningful = check_section.MEANINGFUL[kind]
    for key in check_section.CHECK.keys:
        if key in table and key not in meaningful and key is not check_section.TYPE:
            node = table.at(key)
            faults.add(node.line, node.path, f"means nothing for a check of type {kind}; leave it out")
    if kind == "exec" and check_section.COMMAND not in table:
        node = table.at(check_section.COMMAND)
        faults.add(node.line, node.path, "is missing: a check of type exec runs it")
    _head(table, faults)


def _head(table: Table, faults: Faults) -> None:
    if table.value(check_section.METHOD) != "HEAD":
        return
    for key in (check_section.CONTAINS, check_section.SHA256_):
        if key in table:
            node = table.at(key)
            faults.add(node.line, node.path, "looks at the body, and HEAD has none; leave out one of the two")


def _timing(table: Table, faults: Faults) -> None:
    interval_s, timeout_s = table.value(probes.INTERVAL), table.value(probes.TIMEOUT)
    if interval_s is not None and timeout_s is not None and timeout_s >= interval_s:
        node = table.at(probes.TIMEOUT if probes.TIMEOUT in table else probes.INTERVAL)
        message = f"the time-out {written(timeout_s)} is not below the interval {written(interval_s)}; shorten it"
        faults.add(node.line, node.path, message)
