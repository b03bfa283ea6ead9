"""A change written into any text: refused as a fault or a conflict, or what comes of it is what was meant."""

from __future__ import annotations

import sys
from ipaddress import ip_network

from gslb.config import parse
from gslb.config.edit import edited
from gslb.errors import ConfigurationError, ConflictError
from gslb.model import Change, Match, Reweight, Rule, Steer, overlaid

_FILE = "/nowhere/gslb.yaml"


def one_input(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    try:
        base = parse(text, _FILE)
    except ConfigurationError:
        return
    rule = Rule(Match((ip_network("192.0.2.0/24"),)), "never", (base.sites[0].id,))
    changes: list[Change] = [Reweight(base.sites[-1].id, 7), Steer(base.services[0].host, rule)]
    try:
        new = edited(text, _FILE, changes)
    except (ConfigurationError, ConflictError):
        return
    wanted, got = overlaid(base, changes), parse(new, _FILE)
    assert (got.sites, got.services, got.zones) == (wanted.sites, wanted.services, wanted.zones)


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
