"""/configuration: what runs, what is overridden, who did what, who may, and who is told."""

from __future__ import annotations

from typing import Any

from gslb.admin.html import Child, element
from gslb.admin.pages.frame import panel, table
from gslb.admin.pages.said import facts, listed, utc
from gslb.admin.pages.visit import Drawn, Visit


async def draw(visit: Visit) -> Drawn:
    title = visit.t("nav.configuration")
    overrides, acts = await visit.ask_or_none("overrides"), await visit.ask_or_none("acts", limit=100)
    channels = await visit.ask_or_none("alerts")
    done = ["acts.at", "acts.who", "acts.action", "acts.subject", "acts.why"]
    told = ["alerts.name", "alerts.kind", "alerts.last_sent", "alerts.waiting", "alerts.failures"]
    return Drawn(
        title,
        [
            element("h1", title),
            _running(visit, await visit.ask("config")),
            panel(
                visit.t("override.title"),
                listed(
                    visit,
                    overrides,
                    "override.none",
                    ["acts.change", "acts.why", "acts.who", "drains.ends"],
                    lambda each: _override(visit, each),
                ),
            ),
            panel(visit.t("acts.title"), listed(visit, acts, "acts.none", done, lambda act: _act(visit, act))),
            panel(
                visit.t("alerts.title"), listed(visit, channels, "alerts.none", told, lambda each: _channel(visit, each), (3, 4))
            ),
            await _tokens(visit),
        ],
    )


def _running(visit: Visit, config: dict[str, Any]) -> Child:
    reload = config["reload"]
    faults = [f"{each['file']}:{each['line']}: {each['key']}: {each['message']}" for each in reload["faults"]]
    places = (f"{each['path']} ({each['type']}, {each['built'][:10]})" for each in config["geo"])
    return panel(
        visit.t("config.runs"),
        facts(
            ("World", config["world"]),
            (visit.t("config.file"), element("code", config["file"])),
            ("SHA-256", element("code", config["digest"])),
            (visit.t("config.geo"), ", ".join(places)),
        ),
        element(
            "div",
            element("h3", visit.t("config.accepted" if reload["accepted"] else "config.refused"), " ", utc(reload["at"])),
            element("ul", *(element("li", each) for each in (*faults, *reload["changes"])), class_="plain"),
            class_=f"reload {'good' if reload['accepted'] else 'bad'}",
        ),
        element(
            "details",
            element("summary", visit.t("config.limits")),
            table(
                [visit.t("config.limits"), ""],
                ([element("code", name), str(value)] for name, value in config["limits"].items()),
                numbers=(1,),
            ),
        ),
    )


def _override(visit: Visit, override: dict[str, Any]) -> list[Child]:
    ends = utc(override["until"]) if override["until"] else visit.t("override.for_ever")
    return [_what(visit, override), override["reason"], override["who"], ends]


def _what(visit: Visit, override: dict[str, Any]) -> str:
    if override["kind"] == "weight":
        configured = override["configured_weight"]
        return visit.t(
            "override.weight",
            site=override["site"],
            weight=override["weight"],
            configured="–" if configured is None else configured,
        )
    rule = override["rule"]
    who = " / ".join(f"{visit.t(f'rule.{kind}')} {_words(value)}" for kind, value in rule["match"].items())
    act = next(name for name in ("prefer", "only", "never") if rule.get(name))
    return visit.t(f"rule.told.{act}", who=who, where=_words(rule[act]))


def _words(value: Any) -> str:
    return ", ".join(str(each) for each in (value if isinstance(value, list) else [value]))


def _act(visit: Visit, act: dict[str, Any]) -> list[Child]:
    undone = [" ", element("span", visit.t("acts.undone", n=act["undone_by"]), class_="tag")] if act["undone_by"] else None
    return [utc(act["at"]), act["who"], [visit.language.word("act", act["action"]), undone], act["subject"], act["why"]]


def _channel(visit: Visit, each: dict[str, Any]) -> list[Child]:
    fault = [" ", element("span", each["last_error"], class_="refused")] if each["last_error"] else None
    return [
        each["name"],
        visit.language.word("alerts.kind", each["kind"]),
        [utc(each["last_sent"]), fault],
        each["waiting"],
        each["failures"],
    ]


async def _tokens(visit: Visit) -> Child:
    """Of operators alone: the API tells nobody else."""
    tokens = await visit.ask_or_none("tokens") if visit.principal.role == "operator" else None
    if tokens is None:
        return None
    rows = (
        [each["name"], visit.t(f"role.{each['role']}"), ", ".join(each["sites"]) or "–", _ends(visit, each)] for each in tokens
    )
    headings = ("tokens.name", "tokens.role", "tokens.sites", "tokens.expires")
    return panel(visit.t("tokens.title"), table([visit.t(each) for each in headings], rows))


def _ends(visit: Visit, token: dict[str, Any]) -> Child:
    if token["revoked"]:
        return visit.t("tokens.is_revoked")
    return utc(token["expires"]) if token["expires"] else visit.t("tokens.never")
