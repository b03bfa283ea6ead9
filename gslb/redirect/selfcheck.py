"""The known question that a node asks its own sockets: who are you?"""

from __future__ import annotations

from typing import Final

from gslb.redirect.reply import Reply, write_reply

SELF_HOST: Final = b"id.server"  # the name that CHAOS has for it (RFC 4892); no public name can be equal to it


def self_request() -> bytes:
    """Every node has the answer, whatever its services. The connection is closed after it."""
    return b"GET / HTTP/1.1\r\nHost: %b\r\nUser-Agent: gslb-self-check\r\nConnection: close\r\n\r\n" % SELF_HOST


def self_reply(node: str) -> Reply:
    return write_reply(200, node)


def is_own_response(response: bytes, node: str) -> bool:
    """Whether `response`, all that came until the connection was closed, is a whole answer with the name of this node."""
    head, _, body = response.partition(b"\r\n\r\n")
    return head.startswith(b"HTTP/1.1 200 ") and body == f"{node}\n".encode()
