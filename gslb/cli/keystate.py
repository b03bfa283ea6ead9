"""What is told of the keys of a zone: a document for programs, lines for people."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import dns.dnssec
import dns.exception
import dns.message
import dns.query
import dns.rdatatype
from rich.console import RenderableType
from rich.text import Text

from gslb.cli.render import table
from gslb.dns.signing import Key, KeyState, ZoneKeys
from gslb.dns.signing.ds import ds_text
from gslb.dns.signing.keys import state
from gslb.dns.signing.signer import Period
from gslb.dns.signing.steps import living, next_step, part_of, written
from gslb.model import Configuration, Zone

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_WITHIN_S = 1.0
_STYLES = {KeyState.ACTIVE: "green", KeyState.PUBLISHED: "cyan", KeyState.RETIRED: "yellow"}


def for_parent(keys: ZoneKeys, now: int) -> Sequence[Key]:
    """Whose DS the parent must have: those in CDS, else every key-signing key that is not still waiting for that."""
    found = keys.at(now)
    entries = [key for key in found.published if key.sep]
    return found.synced or [key for key in entries if not _ahead(key, now)] or entries


def _ahead(key: Key, now: int) -> bool:
    return key.timing.sync_publish is not None and key.timing.sync_publish > now


def early(keys: Sequence[Key], now: int) -> str | None:
    """Until when the parent must wait, if it must."""
    return next((written(key.timing.sync_publish or 0) for key in keys if _ahead(key, now)), None)


def parent_records(zone: Zone, keys: Sequence[Key]) -> dict[str, list[str]]:
    """As zone text, by kind."""
    start = f"{zone.name}. {zone.ttl_s} IN"
    records = [f"{key.flags} 3 {key.algorithm.number} {b64encode(key.secret.public).decode()}" for key in keys]
    return {
        "ds": [f"{zone.name}. IN DS {ds_text(key)}" for key in keys],
        "cds": [f"{start} CDS {ds_text(key)}" for key in keys],
        "cdnskey": [f"{start} CDNSKEY {record}" for record in records],
    }


def document(
    configuration: Configuration, zone: Zone, keys: ZoneKeys, now: int, file: str, *, ask: bool = True
) -> dict[str, Any]:
    step, alive = next_step(keys, now), living(keys, now)
    command = f"gslb dnssec {step.command.replace('FILE', file)}" if step.command else None
    found = keys.at(now)
    told: dict[str, Any] = {
        "zone": zone.name,
        "directory": "" if zone.dnssec is None else zone.dnssec.keys,
        "overdue": found.overdue,
        "keys": [_key(key, keys, alive, now) for key in keys.keys],
        "parent": parent_records(zone, for_parent(keys, now))["ds"],
        "next": {"at": None if step.at is None else _iso(step.at), "text": step.text, "command": command},
        "signatures": _signatures(zone, now),
    }
    if ask:
        told["served"] = _served(configuration, zone)
    return told


def _key(key: Key, keys: ZoneKeys, alive: Sequence[Key], now: int) -> dict[str, Any]:
    found = keys.at(now)
    times = {field.name: getattr(key.timing, field.name) for field in fields(key.timing)}
    return {
        "tag": key.tag,
        "part": part_of(key, alive or keys.keys),
        "algorithm": key.algorithm.name,
        "state": state(key, now).value,
        "in_dnskey": key in found.published,
        "signs_data": key in found.data_signers,
        "in_cds": key in found.synced,
        "times": {name: None if at is None else _iso(at) for name, at in times.items()},
        "files": key.stem,
    }


def _signatures(zone: Zone, now: int) -> dict[str, str] | None:
    """Of those that are made now."""
    if zone.dnssec is None:
        return None
    period = Period.of(zone.name, zone.dnssec.validity_s, now)
    return {
        "inception": _iso(period.inception), "expiration": _iso(period.expiration), "renewed": _iso(period.ends),
    }  # fmt: skip


def _served(configuration: Configuration, zone: Zone) -> dict[str, Any] | None:
    """The keys that the node gives out that runs here, if one does."""
    for endpoint in configuration.listen.dns:
        host = _ANYWHERE.get(endpoint.host, endpoint.host)
        question = dns.message.make_query(f"{zone.name}.", dns.rdatatype.DNSKEY)
        try:
            answer = dns.query.udp(question, host, _WITHIN_S, endpoint.port)
        except (OSError, dns.exception.DNSException):
            continue
        tags = sorted(dns.dnssec.key_id(key) for rrset in answer.answer for key in rrset if key.rdtype == dns.rdatatype.DNSKEY)
        return {"address": str(endpoint), "keys": tags}
    return None


def lines(told: Mapping[str, Any]) -> Iterator[RenderableType]:
    yield f"{told['zone']}, keys in {told['directory']}"
    yield _table(told["keys"])
    if told["overdue"]:
        yield Text("the time of all keys is over; the last go on signing", "bold red")
    if told.get("served") is not None:
        tags = ", ".join(map(str, told["served"]["keys"])) or "none"
        yield f"the node at {told['served']['address']} gives out: {tags}"
    for record in told["parent"]:
        yield f"parent: {record}"
    yield f"next: {told['next']['text']}"
    if told["next"]["command"]:
        yield f"  {told['next']['command']}"
    yield ""


def _table(keys: Sequence[Mapping[str, Any]]) -> RenderableType:
    made = table("key", "part", "algorithm", "state", "does", right=["key"])
    for key in keys:
        does = [words for name, words in _DOES.items() if key[name]]
        shown = Text(key["state"], _STYLES.get(KeyState(key["state"]), ""))
        made.add_row(str(key["tag"]), key["part"].upper(), key["algorithm"], shown, ", ".join(does) or "nothing")
    return made


_DOES = {"in_dnskey": "in DNSKEY", "signs_data": "signs the zone", "in_cds": "in CDS"}


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
