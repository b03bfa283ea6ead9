"""The admin side as one application."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

import gslb
from gslb.admin import (
    alerts,
    api,
    atom,
    audit,
    bodies,
    content,
    dashboard,
    incidents,
    login,
    me,
    measurements,
    operations,
    orders,
    problems,
    stream,
    timeline,
    tokens,
)
from gslb.admin import coverage as coverage_api
from gslb.admin import flows as flows_api
from gslb.admin import history as history_api
from gslb.admin import simulate as simulate_api
from gslb.admin.board import Boards
from gslb.admin.conventions.etags import EntityTags
from gslb.admin.conventions.idempotency import Remembered
from gslb.admin.conventions.methods import Allowed, Methods
from gslb.admin.conventions.once import Once
from gslb.admin.counting import Counters, Counting
from gslb.admin.description import Described
from gslb.admin.gate import Gate
from gslb.admin.headers import SecurityHeaders
from gslb.admin.known import Known
from gslb.admin.metrics import registry
from gslb.admin.node import Node
from gslb.admin.oidc import routes as oidc
from gslb.admin.oidc.desk import Desk

STATIC = Path(__file__).with_name("static")

_DESCRIPTION = """\
Reading is open on loopback; everything else takes `Authorization: Bearer TOKEN`, or the cookie of `/login`. \
Refusals are problem documents (RFC 9457). Times are UTC; names that end in `_s` are seconds, in `_ms` milliseconds."""


def create_app(node: Node, utc_now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> FastAPI:
    requests: Counters = {}
    app = Described(
        title="gslb",
        version=gslb.__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.node = node
    app.state.boards = Boards(node)
    app.state.coverage = coverage_api.Kept()
    app.state.reading = simulate_api.Reading()
    app.state.utc_now = utc_now
    app.state.desk = Desk(node)
    app.state.gate = Gate(Known(node, utc_now), lambda: node.configuration, requests)
    remembered = Remembered(time.monotonic, lambda: node.configuration.limits.admin_idempotency_keys)
    app.state.registry = registry(node, requests, remembered, app.state.gate)
    routers = (
        api.router,
        content.router,
        simulate_api.router,
        coverage_api.router,
        measurements.router,
        flows_api.router,
        history_api.router,
        *orders.ROUTERS,
        incidents.router,
        timeline.router,
        alerts.router,
        atom.router,
        stream.router,
        me.router,
        audit.router,
        tokens.router,
        operations.router,
        login.router,
        oidc.router,
        dashboard.router,
    )
    for router in routers:
        app.include_router(router)
    allowed = Allowed(routers)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(EntityTags)
    app.add_middleware(Once, gate=app.state.gate, remembered=remembered)
    app.add_middleware(Methods, allowed=allowed)
    app.add_middleware(bodies.BodyBound)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Counting, counters=requests)
    problems.install(app, allowed.at)
    return app
