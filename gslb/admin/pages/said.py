"""How pages say shares, times and what is not known; static/words.js says the same."""

from __future__ import annotations

from typing import Any

from gslb.admin.html import Child, element
from gslb.admin.pages.frame import note, table
from gslb.admin.pages.visit import Visit


def percent(share: float | None) -> str:
    """A little is never shown as nothing."""
    if share is None:
        return "–"
    if 0 < share < 0.001:
        return "<0.1 %"
    return f"{share * 100:.1f} %" if share < 0.0995 else f"{share * 100:.0f} %"


def utc(at: str | None) -> Child:
    return element("time", f"{at[:10]} {at[11:16]} UTC", datetime=at) if at else "–"


def plain(number: float | None) -> str:
    return "–" if number is None else f"{number:.1f}".removesuffix(".0")


def facts(*pairs: tuple[str, Child]) -> Child:
    return element("dl", *(element("div", element("dt", name), element("dd", value)) for name, value in pairs), class_="facts")


def listed(
    visit: Visit, documents: list[Any] | None, empty: str, headings: list[str], rows: Any, numbers: tuple[int, ...] = ()
) -> Child:
    """A table of `rows(document)`, or why there is none."""
    if documents is None:
        return note(visit.t("not_known_yet"))
    if not documents:
        return note(visit.t(empty))
    return table([visit.t(each) for each in headings], [rows(document) for document in documents], numbers=numbers)


def site_link(site: str) -> Child:
    return element("a", site, href=f"/sites/{site}")
