"""Lists that grow without bound come in pages: `limit`, `before`, and `Link: rel="next"` (RFC 8288)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Request, Response

NUMBER_MOST: Final = 10**15

Before = Annotated[int | None, Query(ge=1, le=NUMBER_MOST, description="A number of this list: for the page after it.")]

_T = TypeVar("_T")


def paged(request: Request, response: Response, found: Sequence[_T], limit: int, last: int | None) -> Sequence[_T]:
    """`found`, with the way to the next page in the answer where this one is full. `last` is the number that it ends with."""
    if last is not None and len(found) >= limit:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "before"]
        response.headers["Link"] = f'<{request.url.path}?{urlencode([*kept, ("before", last)])}>; rel="next"'
    return found
