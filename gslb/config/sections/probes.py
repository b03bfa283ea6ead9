"""`probes`: how often sites are looked at, and when a verdict changes."""

from __future__ import annotations

from typing import Literal, cast

from gslb.config.kinds import LOCATION, TEXT, WORD, duration, integer
from gslb.config.schema import Table, choice, defaulted, implied, optional, section
from gslb.model import ProbeSettings

_DEFAULTS = ProbeSettings()
_HOUR_S = 3600.0

INTERVAL = defaulted("interval", duration(0.05, _HOUR_S), _DEFAULTS.interval_s, "Between two rounds, ±10 %.", "10s")
TIMEOUT = defaulted(
    "timeout",
    duration(0.01, _HOUR_S),
    _DEFAULTS.timeout_s,
    "Of the whole exchange; connect and first byte get at most 2 s each within it.",
    "4s",
)
RISE = defaulted("rise", integer(1, 100), _DEFAULTS.rise, "Good results in a row that bring a site up.")
FALL = defaulted("fall", integer(1, 100), _DEFAULTS.fall, "Failures in a row that take it down.")
SLOW_START = defaulted(
    "slow_start",
    duration(0, 24 * _HOUR_S),
    _DEFAULTS.slow_start_s,
    "How long a site that returns takes to get its share.",
    "60s",
)
CHANGES = defaulted("changes", integer(1, 1000), _DEFAULTS.flap_changes, "More changes of state than this …")
WITHIN = defaulted("within", duration(0.1, 24 * _HOUR_S), _DEFAULTS.flap_within_s, "… in this time hold a site down …", "10m")
QUIET = defaulted("quiet", duration(0, 24 * _HOUR_S), _DEFAULTS.flap_quiet_s, "… until it was good for this long.", "5m")
FLAP = implied("flap", section(CHANGES, WITHIN, QUIET), "When a site counts as flapping.")
VANTAGE = defaulted("vantage", WORD, _DEFAULTS.vantage, "The name of the place from which this node probes.")
LOCATION_ = optional("location", LOCATION, "Where that is.", "measured latency ranks nobody")
LATENCY = defaulted("latency", choice("connect", "first_byte"), _DEFAULTS.latency, "Which time counts as latency.")
CONCURRENCY = defaulted("concurrency", integer(1, 4096), _DEFAULTS.concurrency, "Probes at the same time.")
CONTACT = optional("contact", TEXT, "A url or address for the operators of mirrors, told in the User-Agent.", "none")

PROBES = section(INTERVAL, TIMEOUT, RISE, FALL, SLOW_START, FLAP, VANTAGE, LOCATION_, LATENCY, CONCURRENCY, CONTACT)


def build(table: Table) -> ProbeSettings:
    flap = table[FLAP]
    return ProbeSettings(
        interval_s=table[INTERVAL],
        timeout_s=table[TIMEOUT],
        rise=table[RISE],
        fall=table[FALL],
        slow_start_s=table[SLOW_START],
        flap_changes=flap[CHANGES],
        flap_within_s=flap[WITHIN],
        flap_quiet_s=flap[QUIET],
        vantage=table[VANTAGE],
        location=table[LOCATION_],
        latency=cast(Literal["connect", "first_byte"], table[LATENCY]),
        concurrency=table[CONCURRENCY],
        contact=table[CONTACT],
    )
