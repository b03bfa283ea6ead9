"""The words of `gslb simulate`: what is tried, and on whom."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import IO, Final, Literal

from gslb.config.countries import COUNTRIES
from gslb.errors import UsageError
from gslb.model import Configuration, Match, Reweight, Rule, Steer
from gslb.model.text import printable
from gslb.steering.simulation import Crowd, Off, Out, Trial
from gslb.steering.simulation.listing import LONGEST, LogReader, read_list

NETWORKS_MOST: Final = 1_000_000
WEIGHT_MOST: Final = 10_000
Action = Literal["prefer", "only", "never"]

_ASN = re.compile(r"AS([0-9]{1,10})", re.IGNORECASE)


def sites_of(words: Iterable[str], configuration: Configuration) -> Iterator[str]:
    known = [site.id for site in configuration.sites]
    for word in words:
        if word not in known:
            raise UsageError(f"there is no site {printable(word)}; there is {', '.join(known)}")
        yield word


def weights_of(words: Iterable[str], configuration: Configuration) -> Iterator[Trial]:
    for word in words:
        site, _, number = word.partition("=")
        if not (number.isascii() and number.isdigit()) or int(number) > WEIGHT_MOST:
            raise UsageError(f"{printable(word)!r} is no weight; write SITE=N with N from 0 to {WEIGHT_MOST}")
        [known] = sites_of([site], configuration)
        yield Reweight(known, int(number))


def rules_of(action: Action, words: Iterable[str], configuration: Configuration, service: str) -> Iterator[Trial]:
    known = {name for site in configuration.sites for name in (site.id, site.region)}
    for word in words:
        who, _, named = word.partition("=")
        targets = tuple(dict.fromkeys(name for name in named.split(",") if name))
        if not targets:
            raise UsageError(f"--{action} {printable(word)}: write MATCH=SITE, with a network, AS2500 or JP as MATCH")
        for target in targets:
            if target not in known:
                raise UsageError(f"--{action} {printable(word)}: there is no site or region {printable(target)}")
        yield Steer(service, Rule(match_of(who), action, targets))


def match_of(word: str) -> Match:
    """A network, an AS number or a country."""
    if (found := _ASN.fullmatch(word)) and 0 < int(found[1]) < 1 << 32:
        return Match(asns=(int(found[1]),))
    if word.upper() in COUNTRIES:
        return Match(countries=(word.upper(),))
    try:
        return Match(networks=(ip_network(word, strict=False),))
    except ValueError:
        raise UsageError(f"{printable(word)!r} is no network, AS number or country; write 192.0.2.0/24, AS2500 or JP") from None


def trials_of(
    configuration: Configuration,
    service: str,
    off: Iterable[str],
    drain: Iterable[str],
    weight: Iterable[str],
    rules: Iterable[tuple[Action, Iterable[str]]],
) -> list[Trial]:
    """Raises UsageError for the first word that can't be meant."""
    return [
        *(Off(site) for site in sites_of(off, configuration)),
        *(Out(site) for site in sites_of(drain, configuration)),
        *weights_of(weight, configuration),
        *(trial for action, words in rules for trial in rules_of(action, words, configuration, service)),
    ]


def crowd_of(word: str, service: str) -> Crowd | Literal["countries", "recent"]:
    """Raises UsageError for a file that can't be read, or has no clients in it."""
    kind, _, name = word.partition(":")
    if word == "countries":
        return "countries"
    if word == "recent":
        return "recent"
    if kind not in ("log", "networks") or not name:
        raise UsageError(f"{printable(word)!r} is no population; write countries, recent, log:FILE or networks:FILE")
    with _opened(name) as file:
        if kind == "networks":
            return read_list(lines_of(file), name, NETWORKS_MOST)
        reader = LogReader(service, NETWORKS_MOST)
        reader.take(lines_of(file))
        return reader.crowd(name)


def lines_of(file: IO[bytes]) -> Iterator[bytes]:
    """No longer than anybody reads: what is longer is one line still, cut."""
    while line := file.readline(LONGEST):
        yield line
        while not line.endswith(b"\n") and (line := file.readline(LONGEST)):
            pass


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    try:
        with Path(name).open("rb") as file:
            yield file
    except OSError as error:
        raise UsageError(f"{printable(name)}: {error.strerror or error}") from None
