"""The keys that zones are signed with, read by control. What is to be signed and can't be is a fault."""

from __future__ import annotations

from gslb.config.places import line_of
from gslb.dns.signing import ZoneKeys, load_zone_keys
from gslb.errors import ConfigurationError, Fault
from gslb.model import Configuration


def read_zone_keys(configuration: Configuration, utc_s: float) -> dict[str, ZoneKeys]:
    """By zone. Raises ConfigurationError with every fault: of the files, and of zones without a key that can sign now."""
    found: dict[str, ZoneKeys] = {}
    faults: list[Fault] = []
    for number, zone in enumerate(configuration.zones):
        if zone.dnssec is None:
            continue
        where = f"zones[{number}].dnssec"
        try:
            keys = load_zone_keys(zone.name, zone.dnssec.keys)
        except ConfigurationError as error:
            faults += error.faults
            continue
        now = keys.at(utc_s)
        if now.usable and not now.overdue:
            found[zone.name] = keys
            continue
        mend = f"gslb dnssec keygen {configuration.file} {zone.name}"
        message = f"{_lacking(keys, overdue=now.overdue)} in {zone.dnssec.keys}; run: {mend}"
        faults.append(Fault(configuration.file, line_of(configuration.file, where), where, message))
    if faults:
        raise ConfigurationError(faults)
    return found


def _lacking(keys: ZoneKeys, *, overdue: bool) -> str:
    if not keys.keys:
        return f"{keys.zone} is to be signed, and there is no key of it"
    if overdue:
        return f"{keys.zone} is to be signed, and the time of all its keys is over"
    return f"{keys.zone} is to be signed, and no key of it is active with flags 257"
