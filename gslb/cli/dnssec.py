"""`gslb dnssec`: the keys that zones are signed with. What is changed here, a running node sees by itself within seconds."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gslb.cli.options import File, Json
from gslb.cli.output import show, show_json
from gslb.errors import GslbError, UsageError

if TYPE_CHECKING:
    from gslb.dns.signing import ZoneKeys
    from gslb.dns.signing.roll import Durations
    from gslb.model import Configuration, Zone

app = typer.Typer(help="Sign zones: make keys, tell the parent, roll them.", rich_markup_mode=None)


class AlgorithmName(StrEnum):
    ECDSAP256SHA256 = "ecdsap256sha256"
    ED25519 = "ed25519"


class PartName(StrEnum):
    CSK = "csk"
    KSK = "ksk"
    ZSK = "zsk"


ZoneName = Annotated[
    str | None, typer.Argument(metavar="ZONE", help="Default: the one zone with `dnssec`, if it is one.", show_default=False)
]
AlgorithmOption = Annotated[
    AlgorithmName | None, typer.Option("--algorithm", help="Of the new key. Default: as configured.", show_default=False)
]


@app.command()
def keygen(
    file: File,
    zone: ZoneName = None,
    algorithm: AlgorithmOption = None,
    split: Annotated[bool, typer.Option("--split", help="A KSK and a ZSK, not one key for both.")] = False,
    as_json: Json = False,
) -> None:
    """Make the first key of a zone, in the directory that `dnssec.keys` of the zone names."""
    from gslb.dns.signing.algorithms import BY_NAME
    from gslb.dns.signing.directory import carry_out, load_zone_keys, locked, make_directory
    from gslb.dns.signing.roll import first_keys
    from gslb.dns.signing.steps import living

    configuration, found = _read(file, zone)
    directory, now = _directory(found), int(time.time())
    make_directory(directory)
    with locked(directory):
        keys = load_zone_keys(found.name, directory)
        if alive := living(keys, now):
            tags = ", ".join(str(key.tag) for key in alive)
            raise GslbError(f"gslb: {found.name} has keys already ({tags}); `gslb dnssec roll` replaces one")
        chosen = BY_NAME[algorithm or _configured(found)]
        made = carry_out(first_keys(chosen, split, now, _durations(configuration, found)), keys, directory)
    _told(file, configuration, found, made, now, as_json=as_json)


@app.command()
def ds(
    file: File,
    zone: ZoneName = None,
    cds: Annotated[bool, typer.Option("--cds", help="The CDS and CDNSKEY records too.")] = False,
    as_json: Json = False,
) -> None:
    """Print the DS records that the parent of a zone must have now, as zone text."""
    from gslb.cli.keystate import early, for_parent, parent_records

    _, found = _read(file, zone)
    now = int(time.time())
    keys = for_parent(_keys(found), now)
    if not keys:
        raise GslbError(f"gslb: {found.name} has no key that a parent could point to; run: {_first(file, found)}")
    records = parent_records(found, keys)
    if as_json:
        show_json({"zone": found.name, **records, "not_before": early(keys, now)})
        return
    for kind in ("ds", "cds", "cdnskey") if cds else ("ds",):
        for record in records[kind]:
            print(record)
    if (at := early(keys, now)) is not None:
        typer.echo(f"; not before {at}: some resolvers may have answers from before the key", err=True)


@app.command()
def status(
    file: File,
    zone: Annotated[str | None, typer.Argument(metavar="ZONE", help="Default: every signed zone.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Tell which keys there are, what each does, what comes next and when, and what the parent must have."""
    from gslb import config
    from gslb.cli.keystate import document, lines

    configuration = config.load(file)
    zones = [each for each in configuration.zones if each.dnssec is not None] if zone is None else [_zone(configuration, zone)]
    now = int(time.time())
    documents = [document(configuration, each, _keys(each), now, str(file)) for each in zones]
    if as_json:
        show_json({"zones": documents})
    elif not documents:
        print(f"{file} has no zone with `dnssec`")
    for each in [] if as_json else documents:
        show(*lines(each))


