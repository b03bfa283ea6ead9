"""`/~measured?token=…&ms=SITE:N,SITE:N`: how long a client took to fetch a small file from each of a few sites.

A report steers nobody but, one day, the network that it came from, so all that a liar can spoil is the own network. Whatever
else comes is refused with a sentence, and counted by what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from gslb.redirect.boot.token import Bearer, Judgement, judge_token

SITES_MOST: Final = 16
LONGEST_MS: Final = 60_000
_QUERY: Final = re.compile(rb"token=([0-9a-f]{1,128})&ms=([!-%'-~]{1,2048})")
_ONE: Final = re.compile(rb"([a-z0-9._-]{1,63}):([0-9]{1,6})")


class Measured(NamedTuple):
    """What an accepted report says; `token` is never accepted again."""

    token: str
    network: str
    ms: tuple[tuple[str, int], ...]


class Unfit(Exception):
    """A report that is not accepted: the status, what is counted, and a sentence for who sent it."""

    def __init__(self, status: int, result: str, text: str) -> None:
        super().__init__(text)
        self.status, self.result, self.text = status, result, text


_TOKENS: Final = {
    Judgement.MALFORMED: (400, "The token of the report is not one of a script of this service."),
    Judgement.FOREIGN: (403, "The token of the report is not for this network and service."),
    Judgement.EXPIRED: (403, "The token of the report has expired; get the script again."),
}


def read_report(query: bytes, sites: Collection[str], secrets: Sequence[bytes], bearer: Bearer, utc_s: float) -> Measured:
    """Raises Unfit. `sites` are those that there are."""
    found = _QUERY.fullmatch(query)
    if found is None:
        raise Unfit(400, "malformed", "A report is token=TOKEN&ms=SITE:MILLISECONDS,SITE:MILLISECONDS.")
    token, judgement = found[1], judge_token(found[1], secrets, bearer, utc_s)
    if judgement is not Judgement.GOOD:
        status, text = _TOKENS[judgement]
        raise Unfit(status, judgement.value, text)
    return Measured(token.decode("ascii"), bearer.network, _milliseconds(found[2], sites))


def _milliseconds(text: bytes, sites: Collection[str]) -> tuple[tuple[str, int], ...]:
    parts = text.split(b",")
    if len(parts) > SITES_MOST:
        raise Unfit(400, "malformed", f"A report tells of at most {SITES_MOST} sites.")
    told: dict[str, int] = {}
    for part in parts:
        one = _ONE.fullmatch(part)
        if one is None:
            raise Unfit(400, "malformed", "A report tells of each site as SITE:MILLISECONDS.")
        site, ms = one[1].decode("ascii"), int(one[2])
        if site not in sites or site in told:
            raise Unfit(400, "unknown", "A report tells of sites that there are, and of each once.")
        if not 1 <= ms <= LONGEST_MS:
            raise Unfit(400, "absurd", f"A fetch takes 1 to {LONGEST_MS} milliseconds.")
        told[site] = ms
    return tuple(told.items())
