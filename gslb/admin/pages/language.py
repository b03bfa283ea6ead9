"""What pages say, in the reader's language: the messages of static/messages, which the dashboard has too."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import Request

Message = str | Mapping[str, str]  # one text, or one for each plural category

CODES: Final = ("en", "ja")
_MESSAGES: Final = Path(__file__).parents[1] / "static" / "messages"
_WEIGHT: Final = r"(?:;\s*[qQ]\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?"
_RANGE: Final = re.compile(r"\s*([A-Za-z]{1,8}|\*)((?:-[A-Za-z0-9]{1,8})*)\s*" + _WEIGHT)
_READ_MOST: Final = 1000  # octets of a header


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    messages: Mapping[str, Message] = field(repr=False)

    def t(self, key: str, /, **params: str | int) -> str:
        """The message in words; `{name}` is replaced, and a plural goes by `n`. A key that nobody knows stays itself."""
        text = self.messages.get(key, key)
        if not isinstance(text, str):
            category = "one" if self.code == "en" and params.get("n") == 1 else "other"
            text = text.get(category, text["other"])
        return re.sub(r"\{(\w+)\}", lambda found: str(params.get(found[1], found[0])), text)

    def word(self, kind: str, code: str) -> str:
        """A word of the API in the reader's; as it is where there is none."""
        return self.t(f"{kind}.{code}") if f"{kind}.{code}" in self.messages else code


@cache
def language(code: str) -> Language:
    messages: dict[str, Message] = {}
    for path in sorted((_MESSAGES / code).glob("*.json")):
        messages |= json.loads(path.read_text())
    return Language(code, messages)


def preferred(accept_language: str) -> str:
    """The one of CODES that a browser likes best (RFC 9110 section 12.5.4); English where it names none."""
    liked = {"en": 0.001}  # rather than nothing
    for part in accept_language[:_READ_MOST].split(","):
        found = _RANGE.fullmatch(part)
        if found is None:
            continue
        name, weight = found[1].lower(), float(found[3] or 1)
        for code in CODES if name == "*" else (name,):
            if code in CODES:
                liked[code] = max(liked.get(code, 0.0), weight)
    return max(CODES, key=lambda code: liked.get(code, 0.0))


def tongue_of(request: Request) -> Language:
    """The one that was chosen in the dashboard; else what the browser says."""
    chosen = request.cookies.get("language", "")
    return language(chosen if chosen in CODES else preferred(request.headers.get("accept-language", "")))
