"""BIND's `$GENERATE`: one line that stands for many."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gslb.config.faults import quoted

MOST_LINES = 65_536
WIDEST = 255
_RANGE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})(?:/([0-9]{1,9}))?")
_MARK = re.compile(r"\\\$|\$\$|\$(?:\{([^}]*)\})?")
_MODIFIER = re.compile(r"(-?[0-9]{1,9})(?:,([0-9]{1,3})(?:,([doxXnN]))?)?")


def generated(text: str) -> Iterator[str]:
    """The lines that `text`, what follows the directive, stands for. Raises ValueError with a sentence."""
    span, _, rest = text.strip().partition(" ")
    if not rest.strip():
        raise ValueError("$GENERATE needs a range, a name, a type and data, as $GENERATE 1-9 host$ A 192.0.2.$")
    steps = _steps(span)
    _expanded(rest, steps[-1])  # what is wrong is told before the first line
    return (_expanded(rest.strip(), step) for step in steps)


def _steps(span: str) -> range:
    match = _RANGE.fullmatch(span)
    if match is None:
        raise ValueError(f"{quoted(span)} is not a range; write it as 1-9 or 0-254/2")
    start, stop, step = int(match[1]), int(match[2]), int(match[3] or "1")
    if step == 0 or start > stop:
        raise ValueError(f"{quoted(span)} is not a range that goes up")
    steps = range(start, stop + 1, step)
    if len(steps) > MOST_LINES:
        raise ValueError(f"{quoted(span)} stands for {len(steps)} lines; {MOST_LINES} is the most")
    return steps


def _expanded(text: str, number: int) -> str:
    def one(match: re.Match[str]) -> str:
        if match[0] in ("\\$", "$$"):
            return "$"
        return str(number) if match[1] is None else _modified(match[1], number)

    return _MARK.sub(one, text)


def _modified(modifier: str, number: int) -> str:
    match = _MODIFIER.fullmatch(modifier)
    if match is None or int(match[2] or "0") > WIDEST:
        raise ValueError(f"${{{modifier}}} is not offset, width and base, as ${{0,3,d}}")
    value, width, base = number + int(match[1]), int(match[2] or "0"), match[3] or "d"
    if value < 0:
        raise ValueError(f"${{{modifier}}} makes {value}, which is below 0")
    if base in "nN":
        return _nibbles(value, width, "x" if base == "n" else "X")
    return format(value, f"0{width}{base}") if width else format(value, base)


def _nibbles(value: int, width: int, base: str) -> str:
    """Hexadecimal digits, the lowest first, with dots between; the width counts the dots."""
    digits = format(value, base)[::-1]
    fewest = (width + 1) // 2
    return ".".join(digits.ljust(fewest, "0"))
