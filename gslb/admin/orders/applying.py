"""POST /api/v1/apply: a what-if that is to come true, as overrides on this node or as a diff of its configuration."""

from __future__ import annotations

import asyncio
import difflib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import JSONResponse

from gslb.admin import draining
from gslb.admin.gate import Reader
from gslb.admin.node import Node
from gslb.admin.orders.changes import MOST_CHANGES, ChangeRequest, OutChange
from gslb.admin.orders.overrides import (
    ForS,
    OverrideView,
    document,
    only_operators,
    only_service,
    override_view,
    subject,
)
from gslb.admin.principal import Principal
from gslb.admin.problems import Unfit, documented, refusal
from gslb.admin.views import Asked, Line, View
from gslb.config.edit import edited
from gslb.config.load import LARGEST
from gslb.config.textfile import read_text
from gslb.config.tree import Unreadable
from gslb.errors import ConfigurationError, ConflictError, Fault
from gslb.model import Change, Configuration, Event, Override, Reweight, Steer
from gslb.state.clock import Clock
from gslb.state.orders import Orders
from gslb.state.overrides import fault_of

router = APIRouter(prefix="/api/v1", tags=["orders"], responses=documented(400, 401, 403, 422, 429))

Changes = Annotated[list[ChangeRequest], Field(min_length=1, max_length=MOST_CHANGES)]


class ApplyRequest(Asked):
    changes: Changes
    reason: Line
    for_s: ForS = None
    as_: Literal["overrides", "diff"] = Field("overrides", alias="as", description="diff: nothing is changed, but shown.")


class Applied(View):
    """All of it is in force. Each act can be undone by its number."""

    overrides: list[OverrideView]
    drains: list[str]
    acts: list[int]


class Diff(View):
    """What to change in the file by hand, with its comments and its order as they are."""

    file: str
    diff: str


@router.post(
    "/apply",
    status_code=201,
    response_model=Applied,
    responses={**documented(409), 200: {"model": Diff, "description": "With `as: diff`: what to commit; nothing is changed."}},
)
async def apply(request: Request, body: ApplyRequest, principal: Reader) -> Applied | JSONResponse:
    """Do all of it or nothing: weights and rules as overrides, sites that are off or drained as drains."""
    only_operators(principal)
    node: Node = request.app.state.node
    changes, out = _sound(node, body.changes)
    try:
        if body.as_ == "diff":
            return JSONResponse((await _diff(node.configuration, changes, out, body.for_s)).model_dump(mode="json"))
        return _applied(node, principal, changes, out, body)
    except (ConflictError, ConfigurationError) as error:
        raise refusal(409, str(error).splitlines()[0]) from error


def _sound(node: Node, asked: Sequence[ChangeRequest]) -> tuple[dict[int, Change], dict[int, str]]:
    """(changes of the configuration, sites to take out), each by its place in the body. Raises Unfit with every fault."""
    sites = {site.id for site in node.configuration.sites}
    changes: dict[int, Change] = {}
    out: dict[int, str] = {}
    faults: list[tuple[str, str]] = []
    named: set[tuple[str, str]] = set()
    for place, each in enumerate(asked):
        if isinstance(each, OutChange):
            out[place] = each.site
            fault = None if each.site in sites else ("site", f"there is no site {each.site}")
            name = "out", each.site
        else:
            changes[place] = change = each.change(only_service(node))
            fault = fault_of(change, node.configuration)
            name = ("weight", change.site) if isinstance(change, Reweight) else ("rule", str(place))
        if name in named:
            fault = "site", f"{name[1]} has that twice; write it once"
        named.add(name)
        faults += [] if fault is None else [(f"body.changes.{place}.{fault[0]}", fault[1])]
    if faults:
        raise Unfit(*faults[0], *faults[1:])
    return changes, out


def _applied(
    node: Node, principal: Principal, changes: Mapping[int, Change], out: Mapping[int, str], body: ApplyRequest
) -> Applied:
    sites = list(out.values())
    drained = {site: draining.drain_document(node, site) for site in sites}
    old = {each.id: document(override_view(node, each)) for each in node.orders.overrides}
    replaced = {
        change.site: old[weight.id]
        for change in changes.values()
        if isinstance(change, Reweight) and (weight := node.orders.weight_of(change.site))
    }

    def given(orders: Orders, clock: Clock) -> list[Event]:
        until = None if body.for_s is None else clock.utc + timedelta(seconds=body.for_s)
        made = [Override(_id(each), each, body.reason, principal.name, clock.utc, until) for each in changes.values()]
        told = orders.override_all(made, node.configuration, clock)
        for site in sites:
            told += orders.drain(site, body.reason, principal.name, body.for_s, clock)
        return told

    node.order(given)
    with node.acts.together():
        return _recorded(node, principal, sites, body.reason, old, replaced, drained)


def _recorded(
    node: Node,
    principal: Principal,
    sites: list[str],
    why: str,
    old: Collection[str],
    replaced: Mapping[str, Mapping[str, Any]],
    drained: Mapping[str, Mapping[str, object]],
) -> Applied:
    views = [override_view(node, each) for each in reversed(node.orders.overrides) if each.id not in old]
    changed = {each.id: each.change for each in node.orders.overrides}
    acts = []
    for view in views:
        change = changed[view.id]
        before = replaced.get(change.site, {}) if isinstance(change, Reweight) else {}
        act = node.acts.record(principal, "override", subject(change), why, before, document(view), told=True)
        acts.append(act.number)
    for site in sites:
        after = draining.drain_document(node, site)
        acts.append(node.acts.record(principal, "drain", site, why, drained[site], after, told=True).number)
    return Applied(overrides=views, drains=sites, acts=acts)


async def _diff(configuration: Configuration, changes: Mapping[int, Change], out: Mapping[int, str], for_s: float | None) -> Diff:
    if out:
        place, site = next(iter(out.items()))
        raise Unfit(f"body.changes.{place}.kind", f"the configuration has no word for a drain; drain {site}, or give it weight 0")
    if for_s is not None and any(isinstance(each, Reweight) for each in changes.values()):
        raise Unfit("body.for_s", "a weight in the configuration has no end; leave this out, or apply it as overrides")
    wanted = [_until(each, for_s) for each in changes.values()]
    return await asyncio.to_thread(_diff_of, configuration.file, wanted)


def _until(change: Change, for_s: float | None) -> Change:
    """A rule in the configuration ends with a day: the one in which this time is over."""
    if for_s is None or not isinstance(change, Steer) or change.rule.until is not None:
        return change
    return replace(change, rule=replace(change.rule, until=(datetime.now(UTC) + timedelta(seconds=for_s)).date()))


def _diff_of(file: str, changes: Sequence[Change]) -> Diff:
    """Raises ConfigurationError and ConflictError. Of the file as it is now, which may not be what runs."""
    try:
        text = read_text(file, LARGEST, "no configuration is")
    except Unreadable as error:
        raise ConfigurationError((Fault(file, error.line, "(file)", error.message),)) from None
    new = edited(text, file, changes)
    lines = difflib.unified_diff(_lines(text), _lines(new), file, file)
    return Diff(file=file, diff="".join(map(_ended, lines)))


def _lines(text: str) -> list[str]:
    """With their ends. What else than LF splits a line for Python is a character within one for YAML and patch."""
    *whole, last = text.split("\n")
    return [f"{line}\n" for line in whole] + ([last] if last else [])


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _id(change: Change) -> str:
    return f"{'w' if isinstance(change, Reweight) else 'r'}-{secrets.token_hex(4)}"
