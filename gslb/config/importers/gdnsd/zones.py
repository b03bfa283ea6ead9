"""gdnsd's zone files (gdnsd.zonefile(5)): those of others, and DYNA, DYNC, `@Z`, `@F`, two TTLs, long TXT."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.tokenizer

from gslb.config import values
from gslb.config.importers.masterfile import MasterFile
from gslb.config.importers.notes import Notes, Place
from gslb.config.zonetext import ttl_seconds

_LONGEST = 255
_CHALLENGE = b"_acme-challenge"


@dataclass(frozen=True, slots=True)
class Limits:
    """What gdnsd holds TTLs to, in seconds."""

    default_s: int = 86400
    lowest_s: int = 5
    highest_s: int = 3_600_000
    negative_s: int = 10_800


@dataclass(frozen=True, slots=True)
class Dynamic:
    """A name whose addresses come from a plug-in."""

    owner: dns.name.Name
    reference: str
    ttl_max_s: int
    ttl_min_s: int
    place: Place


class ZoneFile(MasterFile):
    restores_ttl = True
    repeats_ttl = False

    def __init__(self, zone: dns.name.Name, notes: Notes, limits: Limits, challenge_ttl_s: int = 0) -> None:
        super().__init__(zone, notes)
        self.dynamic: list[Dynamic] = []
        self._limits = limits
        self._challenge_ttl_s = challenge_ttl_s
        self._file_origin = zone
        self._lowest_s: int | None = None  # of `300/60`

    def name(self, text: str) -> dns.name.Name:
        for mark, origin in (("@Z", self.zone), ("@F", self._file_origin)):
            if text == mark:
                return origin
            if text.endswith(f".{mark}"):
                return dns.name.from_text(text.removesuffix(f".{mark}"), origin)
        return super().name(text)

    def ttl(self, word: str) -> int:
        highest, slash, lowest = word.partition("/")
        self._lowest_s = ttl_seconds(lowest) if slash else None
        return ttl_seconds(highest)

    def take(self, owner: dns.name.Name, ttl_s: int | None, kind: str, data: str, place: Place) -> None:
        lowest_s, self._lowest_s = self._lowest_s, None
        wanted_s = self._limits.default_s if ttl_s is None else ttl_s
        if owner.labels[0].lower() == _CHALLENGE:
            wanted_s = self._challenge_ttl_s
        else:
            wanted_s = self._held(wanted_s, place)
        if kind.upper() in ("DYNA", "DYNC"):
            self._dynamic(owner, wanted_s, lowest_s, data, place)
        else:
            super().take(owner, wanted_s, kind, _split(data) if kind.upper() == "TXT" else data, place)

    def _include(self, text: str, place: Place, depth: int) -> None:
        before = self._file_origin
        try:
            super()._include(text, place, depth)
        finally:
            self._file_origin = before

    def _begin(self, path: str) -> None:
        self._file_origin = self._origin

    def _held(self, ttl_s: int, place: Place) -> int:
        held_s = min(max(ttl_s, self._limits.lowest_s), self._limits.highest_s)
        if held_s != ttl_s:
            self.notes.changed(place, f"TTL {ttl_s} is written as {held_s}: min_ttl and max_ttl of the options")
        return held_s

    def _dynamic(self, owner: dns.name.Name, ttl_s: int, lowest_s: int | None, data: str, place: Place) -> None:
        least_s = max(self._limits.lowest_s, ttl_s // 2 if lowest_s is None else lowest_s)
        reference = data.strip().strip('"')
        self.dynamic.append(Dynamic(owner, reference, ttl_s, min(least_s, ttl_s), place))


def zone_files(folder: str, notes: Notes) -> Iterator[tuple[dns.name.Name, str]]:
    """The zones of a directory: each file has the name of its zone, with @ for a slash."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        notes.lost(Place(folder, 1), f"can't be read: {error.strerror}; no zones")
        return
    for name in names:
        path = os.path.join(folder, name)
        if name.startswith(".") or not os.path.isfile(path):
            continue
        try:
            yield dns.name.from_text(values.host(name.replace("@", "/"))), path
        except (dns.exception.DNSException, ValueError) as error:
            notes.lost(Place(path, 1), f"{error}; the zone is left out")


def _split(data: str) -> str:
    """TXT in which no string is over 255 octets."""
    tokens = dns.tokenizer.Tokenizer(data)
    strings: list[bytes] = []
    try:
        while True:
            token = tokens.get().unescape_to_bytes()
            if token.is_eol_or_eof():
                break
            value = token.value if isinstance(token.value, bytes) else str(token.value).encode()
            strings += [value[at : at + _LONGEST] for at in range(0, len(value), _LONGEST)] or [b""]
    except dns.exception.DNSException:
        return data
    return " ".join(f'"{_escaped(value)}"' for value in strings)


def _escaped(value: bytes) -> str:
    return "".join(chr(one) if 32 <= one < 127 and one not in b'"\\' else f"\\{one:03d}" for one in value)
