"""What is true now: health, latency, overrides, the World, and the store that survives a restart."""

from gslb.state.events import EventBook
from gslb.state.report import LatencyReport, SiteReport, TargetReport, VantageReport
from gslb.state.restored import Restored
from gslb.state.store import Store
from gslb.state.targets import TargetKey, targets
from gslb.state.tracker import Tracker

__all__ = [
    "EventBook",
    "LatencyReport",
    "Restored",
    "SiteReport",
    "Store",
    "TargetKey",
    "TargetReport",
    "Tracker",
    "VantageReport",
    "targets",
]
