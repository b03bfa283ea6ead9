"""Who looks at a page, and what the API tells them: a page shows what they could ask for themselves, and nothing more."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request

from gslb.admin.html import Child
from gslb.admin.pages.asking import answer_to
from gslb.admin.pages.language import Language
from gslb.admin.principal import Principal

PREFIX: Final = "/api/v1/"


class Refused(Exception):
    """The API refuses; `status` and words of its problem document."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page's title and what is in its `main`; `found` is false where the page is of something that is not there."""

    title: str
    children: Child
    found: bool = True


@dataclass(frozen=True, slots=True)
class Visit:
    request: Request
    principal: Principal
    language: Language
    theme: str  # "light", "dark", or "": as the system has it

    @property
    def params(self) -> Mapping[str, str]:
        return self.request.path_params

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    def t(self, key: str, /, **params: str | int) -> str:
        return self.language.t(key, **params)

    async def ask(self, path: str, /, **query: str | int | None) -> Any:
        """What the API answers to whoever asked for the page; `path` is below /api/v1/. Raises Refused."""
        said = {name: each for name, each in query.items() if each is not None}
        status, body = await answer_to(self.request, PREFIX + path, said)
        try:
            document = json.loads(body) if body else None
        except ValueError:  # a path like incidents/1.md leads to what is no document of JSON
            raise Refused(404, "There is no such thing.") from None
        if status != 200:
            raise Refused(status, str(document.get("detail", "")) if isinstance(document, dict) else "")
        return document

    async def ask_or_none(self, path: str, /, **query: str | int | None) -> Any:
        """None where the API refuses: a part of a page that can be left out."""
        try:
            return await self.ask(path, **query)
        except Refused:
            return None


Draw = Callable[[Visit], Awaitable[Drawn]]
