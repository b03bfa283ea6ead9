"""Decides who is told of what. No I/O, no clock.

For one incident a channel gets at most: that it is there, after `wait` and if it still holds then; that it has become worse,
once for each severity; that it is over; and, where that is configured, that it still is, every `repeat`. In quiet hours, and
between two digests, what would have been said is put aside, and comes as one message; an incident that began and ended
meanwhile is one line of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from gslb.model import Channel, Configuration, Severity
from gslb.state.alerts.notice import Notice, NoticeKind
from gslb.state.alerts.quiet import quiet_until
from gslb.state.codec import decode, encode
from gslb.state.incidents import Incident, limited, worse
from gslb.state.incidents.incident import at_least
from gslb.state.incidents.stored import document_of, incident_of

HELD_MOST: Final = 500
"""Incidents that one channel puts aside; beyond it the oldest go."""
REFRESH_S: Final = 300.0
"""How often an Alertmanager is told again of what holds: it takes silence for an end."""


@dataclass(frozen=True, slots=True)
class Told:
    """`heard`: a message went out, and nothing of it is put aside."""

    severity: Severity
    at: datetime
    repeats: int = 0
    heard: bool = True


@dataclass(slots=True)
class Account:
    """Of one channel, by the number of the incident. `held_since` is when the first was put aside."""

    told: dict[int, Told] = field(default_factory=dict)
    held: dict[int, Incident] = field(default_factory=dict)
    held_since: datetime | None = None


class Desk:
    """`text` is what `freeze` gave before a restart."""

    def __init__(self, text: str = "") -> None:
        self._accounts = _read(text)

    def step(self, incidents: Sequence[Incident], configuration: Configuration, utc: datetime, last: int) -> tuple[Notice, ...]:
        """What is to go out now. `incidents` are those open, and those closed since the last step; `last` is the number of the
        newest message there was."""
        channels = configuration.alerts.channels
        self._accounts = {each.name: self._accounts.get(each.name) or Account() for each in channels}
        made: list[Notice] = []
        for channel in channels:
            account = self._accounts[channel.name]
            _forget(account, incidents)
            for incident in sorted(incidents, key=lambda each: each.number):
                if concerns(channel, incident, configuration):
                    made += _judge(account, channel, _seen(channel, incident, configuration), configuration, utc)
            made += _release(account, channel, configuration.node, utc)
        return tuple(replace(each, number=last + place) for place, each in enumerate(made, 1))

    @property
    def stamp(self) -> object:
        """Another one when `freeze` gives something else."""
        return tuple(
            (name, tuple(each.told.items()), each.held_since, tuple((number, held.changed) for number, held in each.held.items()))
            for name, each in self._accounts.items()
        )

    def freeze(self) -> str:
        return json.dumps({name: _as_json(account) for name, account in self._accounts.items()})


def concerns(channel: Channel, incident: Incident, configuration: Configuration) -> bool:
    """Whether a channel is for it. An incident of the node itself is for those who want all."""
    audience = channel.audience
    if not at_least(incident.severity, audience.severity):
        return False
    if not (audience.sites or audience.regions or audience.owners):
        return True
    sites = set(audience.sites) | _owned(channel, configuration)
    return bool(sites & set(incident.sites)) or bool(set(audience.regions) & set(incident.regions))


def _owned(channel: Channel, configuration: Configuration) -> set[str]:
    return {site for user in configuration.users if user.name in channel.audience.owners for site in user.sites}


def _seen(channel: Channel, incident: Incident, configuration: Configuration) -> Incident:
    """Owners read nothing of sites of others; a channel that is for regions too is for people who may."""
    audience = channel.audience
    if not audience.owners or audience.regions:
        return incident
    return limited(incident, _owned(channel, configuration) | set(audience.sites))


def _judge(
    account: Account, channel: Channel, incident: Incident, configuration: Configuration, utc: datetime
) -> Iterable[Notice]:
    kind = _stage(account.told.get(incident.number), channel, incident, configuration.alerts.wait_s, utc)
    number = incident.number
    if number in account.held:
        account.held[number] = incident  # as it is in the end
    if kind is None:
        return
    known = account.told.get(number)
    if _holds_back(channel, incident, utc):
        if kind is not NoticeKind.REPEAT:
            _hold(account, incident, known, utc)
        return
    if kind is NoticeKind.CLOSED and known is not None and not known.heard:
        return  # put aside while it was open: it is in the next summary
    account.held.pop(number, None)
    account.held_since = account.held_since if account.held else None
    if kind is NoticeKind.CLOSED:
        account.told.pop(number, None)
    else:
        repeats = 0 if known is None else known.repeats + (kind is NoticeKind.REPEAT)
        severity = incident.severity if known is None else worse(known.severity, incident.severity)
        if known is not None and not known.heard:
            kind = NoticeKind.OPENED  # nobody has heard of it yet
        account.told[number] = Told(severity, utc, repeats)
    yield _notice(channel, configuration.node, incident, kind, account.told.get(number), utc)


def _stage(told: Told | None, channel: Channel, incident: Incident, wait_s: float, utc: datetime) -> NoticeKind | None:
    if told is None:
        lasted_s = (utc - incident.opened).total_seconds()
        ready = incident.open and bool(incident.active) and (lasted_s >= wait_s or lasted_s < 0)
        return NoticeKind.OPENED if ready else None
    if not incident.open:
        return NoticeKind.CLOSED
    if not at_least(told.severity, incident.severity):
        return NoticeKind.RISEN
    repeat_s = channel.repeat_s or (REFRESH_S if channel.kind == "alertmanager" else None)
    since_s = (utc - told.at).total_seconds()
    due = repeat_s is not None and told.heard and (since_s >= repeat_s or since_s < 0)
    return NoticeKind.REPEAT if due and incident.active else None


def _holds_back(channel: Channel, incident: Incident, utc: datetime) -> bool:
    if channel.digest_s is not None:
        return True
    quiet = channel.quiet
    return quiet is not None and quiet_until(quiet, utc) is not None and not at_least(incident.severity, quiet.but)


def _hold(account: Account, incident: Incident, known: Told | None, utc: datetime) -> None:
    account.held[incident.number] = incident
    account.held_since = account.held_since or utc
    while len(account.held) > HELD_MOST:
        del account.held[next(iter(account.held))]
    if incident.open:
        severity = incident.severity if known is None else worse(known.severity, incident.severity)
        account.told[incident.number] = Told(severity, utc, 0 if known is None else known.repeats, heard=False)
    else:
        account.told.pop(incident.number, None)


def _release(account: Account, channel: Channel, node: str, utc: datetime) -> Iterable[Notice]:
    """What was put aside, as one message, when its time has come."""
    if not account.held or quiet_until(channel.quiet, utc) is not None:
        return
    since = account.held_since or utc
    if channel.digest_s is not None and timedelta(0) <= utc - since < timedelta(seconds=channel.digest_s):
        return
    kind = NoticeKind.SUMMARY if channel.digest_s is None else NoticeKind.DIGEST
    incidents = sorted(account.held.values(), key=lambda each: each.number)
    account.held.clear()
    account.held_since = None
    for number, told in account.told.items():
        account.told[number] = replace(told, heard=True)
    for incident in incidents:
        if not incident.open:
            account.told.pop(incident.number, None)
    name = f"{_plain(node)}/{kind.value}/{since:%Y%m%dT%H%M%S}"
    yield Notice(0, name, channel.name, kind, utc, utc).about(*incidents)


def _forget(account: Account, incidents: Sequence[Incident]) -> None:
    """Nothing more is heard of incidents that nobody knows any more, such as after the state was lost."""
    known = {each.number for each in incidents}
    for number in account.told.keys() - known:
        del account.told[number]


def _notice(channel: Channel, node: str, incident: Incident, kind: NoticeKind, told: Told | None, utc: datetime) -> Notice:
    stage = kind.value
    if kind is NoticeKind.RISEN:
        stage += f"-{incident.severity.value}"
    elif kind is NoticeKind.REPEAT and told is not None:
        stage += f"-{told.repeats}"
    name = f"{_plain(node)}/{incident.opened:%Y%m%dT%H%M%S}/{incident.number}/{stage}"
    return Notice(0, name, channel.name, kind, utc, utc).about(incident)


def _plain(node: str) -> str:
    """Ids have no dots: what is signed is joined by them."""
    return node.replace(".", "_")


# How it is kept


@dataclass(frozen=True, slots=True)
class _ToldRow:
    incident: int
    severity: Severity
    at: datetime
    repeats: int
    heard: bool


def _as_json(account: Account) -> dict[str, object]:
    rows = [_ToldRow(number, each.severity, each.at, each.repeats, each.heard) for number, each in account.told.items()]
    return {
        "told": [encode(row) for row in rows],
        "held": [document_of(replace(each, timeline=(), keys=())) for each in account.held.values()],
        "held_since": None if account.held_since is None else account.held_since.isoformat(),
    }


def _read(text: str) -> dict[str, Account]:
    """What can't be read is forgotten: then somebody may be told twice, which is better than never."""
    try:
        document = json.loads(text or "{}")
        return {str(name): _account(each) for name, each in document.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _account(document: Mapping[str, object]) -> Account:
    told, held, since = document["told"], document["held"], document["held_since"]
    if not isinstance(told, list) or not isinstance(held, list) or len(held) > HELD_MOST:
        raise ValueError("an account: not as it should be")
    rows = [decode(_ToldRow, each) for each in told]
    incidents = [incident_of(each) for each in held]
    began = datetime.fromisoformat(since) if isinstance(since, str) else None
    if began is not None and began.tzinfo is None:
        raise ValueError("an account: a time without its offset")
    return Account(
        {row.incident: Told(row.severity, row.at, row.repeats, row.heard) for row in rows},
        {each.number: each for each in incidents},
        began,
    )
