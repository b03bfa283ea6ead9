"""The first page as it is before any JavaScript: all that is known, at this moment."""

from __future__ import annotations

from collections.abc import Sequence

from gslb.admin.board import Board
from gslb.admin.html import element
from gslb.admin.pages import footer, page
from gslb.admin.principal import Principal
from gslb.model import Event


def front_page(board: Board, events: Sequence[Event], principal: Principal) -> str:
    return page(board.status.node, element("h1", board.status.incident.headline), footer())
