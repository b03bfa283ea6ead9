"""/api/v1/alerts: who is told of incidents, and whether the messages arrive."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from pydantic import Field

from gslb.admin.gate import Overseer
from gslb.admin.incidentbook import ChannelReport
from gslb.admin.node import Node
from gslb.admin.problems import documented, refusal
from gslb.admin.views import View
from gslb.errors import BusyError, UsageError
from gslb.model import ChannelKind, Quiet, Severity

PREFIX: Final = "/api/v1"

router = APIRouter(prefix=PREFIX, tags=["incidents"], responses=documented(400, 401, 403, 422, 429))


class AudienceView(View):
    sites: list[str]
    regions: list[str]
    owners: list[str]
    severity: Severity


class QuietView(View):
    from_: str = Field(alias="from", serialization_alias="from")
    to: str
    timezone: str
    but: Severity


class ChannelView(View):
    """Where it goes to is not shown: the address of a receiver may be a secret."""

    name: str
    kind: ChannelKind
    for_: AudienceView = Field(alias="for", serialization_alias="for", description="Nothing named: of all incidents.")
    quiet: QuietView | None
    digest_s: float | None
    repeat_s: float | None
    last_sent: datetime | None
    last_error: str | None
    waiting: int = Field(description="Messages that are still to be delivered.")
    failures: int = Field(description="Tries in a row that failed.")


class TriedView(View):
    delivered: bool
    error: str | None


@router.get("/alerts")
async def channels(request: Request, _: Overseer) -> list[ChannelView]:
    """Every channel as configured, and how it does."""
    node: Node = request.app.state.node
    return [_view(report) for report in node.alerts.reports()]


@router.post("/alerts/{name}/test", responses=documented(404, 409))
async def test(
    request: Request, name: Annotated[str, Path(max_length=63, description="Of a channel.")], principal: Overseer
) -> TriedView:
    """Send one message by this channel now, and wait for what becomes of it: seconds, where nobody answers."""
    node: Node = request.app.state.node
    if principal.role != "operator":
        raise refusal(403, f"the role {principal.role} may look, and change nothing")
    try:
        result = await node.alerts.test(name)
    except UsageError as error:
        raise refusal(404, str(error)) from error
    except BusyError as error:
        raise refusal(409, str(error)) from error
    after = {"delivered": result.delivered, "error": result.error}
    node.acts.record(principal, "alert-test", f"channel {name}", after=after, message=f"a test of the channel {name} was sent")
    return TriedView(delivered=result.delivered, error=result.error)


def _view(report: ChannelReport) -> ChannelView:
    channel = report.channel
    audience = channel.audience
    return ChannelView.model_validate(
        {
            "name": channel.name,
            "kind": channel.kind,
            "for": AudienceView(
                sites=list(audience.sites),
                regions=list(audience.regions),
                owners=list(audience.owners),
                severity=audience.severity,
            ),
            "quiet": None if channel.quiet is None else _quiet(channel.quiet),
            "digest_s": channel.digest_s,
            "repeat_s": channel.repeat_s,
            "last_sent": report.last_sent,
            "last_error": report.last_error,
            "waiting": report.waiting,
            "failures": report.failures,
        }
    )


def _quiet(quiet: Quiet) -> QuietView:
    return QuietView.model_validate(
        {"from": f"{quiet.start:%H:%M}", "to": f"{quiet.end:%H:%M}", "timezone": quiet.timezone, "but": quiet.but}
    )
