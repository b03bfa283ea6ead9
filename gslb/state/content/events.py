"""Events of release sets, in words for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gslb.model import Event, Family, Hold, SetKey, Severity
from gslb.state.content.editions import Holders
from gslb.state.content.record import ContentRecord, short
from gslb.state.content.sets import SetState
from gslb.state.events import EventBook


def held(
    book: EventBook, utc: datetime, key: SetKey, site: str, family: Family, was: Hold, record: ContentRecord
) -> Event | None:
    """A site's way in or out of a set; None for what is no news. `was` is what was told last, UNKNOWN before anything was."""
    where = f"{site} over IPv{family}"
    whole = f"{key.content} of {key.service}"
    data = {"service": key.service, "content": key.content, "family": str(family), "from": was.value, "to": record.hold.value}
    if record.hold is Hold.WRONG:
        message = f"{where} has wrong files of {whole} and is not used for it: {record.reason}"
        return book.event(utc, "content-wrong", Severity.ERROR, site, message, data=data)
    if record.hold is Hold.ABSENT:
        message = f"{where} is not used for {whole}: {record.reason}"
        return book.event(utc, "content-absent", Severity.WARNING, site, message, data=data)
    if record.hold is Hold.GOOD and was in (Hold.WRONG, Hold.ABSENT):
        message = f"{where} has {whole} in good order again, at generation {short(record.generation)}"
        return book.event(utc, "content-back", Severity.INFO, site, message, data=data)
    return None


def turned(book: EventBook, utc: datetime, key: SetKey, old: SetState, new: SetState, holders: Holders) -> Iterator[Event]:
    """What is served, roll-outs and shortages."""
    whole = f"{key.content} of {key.service}"
    data = {"service": key.service, "content": key.content, "generation": new.served}
    if new.rolling and not old.rolling:
        newest = new.newer or new.served
        message = f"{whole} is being rolled out: generation {short(newest)} is on {_count(newest, holders)}"
        yield book.event(utc, "content-rollout", Severity.INFO, key.service, message, data=data | {"generation": newest})
    if new.firm and (not old.firm or new.served != old.served):
        before = f" instead of {short(old.served)}" if old.served not in ("", new.served) else ""
        message = f"generation {short(new.served)} of {whole} is served{before}: {_count(new.served, holders)} hold it"
        yield book.event(utc, "content-served", Severity.INFO, key.service, message, data=data | {"from": old.served})
    if old.rolling and not new.rolling:
        message = f"the roll-out of {whole} is complete: generation {short(new.served)} is on {_count(new.served, holders)}"
        yield book.event(utc, "content-rollout-complete", Severity.INFO, key.service, message, data=data)
    if new.short and not old.short:
        message = f"{whole} is short: {new.words}"
        yield book.event(utc, "content-short", Severity.WARNING, key.service, message, data=data)
    if old.short and not new.short:
        message = f"{whole} is not short any more: {_count(new.served, holders)} hold generation {short(new.served)}"
        yield book.event(utc, "content-short-over", Severity.INFO, key.service, message, data=data)


def _count(generation: str, holders: Holders) -> str:
    return f"{len(holders.by_generation.get(generation, ()))} of {len(holders.carrying)} sites"


def left_out(book: EventBook, utc: datetime, count: int, most: int) -> Event:
    message = (
        f"the manifests of {count} generations that sites hold are not kept, as they have more than {most} files together "
        "with the others; raise limits.manifest_files"
    )
    return book.event(utc, "content-manifest-left-out", Severity.WARNING, "content", message)
