"""From addresses to what a World has of a site: one Holding for each set, door and family.

A client that is redirected looks the site up by itself, so through HTTP the worst of its addresses counts. DNS chooses among
them: an address with wrong files in any set is not told while the site has another, and of those left the worst counts.
Addresses at different generations are as good as none: nobody knows which of them a client will ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from gslb.model import Address, Door, Hold, Holding, HoldingKey, Standing, StandingKey
from gslb.state.content.keys import ContentKey
from gslb.state.content.record import ContentRecord, short

WORST_FIRST = (Hold.WRONG, Hold.ABSENT, Hold.UNKNOWN, Hold.GOOD)
_Records = Mapping[ContentKey, ContentRecord]


class Holdings:
    """Made anew only where a look has changed something, or where the standing of several addresses counts."""

    def __init__(self, records: Iterable[ContentKey]) -> None:
        self._groups: dict[HoldingKey, list[ContentKey]] = {}
        for key in records:
            self._groups.setdefault(key.holding, []).append(key)
        self._several = [place for place, group in self._groups.items() if len(group) > 1]
        self._stale = dict.fromkeys(self._groups)
        self._known: dict[HoldingKey, Holding] = {}

    def changed(self, key: ContentKey) -> None:
        self._stale[key.holding] = None

    def now(
        self, records: _Records, standings: Mapping[StandingKey, Standing]
    ) -> tuple[dict[HoldingKey, Holding], dict[StandingKey, Standing]]:
        """And the standings without the addresses that have wrong files."""
        trimmed = _trimmed({key: records[key] for place in self._several for key in self._groups[place]}, standings)
        stale, self._stale = self._stale, {}
        for place in stale | dict.fromkeys(self._several):
            standing = StandingKey(place.service, place.door, place.site, place.family)
            there = trimmed.get(standing) or standings.get(standing)
            group = {key.address: records[key] for key in self._groups[place]}
            self._known[place] = worst(_told(place.door, group, there))
        return {place: self._known[place] for place in self._groups}, {**standings, **trimmed}


def _told(door: Door, group: Mapping[Address, ContentRecord], standing: Standing | None) -> Iterable[ContentRecord]:
    """Of the addresses that clients come to."""
    if door is Door.DNS and standing is not None:
        told = [record for address, record in group.items() if address in standing.addresses]
        return told or group.values()
    return group.values()


def _trimmed(records: _Records, standings: Mapping[StandingKey, Standing]) -> dict[StandingKey, Standing]:
    wrong: dict[StandingKey, set[Address]] = {}
    for key, record in records.items():
        if key.door is Door.DNS and record.hold is Hold.WRONG:
            wrong.setdefault(key.standing, set()).add(key.address)
    trimmed = {}
    for place, spoilt in wrong.items():
        standing = standings.get(place)
        left = tuple(address for address in standing.addresses if address not in spoilt) if standing is not None else ()
        if standing is not None and left and left != standing.addresses:
            trimmed[place] = replace(standing, addresses=left)
    return trimmed


def worst(records: Iterable[ContentRecord]) -> Holding:
    ordered = sorted(records, key=lambda record: WORST_FIRST.index(record.hold))
    first = ordered[0]
    generations = {record.generation for record in ordered}
    if first.hold is Hold.GOOD and len(generations) > 1:
        names = " and ".join(sorted(short(each) for each in generations))
        return Holding(Hold.ABSENT, "", f"its addresses are at different generations: {names}")
    return Holding(first.hold, first.generation, first.reason)
