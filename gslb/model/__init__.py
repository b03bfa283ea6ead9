"""The frozen vocabulary: what is configured, what is true now, who asks, and what was decided.

Nothing here does anything. Durations are seconds and end in `_s`, latencies milliseconds (`_ms`), distances
kilometres (`_km`). Addresses are `ipaddress` objects; networks are cut to their length. Names of zones, services
and records are lower case, absolute, without the final dot.
"""

from gslb.model.configuration import (
    CheckSettings,
    Configuration,
    ContentSet,
    Door,
    Endpoint,
    GeoOverride,
    GeoSettings,
    Limits,
    Listen,
    Match,
    ProbeSettings,
    Record,
    Rule,
    Service,
    Site,
    Tls,
    User,
    Zone,
)
from gslb.model.decision import (
    Choice,
    Client,
    Decision,
    Request,
    SiteTrace,
    Why,
)
from gslb.model.event import (
    Event,
    Severity,
)
from gslb.model.place import (
    ADDRESS_BITS,
    FINEST_PREFIX,
    Address,
    Family,
    Location,
    Network,
    Place,
)
from gslb.model.world import (
    RAMP_STEPS,
    SLOTS,
    Drain,
    Standing,
    StandingKey,
    State,
    View,
    World,
)

__all__ = [
    "ADDRESS_BITS",
    "FINEST_PREFIX",
    "RAMP_STEPS",
    "SLOTS",
    "Address",
    "CheckSettings",
    "Choice",
    "Client",
    "Configuration",
    "ContentSet",
    "Decision",
    "Door",
    "Drain",
    "Endpoint",
    "Event",
    "Family",
    "GeoOverride",
    "GeoSettings",
    "Limits",
    "Listen",
    "Location",
    "Match",
    "Network",
    "Place",
    "ProbeSettings",
    "Record",
    "Request",
    "Rule",
    "Service",
    "Severity",
    "Site",
    "SiteTrace",
    "Standing",
    "StandingKey",
    "State",
    "Tls",
    "User",
    "View",
    "Why",
    "World",
    "Zone",
]
