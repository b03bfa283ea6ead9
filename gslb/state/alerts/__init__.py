"""Who is to be told of which incident, when: decided without I/O and without a clock."""

from gslb.state.alerts.desk import Desk
from gslb.state.alerts.notice import Notice, NoticeKind
from gslb.state.alerts.quiet import quiet_until
from gslb.state.alerts.shelf import NoticeShelf

__all__ = ["Desk", "Notice", "NoticeKind", "NoticeShelf", "quiet_until"]
