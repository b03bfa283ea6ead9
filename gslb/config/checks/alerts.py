"""Channels of alerts: each has a name of its own, what its kind needs, and asks for what there is."""

from __future__ import annotations

from typing import Any, Final

from gslb.config.checks.references import check_target
from gslb.config.draft import Draft
from gslb.config.faults import Faults, near_miss, quoted
from gslb.config.schema import Key, Table, plain
from gslb.config.sections import admin, alerts, root


def check(draft: Draft, faults: Faults) -> None:
    table = draft.root.value(root.ALERTS_)
    first: dict[str, str] = {}
    for channel in plain(table.value(alerts.CHANNELS)) if table else ():
        name, node = channel.value(alerts.NAME), channel.at(alerts.NAME)
        if name is not None and first.setdefault(name, node.path) != node.path:
            faults.add(node.line, node.path, f"{quoted(name)} is the same as {first[name]}; every channel has its own")
        _needs(channel, faults)
        _audience(draft, channel, faults)
        _quiet(channel, faults)


# An Alertmanager groups, repeats and is silent by rules of its own.
_FOREIGN: Final[dict[str, tuple[Key[Any], ...]]] = {
    "webhook": (),
    "slack": (alerts.SECRET_FILE,),
    "alertmanager": (alerts.SECRET_FILE, alerts.QUIET, alerts.DIGEST),
}


def _needs(channel: Table, faults: Faults) -> None:
    kind = channel.value(alerts.KIND)
    if kind is None:
        return
    given = [key for key in (alerts.URL, alerts.URL_FILE) if key in channel]
    if kind == "email":
        _only(channel, "email", (alerts.URL, alerts.URL_FILE, alerts.SECRET_FILE), faults)
        smtp = channel.value(alerts.SMTP)
        if alerts.SMTP not in channel:
            faults.add(channel.node.line, channel.node.inside("smtp"), "is missing: how is mail sent? Write host, from and to")
        if smtp is not None and (alerts.USER in smtp) != (alerts.PASSWORD_FILE in smtp):
            faults.add(smtp.node.line, smtp.node.path, "has one of user and password_file; write both, or neither")
        if smtp is not None and alerts.USER in smtp and smtp.value(alerts.STARTTLS) is False and not smtp.value(alerts.TLS):
            faults.add(smtp.node.line, smtp.node.path, "would send the password for everybody to read; use starttls or tls")
        return
    _only(channel, kind, (alerts.SMTP, *_FOREIGN[kind]), faults)
    if len(given) != 1:
        said = "url and url_file say the same thing; leave one out" if given else "is missing; write where messages are posted"
        faults.add(channel.node.line, channel.node.inside("url"), said)


def _only(channel: Table, kind: str, keys: tuple[Key[Any], ...], faults: Faults) -> None:
    for key in keys:
        if key in channel:
            node = channel.at(key)
            faults.add(node.line, node.path, f"means nothing for {kind}; leave it out")


def _audience(draft: Draft, channel: Table, faults: Faults) -> None:
    audience = channel.value(alerts.FOR)
    if audience is None:
        return
    for item in audience.value(alerts.SITES) or ():
        check_target(item.value, item.node, draft.site_ids(), "site", faults)
    for item in audience.value(alerts.REGIONS) or ():
        check_target(item.value, item.node, draft.region_names(), "region", faults)
    table = draft.root.value(root.ADMIN_)
    users = plain(table.value(admin.USERS)) if table else ()
    owners = {user.text(admin.NAME) or "": user.value(admin.ROLE) for user in users}
    for item in audience.value(alerts.OWNERS) or ():
        if item.value not in owners:
            message = f"{quoted(item.value)} is none of admin.users{near_miss(item.value, owners) or '; add them there'}"
            faults.add(item.node.line, item.node.path, message)
        elif owners[item.value] not in ("owner", None):
            faults.add(item.node.line, item.node.path, f"{quoted(item.value)} has no role owner, and so no sites")


def _quiet(channel: Table, faults: Faults) -> None:
    quiet = channel.value(alerts.QUIET)
    start, end = (quiet.value(alerts.FROM), quiet.value(alerts.TO)) if quiet else (None, None)
    if quiet and start is not None and start == end:
        faults.add(quiet.node.line, quiet.node.path, "begins when it ends; write hours between which messages wait")
