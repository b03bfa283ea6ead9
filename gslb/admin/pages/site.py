"""/sites/{id}, without JavaScript: how a site is, who is sent there, and its last exchanges."""

from __future__ import annotations

from typing import Any

from gslb.admin.html import Child, element
from gslb.admin.pages.frame import note, panel, table
from gslb.admin.pages.visit import Drawn, Visit

_RESULTS = 10


async def draw(visit: Visit) -> Drawn:
    """Raises Refused for a site that is not there, or not theirs."""
    site = await visit.ask(f"sites/{visit.params['id']}")
    flows = await visit.ask_or_none("flows")
    return Drawn(
        site["id"],
        [
            element("h1", site["id"]),
            panel(visit.t("now.state"), *_state(visit, site)),
            panel(visit.t("site.senders"), _senders(visit, site, flows)),
            panel(visit.t("site.checks"), *(_target(visit, each) for each in site["targets"])),
        ],
    )


def _state(visit: Visit, site: dict[str, Any]) -> list[Child]:
    word = element("b", visit.t(f"state.{site['condition']}"), class_=site["condition"])
    since = visit.t("since", time=_utc(site["since"]))
    facts = (
        (visit.t("site.region"), site["region"]),
        (visit.t("site.country"), site["country"] or "–"),
        (visit.t("explain.weight"), str(site.get("weight_now", site["weight"]))),
        (visit.t("site.capacity"), f"{site['capacity']} Mbit/s" if site["capacity"] else "–"),
        (visit.t("now.latency"), ", ".join(f"{each['used_ms']:.0f} ms {each['vantage']}" for each in site["latency"]) or "–"),
        ("URL", site["url"]),
    )
    return [
        element("p", word, " ", since, ": ", site["drain"]["reason"] if site["drain"] else site["reason"]),
        element("dl", *(element("div", element("dt", name), element("dd", value)) for name, value in facts), class_="facts"),
    ]


def _senders(visit: Visit, site: dict[str, Any], flows: dict[str, Any] | None) -> Child:
    if flows is None:
        return note(visit.t("not_known_yet"))
    here = [each for each in flows["flows"] if each["site"] == site["id"]]
    if not here:
        return note(visit.t("site.nobody"))
    rows = (
        (
            each["country"] or visit.t("nowhere"),
            each["region"] or "–",
            each["door"].upper(),
            visit.t("per_s", rate=f"{each['per_s']:.1f}"),
        )
        for each in here[:20]
    )
    heads = (visit.t("site.from"), visit.t("site.region"), visit.t("site.by_door"), visit.t("now.flow"))
    return table(heads, rows, numbers=(3,))


def _target(visit: Visit, target: dict[str, Any]) -> Child:
    checked = visit.t("site.checked_for", service=target["service"], door=target["door"].upper(), family=target["family"])
    state = visit.t(f"state.{target['state']}")
    rows = (
        (_utc(each["at"]), each["vantage"], each["verdict"], each["reason"], _ms(each["timings"]["total_ms"]))
        for each in reversed(target["results"][-_RESULTS:])
    )
    heads = (
        visit.t("site.when"),
        visit.t("range.vantage"),
        visit.t("site.verdict"),
        visit.t("now.reason"),
        visit.t("site.total"),
    )
    return element(
        "section",
        element("h3", target["address"], " ", element("small", checked)),
        element("p", element("b", state, class_=target["state"]), f": {target['reason']}"),
        table(heads, rows, numbers=(4,)),
        element("pre", target["curl"]) if target["curl"] else None,
        class_="target",
    )


def _utc(iso: str) -> str:
    return f"{iso[:10]} {iso[11:19]} UTC"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} ms"
