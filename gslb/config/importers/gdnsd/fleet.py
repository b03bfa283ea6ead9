"""Pools to regions and sites. A pool is a region, and each of its members a site in it: only then are they probed one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ruamel.yaml.comments import CommentedMap

from gslb.config.importers.document import flow
from gslb.config.importers.gdnsd.maps import Coordinates
from gslb.config.importers.gdnsd.pools import Member, Pool

_LONGEST = 48
NOWHERE = Coordinates(0, 0)


@dataclass(frozen=True, slots=True)
class Region:
    """`at` None: gdnsd has no coordinates for it."""

    name: str
    sites: tuple[tuple[str, Member], ...]
    at: Coordinates | None

    def members(self) -> tuple[Member, ...]:
        return tuple(member for _, member in self.sites)


class Fleet:
    """One pool at one place is one region, however many names it answers for. Where one map has coordinates for it and another
    has none, it has those."""

    def __init__(self) -> None:
        self._regions: list[Region] = []
        self._names = {"default"}

    def region(self, pool: Pool, datacenter: str, resource: str, at: Coordinates | None) -> str:
        for number, known in enumerate(self._regions):
            if known.members() == pool.members and (at is None or known.at in (at, None)):
                self._regions[number] = replace(known, at=at or known.at)
                return known.name
        name = self._name(datacenter or resource, f"{resource}-{datacenter}")
        sites = tuple((self._name(f"{name}-{member.label}", f"{name}-{member.label}"), member) for member in pool.members)
        self._regions.append(Region(name, sites, at))
        return name

    def regions(self) -> tuple[Region, ...]:
        return tuple(self._regions)

    def sites(self) -> Iterator[CommentedMap]:
        """What has no place stands where the first one that has is: there it changes nobody's home."""
        somewhere = next((region.at for region in self.regions() if region.at is not None), NOWHERE)
        for region in self.regions():
            for name, member in region.sites:
                yield _site(name, region, member, region.at or somewhere)

    def _name(self, wanted: str, otherwise: str) -> str:
        """A name that neither a region nor a site has."""
        candidates = [_word(wanted), _word(otherwise)]
        found = next((one for one in candidates if one not in self._names), None)
        number = 2
        while found is None:
            numbered = f"{candidates[1]}-{number}"
            found = None if numbered in self._names else numbered
            number += 1
        self._names.add(found)
        return found


def _site(name: str, region: Region, member: Member, at: Coordinates) -> CommentedMap:
    first = member.addresses[0]
    host = f"[{first}]" if ":" in first else first
    site: dict[str, Any] = {
        "id": name,
        "region": region.name,
        "location": flow([_degrees(at.latitude), _degrees(at.longitude)]),
        "addresses": flow(member.addresses),
        "url": f"http://{host}/",
    }
    return CommentedMap(site if member.weight == 100 else site | {"weight": member.weight})


def _degrees(number: float) -> float | int:
    return int(number) if number == int(number) else round(number, 4)


def _word(text: str) -> str:
    """A name as regions and sites may have it."""
    cut = re.sub(r"[^a-z0-9._-]+", "-", text.lower())[:_LONGEST].strip("._-")
    return cut or "unnamed"
