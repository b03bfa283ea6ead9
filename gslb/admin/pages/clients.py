"""/clients, without JavaScript."""

from __future__ import annotations

from gslb.admin.html import element
from gslb.admin.pages.frame import note
from gslb.admin.pages.visit import Drawn, Visit


async def draw(visit: Visit) -> Drawn:
    title = visit.t("nav.clients")
    return Drawn(title, [element("h1", title), note(visit.t("not_known_yet"))])
