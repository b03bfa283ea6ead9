"""The DNS door: Decision -> DNS message."""

from gslb.dns.book import Book, build_book
from gslb.dns.handshakes import tls_context
from gslb.dns.metrics import METRICS
from gslb.dns.ratelimit import RateLimiter
from gslb.dns.responder import Responder
from gslb.dns.selfcheck import cookie_to_ask_with, is_own_answer, self_query
from gslb.dns.serving import Serving
from gslb.dns.tcp import TcpServer
from gslb.dns.transfer import Transfers
from gslb.dns.tree import Tree, build_tree
from gslb.dns.udp import UdpServer
from gslb.model.counting import Counters

__all__ = [
    "METRICS",
    "Book",
    "Counters",
    "RateLimiter",
    "Responder",
    "Serving",
    "TcpServer",
    "Transfers",
    "Tree",
    "UdpServer",
    "build_book",
    "build_tree",
    "cookie_to_ask_with",
    "is_own_answer",
    "self_query",
    "tls_context",
]
