"""What a client would rather have: `Accept`, for a few types to choose from (RFC 9110 section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

_WEIGHT: Final = re.compile(r"[01](\.[0-9]{0,9})?|\.[0-9]{1,9}")
RANGES_MAX: Final = 64  # that are looked at; whoever has more to say has said enough


def read_accept(header: bytes) -> Mapping[str, float]:
    """The weight of each range, in lower case. What is no weight counts as 0."""
    return dict(_range(text) for text in header.decode("latin-1").lower().split(",")[:RANGES_MAX])


def _range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip() for part in text.split(";"))
    quality = next((value[2:] for value in parameters if value.startswith("q=")), "1")
    return name, min(float(quality), 1.0) if _WEIGHT.fullmatch(quality) else 0.0


def weight(ranges: Mapping[str, float], media_type: str) -> float:
    """By the range that names it most exactly; without any, nothing is unwelcome."""
    names = (media_type, media_type.partition("/")[0] + "/*", "*/*")
    return next((ranges[name] for name in names if name in ranges), 0.0)


def preferred(ranges: Mapping[str, float], offers: Sequence[str]) -> str:
    """The most welcome of the offers. Of equals one that is named, and then the first; so too where none is welcome."""
    return max(offers, key=lambda offer: (weight(ranges, offer), ranges.get(offer, 0.0) > 0))


def asks_for(ranges: Mapping[str, float], media_type: str) -> bool:
    """Whether it is named, and nothing is more welcome."""
    named = ranges.get(media_type, 0.0)
    return named > 0 and named >= max(ranges.values())
