"""What holds for every path of /api/v1, those to come too: methods, entity tags, idempotency keys, pages.

All but pages is middleware, so a route need not know of it; a route with pages says where the next one begins (`paging.paged`).
"""

from __future__ import annotations

from typing import Final

API: Final = "/api/"


def of_api(path: str) -> bool:
    return path.startswith(API)
