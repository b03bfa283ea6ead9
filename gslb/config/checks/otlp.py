"""OpenTelemetry: the library for it."""

from __future__ import annotations

from importlib.util import find_spec

from gslb.config.draft import Draft
from gslb.config.faults import Faults
from gslb.config.sections import root


def check(draft: Draft, faults: Faults) -> None:
    if draft.root.value(root.OTLP_) is not None and not all(
        find_spec(each) for each in ("opentelemetry.sdk", "opentelemetry.proto")
    ):
        node = draft.root.at(root.OTLP_)
        faults.add(node.line, node.path, "takes a library that is not here: pip install 'gslb[otel]'")
