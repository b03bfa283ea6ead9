"""The known question that a node asks its own sockets: who are you?"""

from __future__ import annotations

from gslb.dns.codes import CH, TXT
from gslb.dns.names import wire_name

_QUESTION = wire_name("id.server") + TXT.to_bytes(2, "big") + CH.to_bytes(2, "big")


def self_query(message_id: int) -> bytes:
    """CH TXT id.server: every node has the answer, whatever its zones."""
    return message_id.to_bytes(2, "big") + bytes((0, 0, 0, 1, 0, 0, 0, 0, 0, 0)) + _QUESTION


def is_own_answer(query: bytes, reply: bytes, node: str) -> bool:
    """Whether `reply` answers `query`, without an error, with the name of this node."""
    text = node.encode()[:255]
    head = query[:2] + bytes((0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0)) + _QUESTION
    return reply.startswith(head) and reply.endswith(bytes((len(text),)) + text)
