"""Where a zone is in the life of its keys, and what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from gslb.dns.signing.keys import Key, KeyState, ZoneKeys, state

Part = Literal["csk", "ksk", "zsk"]


def part_of(key: Key, keys: Iterable[Key]) -> Part:
    if not key.sep:
        return "zsk"
    zsk = any(not other.sep and other.algorithm is key.algorithm for other in keys)
    return "ksk" if zsk else "csk"


def living(keys: ZoneKeys, now: int) -> list[Key]:
    """Those that are not removed, the oldest first."""
    found = [key for key in keys.keys if state(key, now) is not KeyState.REMOVED]
    return sorted(found, key=lambda key: (key.timing.publish or key.timing.created or 0, key.tag))


@dataclass(frozen=True, slots=True)
class Step:
    """`at` None: it waits for somebody. `command` is what they say then, without the name of the file."""

    at: int | None
    text: str
    command: str = ""


def next_step(keys: ZoneKeys, now: int) -> Step:
    alive = living(keys, now)
    if not keys.at(now).usable:
        return Step(None, "the zone has no key: make one", f"keygen FILE {keys.zone}")
    waiting = _waits_for_parent(keys, alive, now)
    if waiting is not None:
        return waiting
    at = min((at for key in alive for at in key.steps() if at > now), default=None)
    if at is None:
        return Step(None, "nothing is to be done")
    told = [f"key {key.tag} {_becomes(key, at)}" for key in reversed(alive) if at in key.steps()]
    return Step(at, f"at {written(at)} {', '.join(told)}")


def _waits_for_parent(keys: ZoneKeys, alive: Sequence[Key], now: int) -> Step | None:
    entries = [key for key in alive if key.sep]
    new = entries[-1] if entries else None
    ended = all(key.timing.delete is not None for key in entries[:-1])
    if new is None or (new.timing.ds_publish is not None and ended):
        return None
    if not new.published(now) or (new.timing.sync_publish is not None and new.timing.sync_publish > now):
        return None
    text = f"the parent gets the DS of key {new.tag} (gslb dnssec ds); when all its servers have it, say so"
    return Step(None, text, f"roll FILE {keys.zone} --ds-seen")


def _becomes(key: Key, at: int) -> str:
    timing = key.timing
    words = (
        (timing.delete, "leaves the zone"),
        (timing.inactive, "stops to sign the zone"),
        (timing.activate, "begins to sign the zone"),
        (timing.publish, "comes into the zone"),
        (timing.sync_delete, "leaves CDS and CDNSKEY"),
        (timing.sync_publish, "comes into CDS and CDNSKEY: then its DS may go to the parent"),
    )
    return next(text for when, text in words if when == at)


def written(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