@app.command()
def roll(
    file: File,
    zone: ZoneName = None,
    ds_seen: Annotated[bool, typer.Option("--ds-seen", help="All servers of the parent have the new DS: go on.")] = False,
    ds_ttl: Annotated[str, typer.Option("--ds-ttl", metavar="DURATION", help="TTL of the DS that the parent had before.")] = "1d",
    part: Annotated[PartName | None, typer.Option("--part", help="Of a split pair: which.", show_default=False)] = None,
    algorithm: AlgorithmOption = None,
    as_json: Json = False,
) -> None:
    """Replace a key, so that no resolver ever finds an answer bogus: the first step, or with --ds-seen the second.

    Everything else happens by the clock: the times are in the key files, and every node that has them goes by them.
    """
    from gslb.config.values import duration_s
    from gslb.dns.signing.algorithms import BY_NAME
    from gslb.dns.signing.directory import carry_out, load_zone_keys, locked
    from gslb.dns.signing.roll import begin
    from gslb.dns.signing.roll import ds_seen as seen

    configuration, found = _read(file, zone)
    try:
        ttl_s = int(duration_s(ds_ttl))
    except ValueError as error:
        raise UsageError(f"gslb: --ds-ttl: {error}") from None
    if not _keys(found).keys:
        raise GslbError(f"gslb: {found.name} has no key to roll; run: {_first(file, found)}")
    durations, now = _durations(configuration, found), int(time.time())
    with locked(_directory(found)):
        keys = load_zone_keys(found.name, _directory(found))
        if ds_seen:
            plan = seen(keys, now, ttl_s, durations)
        else:
            wanted = None if algorithm is None else BY_NAME[algorithm]
            plan = begin(keys, None if part is None else part.value, wanted, now, durations)
        made = carry_out(plan, keys, _directory(found))
    _told(file, configuration, found, made, now, as_json=as_json)


def _told(file: Path, configuration: Configuration, zone: Zone, keys: ZoneKeys, now: int, *, as_json: bool) -> None:
    from gslb.cli.keystate import document, lines

    told = document(configuration, zone, keys, now, str(file), ask=False)
    if as_json:
        show_json(told)
    else:
        show(*lines(told))


def _first(file: Path, zone: Zone) -> str:
    return f"gslb dnssec keygen {file} {zone.name}"


def _read(file: Path, name: str | None) -> tuple[Configuration, Zone]:
    """Of the configuration alone: the zone may have no key yet."""
    from gslb import config

    configuration = config.load(file)
    return configuration, _only(configuration) if name is None else _zone(configuration, name)


def _only(configuration: Configuration) -> Zone:
    signed = [zone for zone in configuration.zones if zone.dnssec is not None]
    if len(signed) == 1:
        return signed[0]
    if signed:
        known = ", ".join(zone.name for zone in signed)
        raise UsageError(f"gslb: which zone? {configuration.file} has {len(signed)} to be signed: {known}")
    raise UsageError(f"gslb: no zone is to be signed: add `dnssec: {{keys: keys/}}` to one in {configuration.file}")


def _zone(configuration: Configuration, name: str) -> Zone:
    wanted = name.lower().removesuffix(".")
    found = next((zone for zone in configuration.zones if zone.name == wanted), None)
    if found is None:
        known = ", ".join(zone.name for zone in configuration.zones) or "none"
        raise UsageError(f"gslb: there is no zone {wanted} in {configuration.file}; there is {known}")
    if found.dnssec is None:
        raise UsageError(f"gslb: {wanted} is not to be signed: add `dnssec: {{keys: keys/}}` to it in {configuration.file}")
    return found


def _directory(zone: Zone) -> str:
    assert zone.dnssec is not None  # noqa: S101 - `_zone` has looked
    return zone.dnssec.keys


def _configured(zone: Zone) -> str:
    assert zone.dnssec is not None  # noqa: S101 - `_zone` has looked
    return zone.dnssec.algorithm


def _keys(zone: Zone) -> ZoneKeys:
    from gslb.dns.signing import load_zone_keys

    return load_zone_keys(zone.name, _directory(zone))


def _durations(configuration: Configuration, zone: Zone) -> Durations:
    from gslb.dns.signing.roll import Durations

    return Durations.of(zone, configuration.services)
