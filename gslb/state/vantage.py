"""When it is the vantage that fails, and not the sites.

Sites on three continents do not die within the same half minute; the link of the machine that probes them
does. If more than half of the sites in every region go down within three intervals, and no other vantage
with fresh reports sees the same, the verdicts of this vantage freeze as they were before for six intervals
(30 s and 60 s with the default interval). If that was wrong and everything is down, the freeze ends and the
verdicts apply: all-down is told late, but told. One freeze an outage: the next needs a recovery in between.

One site alone tells nothing of its vantage, so it takes two. Where all sites are in one region, all of them
have to fall: two of three in one building do die together, and as long as one answers, the link is well and
clients have where to go. Families are looked at apart: a vantage that lost its IPv6 goes on with
IPv4. What was seen to be wrong stays wrong: a broken link brings no bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gslb.model import Family, State

FALL_INTERVALS = 3
FREEZE_INTERVALS = 6
LEAST_SITES = 2


class Sight(NamedTuple):
    """One site as a vantage sees it over one family."""

    region: str
    fell: bool


@dataclass(frozen=True, slots=True)
class Freeze:
    """Until `until_s` the vantage says of these targets what it said before."""

    vantage: str
    family: Family
    since_s: float
    until_s: float
    before: Mapping[str, State]


def is_outage(sights: Iterable[Sight]) -> bool:
    """More than half of the sites in every region fell; of a single region, all."""
    sites: defaultdict[str, int] = defaultdict(int)
    fell: defaultdict[str, int] = defaultdict(int)
    for sight in sights:
        sites[sight.region] += 1
        fell[sight.region] += sight.fell
    if sum(fell.values()) < LEAST_SITES:
        return False
    if len(sites) == 1:
        return fell == sites
    return all(2 * fell[region] > sites[region] for region in sites)
