"""How acts on overrides and maintenance are taken back."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

from gslb.admin.node import Node
from gslb.admin.orders.changes import RuleRequest
from gslb.admin.principal import Principal
from gslb.errors import ConflictError, UsageError
from gslb.model import Act, Change, Maintenance, Override, Reweight, Steer


def install_undoers(node: Node, utc_now: Callable[[], datetime]) -> None:
    undoers: dict[str, Callable[[Node, Act, Principal, datetime], None]] = {
        "override": _take_back,
        "override-end": _override_again,
        "maintenance": _cancel,
        "maintenance-cancel": _plan_again,
    }

    def undoer(undo: Callable[[Node, Act, Principal, datetime], None]) -> Callable[[Act, Principal], None]:
        return lambda act, principal: undo(node, act, principal, utc_now())

    for action, undo in undoers.items():
        node.acts.undoers[action] = undoer(undo)
    node.acts.of_owners |= {"maintenance", "maintenance-cancel"}


def _take_back(node: Node, act: Act, principal: Principal, utc: datetime) -> None:
    """The override ends; one whose place it took is there again, if it would be still."""
    made = str(act.after.get("id", ""))
    if all(each.id != made for each in node.orders.overrides):
        raise ConflictError("that override is not in force any more")
    node.order(lambda orders, clock: orders.take_back(made, principal.name, "", clock))
    until = _time(act.before.get("until"))
    if act.before and (until is None or until > utc):
        _make(node, act.before, until)


def _override_again(node: Node, act: Act, principal: Principal, utc: datetime) -> None:
    until = _time(act.before.get("until"))
    if until is not None and until <= utc:
        raise ConflictError(f"that override would have ended by now, at {until:%Y-%m-%d %H:%M} UTC")
    site = act.before.get("site")
    if site is not None and node.orders.weight_of(str(site)) is not None:
        raise ConflictError(f"{site} has another weight by override since: end that first")
    _make(node, act.before, until)


def _cancel(node: Node, act: Act, principal: Principal, utc: datetime) -> None:
    found = next((each for each in node.orders.maintenance if each.id == act.after.get("id")), None)
    if found is None or not found.open:
        raise ConflictError(f"that maintenance of {act.subject} is {found.state.value if found else 'forgotten'} already")
    node.order(lambda orders, clock: orders.cancel(found.id, principal.name, clock))


def _plan_again(node: Node, act: Act, principal: Principal, utc: datetime) -> None:
    start, end = _time(act.before.get("start")), _time(act.before.get("end"))
    if start is None or end is None or end <= utc:
        raise ConflictError(f"that maintenance of {act.subject} would be over by now")
    owner = act.before.get("owner")
    words = str(act.before.get("reason", "")), str(act.before.get("who", "")), None if owner is None else str(owner)
    again = Maintenance(f"m-{secrets.token_hex(4)}", act.subject, start, end, *words)
    try:
        node.order(lambda orders, clock: orders.plan(again, node.configuration, clock))
    except UsageError as error:
        raise ConflictError(str(error)) from error


def _make(node: Node, before: Mapping[str, object], until: datetime | None) -> None:
    change = _change(before)
    new_id, who, reason = f"{before.get('kind', 'x')!s:.1}-{secrets.token_hex(4)}", str(before["who"]), str(before["reason"])
    try:
        node.order(
            lambda orders, clock: orders.override(
                Override(new_id, change, reason, who, clock.utc, until), node.configuration, clock
            )
        )
    except UsageError as error:
        raise ConflictError(str(error)) from error


def _change(before: Mapping[str, object]) -> Change:
    """Of a document of ours; one that a person has changed in the state file is a conflict."""
    try:
        if before.get("kind") == "weight":
            return Reweight(str(before["site"]), int(str(before["weight"])))
        return Steer(str(before["service"]), RuleRequest.model_validate(before["rule"]).rule())
    except (KeyError, ValueError) as error:
        raise ConflictError("what the audit log has of it can't be read any more") from error


def _time(value: object) -> datetime | None:
    try:
        return None if value is None else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ConflictError("what the audit log has of it can't be read any more") from error
