"""What can be wrong with a mirror, switchable while it runs. One table, and the words an operator types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gslb.errors import UsageError


class Kind(StrEnum):
    OK = "ok"
    REFUSE = "refuse"  # nobody listens: connections are reset
    DROP = "drop"  # SYNs vanish, as behind a dead router or a silent firewall
    HANG = "hang"  # accepts, and never answers
    TRICKLE = "trickle"  # so many bytes a second
    WRONG = "wrong"  # every byte of the content inverted; length and validators as they were
    CUT = "cut"  # the connection dies in the middle of the body
    STATUS = "status"  # an error for everything
    REDIRECT = "redirect"  # 302 to somewhere else, the path appended
    SLOW = "slow"  # so many times the delay
    FLAP = "flap"  # refuses and is well in turns of so many seconds


@dataclass(frozen=True, slots=True)
class MirrorFault:
    kind: Kind = Kind.OK
    number: float = 0.0  # bytes a second, status, factor or seconds
    url: str = ""

    def __str__(self) -> str:
        if self.kind is Kind.STATUS:
            return f"{self.number:g}"
        argument = self.url or (f"{self.number:g}" if self.kind in _NUMBERS else "")
        return f"{self.kind} {argument}".strip()


WELL = MirrorFault()
USAGE = " | ".join(
    (
        *("ok", "refuse", "drop", "hang", "wrong", "cut", "400..599", "redirect URL"),
        *("trickle [BYTES/S]", "slow [FACTOR]", "flap [SECONDS]"),
    )
)

_WORDS: Mapping[str, Kind] = {kind.value: kind for kind in Kind if kind is not Kind.STATUS}

# kind -> least, default and largest number
_NUMBERS: Mapping[Kind, tuple[float, float, float]] = {
    Kind.TRICKLE: (0.1, 1, 1_000_000),
    Kind.SLOW: (0.1, 10, 10_000),
    Kind.FLAP: (0.05, 5, 3600),
}


def parse_fault(text: str) -> MirrorFault:
    """`hang`, `503`, `slow 4`, `redirect http://192.0.2.80/`. UsageError tells the whole list."""
    word, _, argument = text.strip().partition(" ")
    fault = _parse(word.lower(), argument.strip())
    if fault is None:
        raise UsageError(f"{text.strip()!r} is no fault of a mirror: {USAGE}")
    return fault


def _parse(word: str, argument: str) -> MirrorFault | None:
    if word.isascii() and word.isdigit():
        fits = not argument and 400 <= int(word[:4]) <= 599
        return MirrorFault(Kind.STATUS, int(word)) if fits else None
    if word == Kind.REDIRECT:
        fits = argument.startswith(("http://", "https://")) and argument.isascii() and argument.isprintable()
        return MirrorFault(Kind.REDIRECT, url=argument) if fits and " " not in argument else None
    kind = _WORDS.get(word)
    if kind is None:
        return None
    if kind in _NUMBERS:
        return _with_number(kind, argument)
    return None if argument else MirrorFault(kind)


def _with_number(kind: Kind, argument: str) -> MirrorFault | None:
    least, default, largest = _NUMBERS[kind]
    try:
        number = float(argument) if argument else default
    except ValueError:
        return None
    return MirrorFault(kind, number) if least <= number <= largest else None
