"""Overrides and maintenance in the state file: a row each, written when it changes and not before.

A row is a document of JSON. Reading one is the parser of what a crash, another version or a person may have written there:
whatever does not fit is left out, and told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from ipaddress import ip_network
from typing import Any, Literal, cast

from gslb.model import Change, Maintenance, Match, Override, Reweight, Rule, Steer
from gslb.state.codec import decode, encode
from gslb.state.restored import Restored
from gslb.state.store import Store, clean

_ACTIONS = ("prefer", "only", "never")


@dataclass(frozen=True, slots=True)
class _Rule:
    service: str
    networks: tuple[str, ...]
    asns: tuple[int, ...]
    countries: tuple[str, ...]
    action: str
    targets: tuple[str, ...]
    until: str | None


@dataclass(frozen=True, slots=True)
class _Weight:
    site: str
    weight: int


@dataclass(frozen=True, slots=True)
class _Made:
    """`place` is where it stands among the others, which is what tells which of two rules comes first."""

    id: str
    place: int
    reason: str
    who: str
    since: datetime
    until: datetime | None


class OrderTable:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._written: dict[str, dict[str, str]] = {"overrides": {}, "maintenance": {}}
        self._kept: tuple[tuple[Override, ...], tuple[Maintenance, ...]] | None = None

    def load(self) -> tuple[tuple[Override, ...], tuple[Maintenance, ...], list[str]]:
        """(overrides, the oldest first; maintenance; what could not be read). Raises StoreError."""
        faults: list[str] = []
        with self._store.transaction() as connection:
            for table in self._written:
                # The name of a table is one of ours.
                self._written[table] = dict(connection.execute(f"SELECT id, document FROM {table}"))  # noqa: S608
        made = sorted(_read("overrides", self._written["overrides"], override_from, faults), key=lambda each: each[0])
        plans = tuple(_read("maintenance", self._written["maintenance"], maintenance_from, faults))
        return tuple(override for _, override in made), plans, faults

    def completed(self, found: Restored | None, now_s: float, utc: datetime) -> Restored | None:
        """What the store has of the rest, with the orders; the times are for where it has nothing. Raises StoreError."""
        overrides, maintenance, faults = self.load()
        if not (overrides or maintenance or faults):
            return found
        found = found or Restored(0, now_s, utc)
        return replace(found, overrides=overrides, maintenance=maintenance, faults=(*found.faults, *faults))

    def keep(self, overrides: tuple[Override, ...], maintenance: tuple[Maintenance, ...]) -> None:
        """All of it or nothing. Costs nothing where it is written already. Raises StoreError."""
        if self._kept == (overrides, maintenance):
            return
        wanted = {
            "overrides": {each.id: override_to(each, place) for place, each in enumerate(overrides)},
            "maintenance": {each.id: maintenance_to(each) for each in maintenance},
        }
        with self._store.transaction() as connection:
            for table, rows in wanted.items():
                had = self._written[table]
                gone = [(each,) for each in had.keys() - rows.keys()]
                new = [(each, text) for each, text in rows.items() if had.get(each) != text]
                connection.executemany(f"DELETE FROM {table} WHERE id = ?", gone)  # noqa: S608
                connection.executemany(f"REPLACE INTO {table} VALUES (?, ?)", new)  # noqa: S608
        self._written, self._kept = wanted, (overrides, maintenance)


def override_to(override: Override, place: int = 0) -> str:
    made = _Made(override.id, place, clean(override.reason), clean(override.who), override.since, override.until)
    change = override.change
    if isinstance(change, Reweight):
        return _text({"weight": encode(_Weight(change.site, change.weight)), "made": encode(made)})
    rule, match = change.rule, change.rule.match
    until = None if rule.until is None else rule.until.isoformat()
    networks = tuple(map(str, match.networks))
    stored = _Rule(change.service, networks, match.asns, match.countries, rule.action, rule.targets, until)
    return _text({"rule": encode(stored), "made": encode(made)})


def override_from(text: str) -> tuple[int, Override]:
    """(its place, the override). Raises ValueError."""
    document = _document(text)
    made = decode(_Made, document.get("made"))
    return made.place, Override(made.id, _change(document), made.reason, made.who, made.since, made.until)


def maintenance_to(each: Maintenance) -> str:
    words = {"reason": clean(each.reason), "who": clean(each.who), "owner": each.owner and clean(each.owner)}
    return _text({**asdict(each), **words, "start": each.start.isoformat(), "end": each.end.isoformat()})


def maintenance_from(text: str) -> Maintenance:
    """Raises ValueError."""
    read = decode(Maintenance, _document(text))
    if read.end <= read.start:
        raise ValueError("ends before it begins")
    return read


def _change(document: Mapping[str, Any]) -> Change:
    if set(document) == {"weight", "made"}:
        weight = decode(_Weight, document["weight"])
        return Reweight(weight.site, weight.weight)
    if set(document) != {"rule", "made"}:
        raise ValueError("neither a weight nor a rule")
    read = decode(_Rule, document["rule"])
    if read.action not in _ACTIONS or not read.targets:
        raise ValueError("a rule that does nothing")
    match = Match(tuple(map(ip_network, read.networks)), read.asns, read.countries)
    if match == Match():
        raise ValueError("a rule for nobody")
    until = None if read.until is None else date.fromisoformat(read.until)
    action = cast(Literal["prefer", "only", "never"], read.action)
    return Steer(read.service, Rule(match, action, read.targets, until))


def _read(table: str, rows: Mapping[str, str], read: Any, faults: list[str]) -> Iterator[Any]:
    for row, text in rows.items():
        try:
            yield read(text)
        except (ValueError, OverflowError) as error:
            faults.append(f"{table} {row[:100]!r}: {error}")


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(document, dict):
        raise ValueError("not an object")
    return document


def _text(document: Mapping[str, object]) -> str:
    return json.dumps(document, separators=(",", ":"), sort_keys=True)
