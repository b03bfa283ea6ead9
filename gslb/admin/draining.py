"""Drains as acts: made, ended, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from gslb.admin.node import Node
from gslb.admin.principal import Principal
from gslb.errors import ConflictError, UsageError
from gslb.model import Act, Drain


def drain(node: Node, principal: Principal, site: str, reason: str, for_s: float | None, owner: str | None = None) -> None:
    before = drain_document(node, site)
    node.drain(site, reason, principal.name, for_s, owner)
    node.acts.record(principal, "drain", site, reason, before, drain_document(node, site), told=True)


def enable(node: Node, principal: Principal, site: str) -> None:
    """Where no drain is, nothing is changed, and nothing is recorded."""
    before = drain_document(node, site)
    node.enable(site, principal.name)
    if before:
        node.acts.record(principal, "enable", site, "", before, {}, told=True)


def install_undoers(node: Node, utc_now: Callable[[], datetime]) -> None:
    def undo(act: Act, principal: Principal) -> None:
        restore(node, act, principal, utc_now())

    for action in ("drain", "enable"):
        node.acts.undoers[action] = undo
        node.acts.of_owners.add(action)


def restore(node: Node, act: Act, principal: Principal, utc: datetime) -> None:
    """The drain as it was before the act, with the end that it had. Raises ConflictError where another came since."""
    try:
        now = drain_document(node, act.subject)
    except UsageError as error:
        raise ConflictError(str(error)) from error
    if now != act.after:
        how = f"drained by {now['who']}: {now['reason']}" if now else "not drained any more"
        raise ConflictError(f"{act.subject} has changed since: it is {how}" if now else f"{act.subject} is {how}")
    if not act.before:
        node.enable(act.subject, principal.name)
        return
    until = act.before.get("until")
    left_s = None if until is None else (datetime.fromisoformat(str(until)) - utc).total_seconds()
    if left_s is not None and left_s <= 0:
        if act.action == "enable":
            raise ConflictError(f"that drain of {act.subject} would have ended by now, at {until}")
        node.enable(act.subject, principal.name)
        return
    owner = act.before.get("owner")
    who = str(act.before.get("who", ""))
    node.drain(act.subject, str(act.before.get("reason", "")), who, left_s, None if owner is None else str(owner))


def drain_document(node: Node, site: str) -> Mapping[str, object]:
    """{} where it is not drained. Raises UsageError if there is no such site."""
    found: Drain | None = node.report(site).drain
    if found is None:
        return {}
    until = None if found.until is None else found.until.isoformat()
    return {"reason": found.reason, "who": found.who, "since": found.since.isoformat(), "until": until, "owner": found.owner}
