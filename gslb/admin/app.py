"""The admin side as one application."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

import gslb
from gslb.admin import api, bodies, content, dashboard, login, measurements, operations, problems, stream
from gslb.admin.board import Boards
from gslb.admin.counting import Counters, Counting
from gslb.admin.gate import Gate
from gslb.admin.headers import SecurityHeaders
from gslb.admin.metrics import registry
from gslb.admin.node import Node
from gslb.admin.problems import Problem

STATIC = Path(__file__).with_name("static")

_DESCRIPTION = """\
Reading is open on loopback; everything else takes `Authorization: Bearer TOKEN`, or the cookie of `/login`. \
Refusals are problem documents (RFC 9457). Times are UTC; names that end in `_s` are seconds, in `_ms` milliseconds."""


def create_app(node: Node) -> FastAPI:
    requests: Counters = {}
    app = _Documented(
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
    app.state.gate = Gate(lambda: node.configuration.users)
    app.state.registry = registry(node, requests)
    for router in (
        api.router,
        content.router,
        measurements.router,
        stream.router,
        operations.router,
        login.router,
        dashboard.router,
    ):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(bodies.BodyBound)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Counting, counters=requests)
    problems.install(app)
    return app


class _Documented(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """With the problem document in it, to which every refusal refers."""
        if not self.openapi_schema:
            schema = super().openapi()
            template = "#/components/schemas/{model}"
            problem = Problem.model_json_schema(ref_template=template)
            definitions = problem.pop("$defs", {})
            schema.setdefault("components", {}).setdefault("schemas", {}).update({"Problem": problem, **definitions})
        return self.openapi_schema or schema
