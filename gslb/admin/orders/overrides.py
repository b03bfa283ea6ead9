"""/api/v1/overrides: weights and rules beside the configuration, with an end."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import Field

from gslb.admin.gate import Reader
from gslb.admin.node import Node
from gslb.admin.orders.changes import RuleChange, WeightChange, rule_document
from gslb.admin.principal import Principal
from gslb.admin.problems import Unfit, documented, refusal
from gslb.admin.views import LONGEST_S, Asked, Line, View
from gslb.errors import ConflictError
from gslb.model import Change, Override, Reweight
from gslb.state.overrides import fault_of

router = APIRouter(prefix="/api/v1", tags=["orders"], responses=documented(400, 401, 403, 422, 429))

ForS = Annotated[float | None, Field(ge=1, le=LONGEST_S, allow_inf_nan=False, description="Seconds; absent: until taken back.")]


class OverrideView(View):
    """What of the configuration is overridden, by whom, and until when."""

    id: str
    kind: Literal["weight", "rule"]
    site: str | None
    weight: int | None
    configured_weight: int | None
    service: str | None
    rule: dict[str, Any] | None
    reason: str
    who: str
    since: datetime
    until: datetime | None = Field(description="Absent: until somebody takes it back.")


class WeightOverride(WeightChange):
    reason: Line
    for_s: ForS = None


class RuleOverride(RuleChange):
    reason: Line
    for_s: ForS = None


class Removal(Asked):
    reason: Line | None = None


OverrideRequest = Annotated[WeightOverride | RuleOverride, Field(discriminator="kind")]
OverrideId = Annotated[str, Path(max_length=63, description="As in the list of them.")]


@router.get("/overrides")
async def overrides(request: Request, principal: Reader) -> list[OverrideView]:
    """What of the configuration operators have overridden, the newest first. An owner sees the weights of the own sites."""
    node: Node = request.app.state.node
    return [override_view(node, each) for each in reversed(node.orders.overrides) if _sees(principal, each.change)]


@router.post("/overrides", status_code=201, responses=documented(409))
async def override(request: Request, body: OverrideRequest, principal: Reader) -> OverrideView:
    """Give a site another weight, or a service another rule, for a time. A weight takes the place of the one given before."""
    only_operators(principal)
    node: Node = request.app.state.node
    change = body.change(only_service(node))
    fault = fault_of(change, node.configuration)
    if fault is not None:
        raise Unfit(f"body.{fault[0]}", fault[1])
    try:
        return made(node, principal, change, body.reason, body.for_s)
    except ConflictError as error:
        raise refusal(409, str(error)) from error


@router.delete("/overrides/{override_id}", status_code=204, responses=documented(404))
async def remove(request: Request, override_id: OverrideId, principal: Reader, body: Removal | None = None) -> None:
    """Take an override back: it is as configured again."""
    only_operators(principal)
    node: Node = request.app.state.node
    if not taken_back(node, principal, override_id, (body and body.reason) or ""):
        raise refusal(404, f"there is no override {override_id}; it may have ended")


def made(node: Node, principal: Principal, change: Change, reason: str, for_s: float | None) -> OverrideView:
    """Does it, and notes who did. Raises ConflictError where there are too many."""
    old = node.orders.weight_of(change.site) if isinstance(change, Reweight) else None
    before = {} if old is None else document(override_view(node, old))
    new_id = f"{'w' if isinstance(change, Reweight) else 'r'}-{secrets.token_hex(4)}"

    def new(at: datetime) -> Override:
        return Override(new_id, change, reason, principal.name, at, None if for_s is None else at + timedelta(seconds=for_s))

    node.order(lambda orders, clock: orders.override(new(clock.utc), node.configuration, clock))
    view = next(override_view(node, each) for each in node.orders.overrides if each.id == new_id)
    node.acts.record(principal, "override", subject(change), reason, before, document(view), told=True)
    return view


def taken_back(node: Node, principal: Principal, override_id: str, why: str) -> bool:
    """Whether there was one."""
    found = next((each for each in node.orders.overrides if each.id == override_id), None)
    if found is None:
        return False
    before = document(override_view(node, found))
    node.order(lambda orders, clock: orders.take_back(override_id, principal.name, why, clock))
    node.acts.record(principal, "override-end", subject(found.change), why, before, {}, told=True)
    return True


def override_view(node: Node, override: Override) -> OverrideView:
    change = override.change
    weight = change if isinstance(change, Reweight) else None
    sites = {site.id: site.weight for site in node.configuration.sites}
    return OverrideView(
        id=override.id,
        kind="rule" if weight is None else "weight",
        site=None if weight is None else weight.site,
        weight=None if weight is None else weight.weight,
        configured_weight=None if weight is None else sites.get(weight.site),
        service=None if isinstance(change, Reweight) else change.service,
        rule=None if isinstance(change, Reweight) else rule_document(change.rule),
        reason=override.reason,
        who=override.who,
        since=override.since,
        until=override.until,
    )


def document(view: View) -> dict[str, Any]:
    """As the audit log keeps it."""
    return view.model_dump(mode="json")


def subject(change: Change) -> str:
    return change.site if isinstance(change, Reweight) else change.service


def only_service(node: Node) -> str | None:
    services = node.configuration.services
    return services[0].host if len(services) == 1 else None


def only_operators(principal: Principal) -> None:
    if principal.role != "operator" or not principal.may:
        raise refusal(403, f"the role {principal.role} may not override what is configured; an operator may")


def _sees(principal: Principal, change: Change) -> bool:
    return principal.sees(change.site) if isinstance(change, Reweight) else principal.sees_all
