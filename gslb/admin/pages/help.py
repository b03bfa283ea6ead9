"""/help: what to do in the night, the marks, and the views."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from gslb.admin.html import Child, element
from gslb.admin.pages.frame import MENU, panel
from gslb.admin.pages.visit import Drawn, Visit
from gslb.admin.views import Condition

_NIGHT = ("what", "whom", "before", "act", "after")


async def draw(visit: Visit) -> Drawn:
    title = visit.t("nav.help")
    states = ((visit.t(f"state.{each}"), visit.t(f"help.state.{each}")) for each in get_args(Condition))
    views = (
        (element("a", visit.t(f"nav.{name}"), href=path), visit.t(f"help.view.{name}"))
        for name, path in MENU.items()
        if name != "help"
    )
    return Drawn(
        title,
        [
            element("h1", title),
            panel(visit.t("help.night"), element("ol", *(element("li", visit.t(f"help.night.{each}")) for each in _NIGHT))),
            panel(visit.t("help.marks"), _pairs(states)),
            panel(visit.t("nav.label"), _pairs(views)),
        ],
    )


def _pairs(pairs: Iterable[tuple[Child, Child]]) -> Child:
    return element("dl", *(element("div", element("dt", name), element("dd", what)) for name, what in pairs), class_="pairs")
