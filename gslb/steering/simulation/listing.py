"""Populations that people bring: a list of networks with weights, or a log of who asked.

A list is somebody's word, so one bad line refuses all of it. A log is what a machine left, often cut off at the end: a line
that can't be read is counted, and left.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Final

from gslb.errors import UsageError
from gslb.model import Network
from gslb.model.text import printable
from gslb.steering.simulation.crowd import Crowd, Gathering

LONGEST: Final = 65_536  # octets of one line
MOST_WEIGHT: Final = 1e15
_SHOWN = 60
_HEADER = ("network", "address", "client", "ip")


def network_of(text: str) -> Network:
    """Raises ValueError with half a sentence."""
    try:
        return ip_network(text.strip("[]"), strict=False)
    except ValueError:
        raise ValueError(f"{printable(text[:_SHOWN])!r} is neither an address nor a network") from None


def weight_of(text: str) -> float:
    """Raises ValueError with half a sentence."""
    try:
        value = float(text) if text.isascii() else math.nan
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= MOST_WEIGHT:  # what is no number fails both
        raise ValueError(f"{printable(text[:_SHOWN])!r} is no weight; write a number from 0 on")
    return value


def read_list(lines: Iterable[bytes], name: str, most: int) -> Crowd:
    """Lines of a network and its weight, 1 where there is none, with commas, semicolons, tabs or blanks between; # begins a
    comment. `name` is what people call the file. Raises UsageError with the first bad line, or for more than `most` networks.
    """
    gathering = Gathering(most)
    for number, line in enumerate(lines, 1):
        words = _words(line)
        if not words or (number == 1 and words[0].lower() in _HEADER):
            continue
        try:
            if len(words) > 2:
                raise ValueError("a line has a network and a weight, and no more")
            weight = weight_of(words[1]) if len(words) == 2 else 1.0
            network = network_of(words[0])
        except ValueError as error:
            raise UsageError(f"{name}:{number}: {error}") from None
        if weight:
            gathering.add(network, weight)
        if gathering.left_out:
            raise UsageError(f"{name}:{number}: there are more than {most} networks; give fewer, wider ones")
    if not len(gathering):
        raise UsageError(f"{name}: there is no network in it; write lines like 133.11.0.0/16,2.5")
    return gathering.crowd("networks", f"{len(gathering)} networks of {name}")


@dataclass(slots=True)
class LogReader:
    """Takes the lines of a log: our own query log, or any that begins with an address. `others` asked for other names."""

    service: str
    most: int
    read: int = 0
    bad: int = 0
    others: int = 0
    _gathering: Gathering = field(init=False)

    def __post_init__(self) -> None:
        self._gathering = Gathering(self.most)

    def take(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            if line.strip():
                self._take(line)

    def crowd(self, name: str) -> Crowd:
        """Raises UsageError where no line was of use."""
        if not len(self._gathering):
            raise UsageError(
                f"{name}: no line of {self.read + self.bad + self.others} tells of a client that asked for {self.service}"
            )
        said = f"{self.read} queries of {len(self._gathering)} networks in {name}"
        notes = [
            f"{count} {what}"
            for count, what in (
                (self.others, "were for other names"),
                (self.bad, "could not be read"),
                (self._gathering.left_out, f"were of networks beyond the first {self.most}"),
            )
            if count
        ]
        return self._gathering.crowd("log", f"{said}; {', '.join(notes)}" if notes else said)

    def _take(self, line: bytes) -> None:
        try:
            network = _asker(line, self.service) if line.lstrip()[:1] == b"{" else network_of(_words(line)[0])
        except (ValueError, IndexError, RecursionError):
            self.bad += 1
            return
        if network is None:
            self.others += 1
            return
        self.read += 1
        self._gathering.add(network)


def _asker(line: bytes, service: str) -> Network | None:
    """Of one line of our query log; None where it asks for something else."""
    told = json.loads(line)
    if told.get("service") != service:
        return None
    subnet = told.get("subnet")
    if isinstance(subnet, str):
        network = network_of(subnet)
        if network.prefixlen:  # with 0 a client tells nothing of itself (RFC 7871 section 7.1.2)
            return network
    client = told.get("client")
    if not isinstance(client, str):
        raise ValueError("there is no client in it")
    return network_of(client)


def _words(line: bytes) -> list[str]:
    text = line[:LONGEST].decode("utf-8", "replace").removeprefix("\ufeff").partition("#")[0]
    return text.replace(",", " ").replace(";", " ").split()
