"""What must hold between keys. Each check tells its faults and leaves the rest to the others."""

from __future__ import annotations

from gslb.config.checks import (
    alerts,
    apex,
    boot,
    content,
    delegations,
    geo,
    hints,
    listen,
    names,
    observe,
    oidc,
    otlp,
    records,
    rules,
    services,
    sites,
    transfer,
    users,
)
from gslb.config.draft import Draft
from gslb.config.faults import Faults

CHECKS = (
    listen.check,
    geo.check,
    names.check,
    records.check,
    apex.check,
    delegations.check,
    hints.check,
    sites.check,
    services.check,
    content.check,
    boot.check,
    rules.check,
    transfer.check,
    observe.check,
    users.check,
    alerts.check,
    oidc.check,
    otlp.check,
)


def check(draft: Draft, faults: Faults) -> None:
    for each in CHECKS:
        each(draft, faults)
