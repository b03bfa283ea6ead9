"""OpenID Connect: the library for it, and somebody whom it lets in."""

from __future__ import annotations

from importlib.util import find_spec

from gslb.config.checks.references import check_target
from gslb.config.draft import Draft
from gslb.config.faults import Faults
from gslb.config.sections import oidc, root


def check(draft: Draft, faults: Faults) -> None:
    admin = draft.root.value(root.ADMIN_)
    own = admin.value(oidc.OIDC_) if admin else None
    if admin is None or own is None:
        return
    if not all(find_spec(each) for each in ("authlib", "httpx2")):
        node = admin.at(oidc.OIDC_)
        faults.add(node.line, node.path, "takes a library that is not here: pip install 'gslb[oidc]'")
    roles = own.value(oidc.ROLES_)
    if roles is None:
        return
    if not any(key in roles for key in (oidc.OPERATOR, oidc.OWNER, oidc.VIEWER)):
        node = own.at(oidc.ROLES_)
        faults.add(node.line, node.path, "lets nobody in; write operator, owner or viewer with values of the claim")
    for group in roles.value(oidc.OWNER) or ():
        for item in group.value:
            check_target(item.value, item.node, draft.site_ids(), "site", faults)
