"""Sites: who they are, and that none of them is this node itself."""

from __future__ import annotations

from gslb.config.draft import Draft
from gslb.config.faults import Faults, quoted
from gslb.config.schema import Key, Table, plain
from gslb.config.sections import content, listen, match, root, service, site
from gslb.config.urls import Target, target

_LOOPBACK = ("127.0.0.1", "::1")
_WILDCARD = ("0.0.0.0", "::")


def check(draft: Draft, faults: Faults) -> None:
    _ids(draft, faults)
    own = _own_endpoints(draft)
    sets = _set_names(draft)
    for table in draft.sites:
        _loop(draft, table, site.URL, own, faults)
        _loop(draft, table, site.URL_HTTPS, own, faults)
        _content(table, sets, faults)
        only = table.value(site.ONLY)
        if only is not None:
            names_somebody(only, faults)


def _ids(draft: Draft, faults: Faults) -> None:
    first: dict[str, str] = {}
    regions = draft.region_names() or ()
    for table in draft.sites:
        name, node = table.value(site.ID), table.at(site.ID)
        if name is None:
            continue
        if name in first:
            faults.add(
                node.line,
                node.path,
                f"{quoted(name)} is already the id of {first[name]}; every site has its own",
            )
        first.setdefault(name, table.node.path)
        if name in regions:
            message = f"{quoted(name)} is also a region, so a rule that names it could mean either; rename one"
            faults.add(node.line, node.path, message)
        if table.value(site.REGION) == "default":
            node = table.at(site.REGION)
            faults.add(
                node.line,
                node.path,
                '"default" stands for clients that nobody knows; name the region otherwise',
            )


def _own_endpoints(draft: Draft) -> dict[Target, str]:
    """Address and port of every HTTP socket of this node, with the path of the key that opens it."""
    table = draft.root.value(root.LISTEN_)
    own: dict[Target, str] = {}
    for key in (listen.HTTP, listen.HTTPS):
        for item in (table.value(key) if table else None) or ():
            hosts = _LOOPBACK if item.value.host in _WILDCARD else (item.value.host,)
            own |= {Target(host, item.value.port): item.node.path for host in hosts}
    return own


def _loop(draft: Draft, table: Table, key: Key[str] | Key[str | None], own: dict[Target, str], faults: Faults) -> None:
    url, node = table.value(key), table.at(key)
    if url is None:
        return
    leads_to = target(url)
    named = draft.own_names().get(leads_to.host) or own.get(leads_to)
    if named is not None:
        message = f"leads to this node itself ({named}), in a circle; write the url of the mirror"
        faults.add(node.line, node.path, message)


def _set_names(draft: Draft) -> list[str]:
    sets = [item for table in draft.services for item in plain(table.value(service.CONTENT))]
    return [name for item in sets if (name := item.text(content.NAME)) is not None]


def _content(table: Table, sets: list[str], faults: Faults) -> None:
    for item in table.value(site.CONTENT) or ():
        if item.value not in sets:
            message = f"{quoted(item.value)} is a release set of no service{faults.did_you_mean(item.value, sets)}"
            faults.add(item.node.line, item.node.path, message)


def names_somebody(table: Table, faults: Faults) -> None:
    if not any(key in table for key in (match.NETWORKS, match.ASNS, match.COUNTRIES)):
        faults.add(table.node.line, table.node.path, "names no client; write network, asn or country")
