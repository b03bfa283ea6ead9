"""The top level of a configuration."""

from __future__ import annotations

from gslb.config import values
from gslb.config.kinds import FILE
from gslb.config.schema import defaulted, implied, list_of, optional, required, scalar, section
from gslb.config.sections import unavailable
from gslb.config.sections.admin import ADMIN
from gslb.config.sections.alerts import ALERTS
from gslb.config.sections.answering import COOKIES, RATE_LIMIT
from gslb.config.sections.geo import GEO
from gslb.config.sections.limits import LIMITS
from gslb.config.sections.listen import LISTEN, TLS
from gslb.config.sections.observe import DNSTAP, QUERY_LOG
from gslb.config.sections.otlp import OTLP
from gslb.config.sections.probes import PROBES
from gslb.config.sections.service import SERVICE
from gslb.config.sections.site import SITE
from gslb.config.sections.transfer import TSIG_KEY
from gslb.config.sections.zone import ZONE

NODE = required(
    "node",
    scalar("name", values.node_name),
    "The name of this node: NSID, CH TXT id.server, metrics, dashboard.",
)
STATE_DIR = optional(
    "state_dir",
    FILE,
    "The directory of what must survive a restart.",
    "$XDG_STATE_HOME/gslb/NODE, else ~/.local/state/gslb/NODE",
)
LISTEN_ = implied("listen", LISTEN, "Where this node is asked.")
TLS_ = optional("tls", TLS, "What `listen.https` and `listen.dot` show.", "none")
USER = optional(
    "user",
    scalar("name", values.node_name),
    "Who control and workers become after the sockets are open.",
    "they stay who they are",
)
GEO_ = implied("geo", GEO, "Where clients are.")
ZONES = defaulted("zones", list_of(ZONE), (), "What this node is authoritative for.", "none")
SITES = required("sites", list_of(SITE, at_least=1), "The mirrors.")
SERVICES = required("services", list_of(SERVICE, at_least=1), "What clients ask for, and how they are steered.")
PROBES_ = implied("probes", PROBES, "How often sites are looked at, and when a verdict changes.")
LIMITS_ = implied("limits", LIMITS, "Bounds of the data plane.")
TSIG_KEYS = defaulted("tsig_keys", list_of(TSIG_KEY), (), "Keys of zone transfer.", "none")
COOKIES_ = implied("cookies", COOKIES, "Server cookies (RFC 9018).")
RATE_LIMIT_ = optional("rate_limit", RATE_LIMIT, "Response rate limiting.", "off")
DNSTAP_ = optional("dnstap", DNSTAP, "Every query and answer, for a dnstap reader.", "off")
QUERY_LOG_ = optional("query_log", QUERY_LOG, "Some queries, as text.", "off")
ALERTS_ = implied("alerts", ALERTS, "Who is told of incidents, and how.")
OTLP_ = optional("otlp", OTLP, "Metrics for a collector of OpenTelemetry.", "off")
ADMIN_ = implied("admin", ADMIN, "Who may see and do what.")

ROOT = section(
    NODE,
    STATE_DIR,
    LISTEN_,
    TLS_,
    USER,
    GEO_,
    ZONES,
    TSIG_KEYS,
    SITES,
    SERVICES,
    PROBES_,
    LIMITS_,
    COOKIES_,
    RATE_LIMIT_,
    DNSTAP_,
    QUERY_LOG_,
    OTLP_,
    ADMIN_,
    ALERTS_,
    unavailable.CLUSTER,
)
