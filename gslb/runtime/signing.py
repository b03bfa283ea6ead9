"""Keeps zones signed: notices changed key files, steps of keys whose second has come, and periods that end."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from gslb.dns.secure import Signs
from gslb.dns.signing import Key, KeySet, KeyState, SignedZone, Signer, ZoneKeys
from gslb.dns.signing.directory import key_files
from gslb.dns.signing.keys import state
from gslb.errors import ConfigurationError
from gslb.model import Configuration, Severity, Zone
from gslb.runtime.files import Settling, stamp
from gslb.runtime.journal import Journal
from gslb.runtime.keyfiles import read_zone_keys
from gslb.runtime.serials import Signed

METRICS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "gslb_dnssec_signatures_total": ("Signatures made since the start.", ()),
    "gslb_dnssec_key_faults_total": ("Faults of changed key files that were refused; the keys before go on.", ()),
    "gslb_dnssec_signing_seconds": ("Time that the signatures took that were made since the last change of keys or period.", ()),
    "gslb_dnssec_signature_expiry_timestamp_seconds": (
        "When the signatures that are served expire, in Unix time. They are renewed long before.",
        ("zone",),
    ),
    "gslb_dnssec_keys": ("Keys of a zone that is signed, by what they do.", ("zone", "state")),
    "gslb_dnssec_compact_names": ("Names that are not there and have a compact denial of their own (RFC 9824).", ()),
    "gslb_dnssec_keys_overdue": ("1 while the time of all keys of a zone is over, and the last go on signing.", ("zone",)),
}

LOOK_EVERY_S: Final = 0.5
CLOCK_SLACK_S: Final = 600  # a clock that is set back by more has us sign anew: what we signed may lie in the future


class Signing:
    """`renewed` gets each Signer that signs otherwise than the one before; `signer` is the one at hand."""

    def __init__(
        self,
        journal: Journal,
        renewed: Callable[[Signer], None],
        utc_s: Callable[[], float] = time.time,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self.key_faults = 0
        self._journal, self._renewed, self._utc_s, self._look_every_s = journal, renewed, utc_s, look_every_s
        self._configuration: Configuration | None = None
        self._keys: Mapping[str, ZoneKeys] = {}
        self._made_s = utc_s()
        self.signer = Signer({}, (), self._made_s)
        self._stamps: Settling[Mapping[str, str]] = Settling({})
        self._refused = False

    def use(self, configuration: Configuration, keys: Mapping[str, ZoneKeys]) -> Signer:
        """Signs these zones from now on, with keys that were read of their files just now."""
        self._configuration, self._keys = configuration, keys
        self._stamps, self._refused = Settling(_stamps(configuration)), False
        self._sign()
        for zone in configuration.zones:
            if zone.dnssec is not None and not _readable(zone):
                message = f"{zone.name}: this node can't read {zone.dnssec.keys} (any more): it will not see keys that change"
                self._journal.tell("dnssec-keys-unreadable", Severity.WARNING, zone.name, message)
        return self.signer

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._look_every_s)
            configuration = self._configuration
            if configuration is None or not any(zone.dnssec for zone in configuration.zones):
                continue
            changed = self._stamps.changed(await asyncio.to_thread(_stamps, configuration))
            if changed:
                await self._read_again(configuration)
            if (changed or self._due()) and configuration is self._configuration:
                before = self.signer
                self._sign()
                if self.signer.generation != before.generation:
                    self._renewed(self.signer)

    def _due(self) -> bool:
        until, now = self.signer.until, self._utc_s()
        return (until is not None and until <= now) or now < self._made_s - CLOCK_SLACK_S

    async def _read_again(self, configuration: Configuration) -> None:
        try:
            keys = await asyncio.to_thread(read_zone_keys, configuration, self._utc_s())
        except ConfigurationError as error:
            self.key_faults += len(error.faults)
            first = error.faults[0]
            more = f" (and {len(error.faults) - 1} more)" if len(error.faults) > 1 else ""
            message = f"changed keys were refused, the old ones go on signing: {first}{more}"
            self._journal.tell("dnssec-keys-refused", Severity.ERROR, first.file, message)
            self._refused = True
            return
        if configuration is self._configuration:
            self._keys = keys
            if self._refused:
                self._journal.tell(
                    "dnssec-keys-accepted", Severity.INFO, "dnssec", "the key files are sound again, and were read"
                )
            self._refused = False

    def _sign(self) -> None:
        assert self._configuration is not None  # noqa: S101 - `use` comes first
        before, self._made_s = self.signer, self._utc_s()
        self.signer = Signer(self._keys, self._configuration.zones, self._made_s, before)
        for name, zone in self.signer.zones.items():
            self._tell(name, before.zones.get(name), zone)

    def _tell(self, name: str, before: SignedZone | None, now: SignedZone) -> None:
        if before is not None and before.generation == now.generation and before.keys.overdue == now.keys.overdue:
            return
        steps = list(_steps(None if before is None else before.keys, now.keys))
        if steps:
            self._journal.tell("dnssec-key", Severity.INFO, name, f"{name}: {'; '.join(steps)}")
        if now.keys.overdue:
            message = f"{name}: the time of all its keys is over; the last go on signing; run: gslb dnssec status"
            self._journal.tell("dnssec-overdue", Severity.ERROR, name, message)
        until = datetime.fromtimestamp(now.period.expiration, UTC)
        self._journal.tell("dnssec-signed", Severity.INFO, name, f"{name} is signed until {until:%Y-%m-%d %H:%M:%S} UTC")

    @property
    def refused(self) -> bool:
        """Keys on the disk were refused, so others sign."""
        return self._refused

    @property
    def overdue(self) -> tuple[str, ...]:
        """Zones whose keys are all over."""
        return tuple(name for name, zone in self.signer.zones.items() if zone.keys.overdue)

    def signed(self) -> dict[str, Signed]:
        """Of each zone, how it is signed. A zone above one of our own has its DS, and so changes with it."""
        found: dict[str, Signed] = {}
        for name in self.signer.zones:
            ours = [zone for below, zone in sorted(self.signer.zones.items()) if f".{below}".endswith(f".{name}")]
            found[name] = Signed("".join(zone.generation for zone in ours), max(zone.since for zone in ours))
        return found

    # ---------------------------------------------------------------------------------------------- metrics

    def counters(self) -> dict[tuple[str, ...], int]:
        return {
            ("gslb_dnssec_signatures_total",): self.signer.signatures,
            ("gslb_dnssec_key_faults_total",): self.key_faults,
        }

    def gauges(self, published: Signs | None) -> dict[tuple[str, ...], float]:
        """`published` made the signatures that are served."""
        found: dict[tuple[str, ...], float] = {("gslb_dnssec_signing_seconds",): self.signer.seconds}
        if isinstance(published, Signer):
            for name, zone in published.zones.items():
                found["gslb_dnssec_signature_expiry_timestamp_seconds", name] = zone.period.expiration
        now = self._utc_s()
        for name, zone in self.signer.zones.items():
            found["gslb_dnssec_keys_overdue", name] = float(zone.keys.overdue)
            states = Counter(state(key, now) for key in self._keys[name].keys)
            found |= {("gslb_dnssec_keys", name, each.value): states[each] for each in KeyState}
        return found


def _stamps(configuration: Configuration) -> Mapping[str, str]:
    return {path: stamp(path) for zone in configuration.zones for path in _files(zone)}


def _files(zone: Zone) -> list[str]:
    return [] if zone.dnssec is None else key_files(zone.name, zone.dnssec.keys)


def _readable(zone: Zone) -> bool:
    """Keys are read before rights are dropped; whoever we are now has to see them change."""
    files = _files(zone)
    return bool(files) and all(os.access(path, os.R_OK) for path in files)


def _steps(before: KeySet | None, now: KeySet) -> Iterator[str]:
    groups: tuple[tuple[Callable[[KeySet], tuple[Key, ...]], str, str], ...] = (
        (lambda found: found.published, "is in the DNSKEY set", "left the DNSKEY set"),
        (lambda found: found.data_signers, "signs the zone", "does not sign the zone any more"),
        (lambda found: found.synced, "is told to the parent in CDS", "is not told to the parent any more"),
    )
    for group, came, went in groups:
        had = {key.rdata: key for key in group(before)} if before is not None else {}
        has = {key.rdata: key for key in group(now)}
        yield from (f"key {key.tag} {came}" for rdata, key in has.items() if rdata not in had)
        yield from (f"key {key.tag} {went}" for rdata, key in had.items() if rdata not in has)
