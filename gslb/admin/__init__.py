"""The admin side: API, dashboard and metrics of a node."""

from gslb.admin.app import create_app
from gslb.admin.explanation import Explanation, explain
from gslb.admin.feed import Feed
from gslb.admin.metrics import METRICS
from gslb.admin.node import Metrics, Node, Reload, Status
from gslb.admin.server import Server, serve

__all__ = ["METRICS", "Explanation", "Feed", "Metrics", "Node", "Reload", "Server", "Status", "create_app", "explain", "serve"]
