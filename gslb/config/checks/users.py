"""Users of the admin side."""

from __future__ import annotations

from gslb.config.checks.references import check_target
from gslb.config.draft import Draft
from gslb.config.faults import Faults, quoted
from gslb.config.schema import Key, Table, plain
from gslb.config.sections import admin, root


def check(draft: Draft, faults: Faults) -> None:
    table = draft.root.value(root.ADMIN_)
    users = plain(table.value(admin.USERS)) if table else ()
    _distinct(users, admin.NAME, faults)
    _distinct(users, admin.TOKEN_SHA256, faults)
    for user in users:
        _sites(draft, user, faults)


def _distinct(users: tuple[Table, ...], key: Key[str], faults: Faults) -> None:
    first: dict[str, str] = {}
    for user in users:
        value, node = user.value(key), user.at(key)
        if value is not None and first.setdefault(value, node.path) != node.path:
            said = f"{quoted(value)} is" if key is admin.NAME else "is"
            faults.add(node.line, node.path, f"{said} the same as {first[value]}; every user has their own")


def _sites(draft: Draft, user: Table, faults: Faults) -> None:
    role, sites, node = user.value(admin.ROLE), user.value(admin.SITES), user.at(admin.SITES)
    if role == "owner" and sites == ():
        faults.add(node.line, node.path, "is missing: an owner drains and enables named sites; name them")
    if role in ("viewer", "operator") and sites:
        faults.add(node.line, node.path, f"means nothing for the role {role}; leave it out, or make it an owner")
    for item in sites or ():
        check_target(item.value, item.node, draft.site_ids(), "site", faults)
