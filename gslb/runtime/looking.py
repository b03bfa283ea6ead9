"""How a configuration has its sites asked, and one scan of a site without a node."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import replace

from gslb.model import Configuration
from gslb.runtime.own import own_names
from gslb.state.content import content_targets
from probes.content.look import look
from probes.content.memory import Memory
from probes.content.model import ContentResult, ContentTarget
from probes.content.setting import ContentSetting
from probes.setting import Setting

SCANS = 4
"""Scans of one site at a time."""


def setting_of(configuration: Configuration) -> Setting:
    probes = configuration.probes
    return Setting(
        timeout_s=probes.timeout_s,
        phase_s=min(2.0, probes.timeout_s / 2),
        contact=probes.contact or next((zone.contact for zone in configuration.zones), ""),
        own=own_names(configuration),
    )


def bounds_of(configuration: Configuration, setting: Setting) -> ContentSetting:
    limits = configuration.limits
    return ContentSetting(
        probe=setting,
        manifest_octets=limits.manifest_octets,
        manifest_files=limits.manifest_files,
        round_octets=limits.content_round_octets,
        scan_octets=limits.content_scan_octets,
        file_octets=limits.content_file_octets,
        body_s=limits.content_round_s / 2,
        round_s=limits.content_round_s,
        scan_s=limits.content_scan_s,
        listing_s=limits.content_round_s,
        listing_octets=2 * limits.manifest_octets,
        rounds_per_s=limits.content_rounds,
        requests_per_s=limits.content_requests,
    )


async def scan_site(configuration: Configuration, site: str) -> tuple[ContentResult, ...]:
    """A result for each set, door and address, in the order of the configuration; what is the same on the wire is asked once."""
    targets = [target for target in content_targets(configuration) if target.site == site]
    distinct: dict[Hashable, ContentTarget] = {target.exchange: target for target in targets}
    bounds = bounds_of(configuration, setting_of(configuration))
    memory, turns = Memory(), asyncio.Semaphore(SCANS)

    async def scan(target: ContentTarget) -> ContentResult:
        async with turns:
            return await look(target, bounds, memory, full=True)

    found = dict(zip(distinct, await asyncio.gather(*(scan(target) for target in distinct.values())), strict=True))
    return tuple(replace(found[target.exchange], key=target.key) for target in targets)
