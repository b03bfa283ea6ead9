"""What a configuration needs besides itself: the files with secrets and keys, read by control at its start and at each reload.

A file that can't be used is a fault of the configuration, told with its own name and line; a running node keeps what it has.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from gslb.dns.keyring import Keyring
from gslb.dns.signing import ZoneKeys
from gslb.errors import ConfigurationError, Fault
from gslb.model import Configuration
from gslb.runtime.alerting.secrets import ChannelSecrets, read_alert_secrets
from gslb.runtime.cookiefiles import read_cookie_secrets
from gslb.runtime.keyfiles import read_zone_keys
from gslb.runtime.oidcfile import read_oidc_secret
from gslb.runtime.tsigfiles import read_tsig_secrets

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Materials:
    """`keyring` goes to the workers; all else stays in control. `dnssec` by zone."""

    keyring: Keyring = Keyring()
    oidc: str | None = None  # the client's secret
    dnssec: Mapping[str, ZoneKeys] = field(default_factory=dict)
    alerts: Mapping[str, ChannelSecrets] = field(default_factory=dict)  # by channel


def load_materials(configuration: Configuration) -> Materials:
    """Raises ConfigurationError with every fault."""
    faults: list[Fault] = []
    cookies = _read(read_cookie_secrets, configuration, faults)
    tsig = _read(read_tsig_secrets, configuration, faults)
    dnssec = _read(lambda each: read_zone_keys(each, time.time()), configuration, faults)
    oidc = _read(read_oidc_secret, configuration, faults)
    alerts = _read(read_alert_secrets, configuration, faults)
    if faults or alerts is None or cookies is None or tsig is None or dnssec is None:
        raise ConfigurationError(faults)
    return Materials(Keyring(cookies, tsig), oidc, dnssec, alerts)


def _read(read: Callable[[Configuration], Read], configuration: Configuration, faults: list[Fault]) -> Read | None:
    """None, and more faults, for files that can't be used."""
    try:
        return read(configuration)
    except ConfigurationError as error:
        faults += error.faults
        return None
