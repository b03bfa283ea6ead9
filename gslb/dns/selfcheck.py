"""The known question that a node asks its own sockets: who are you?"""

from __future__ import annotations

from gslb.dns.codes import BADCOOKIE, CH, COOKIE_OPTION, TXT
from gslb.dns.cookies import CLIENT_OCTETS, FULL_HEAD, FULL_OCTETS
from gslb.dns.edns import opt_record, option
from gslb.dns.names import wire_name

_QUESTION = wire_name("id.server") + TXT.to_bytes(2, "big") + CH.to_bytes(2, "big")


def self_query(message_id: int, cookie: bytes = b"") -> bytes:
    """CH TXT id.server: every node has the answer, whatever its zones. With a cookie it is answered though others flood."""
    opt = opt_record(False, option(COOKIE_OPTION, cookie)) if cookie else b""
    counts = bytes((0, 1, 0, 0, 0, 0, 0, 1 if opt else 0))
    return message_id.to_bytes(2, "big") + bytes(2) + counts + _QUESTION + opt


def is_own_answer(query: bytes, reply: bytes, node: str) -> bool:
    """Whether `reply` answers `query`, without an error, with the name of this node."""
    text = node.encode()[:255]
    head = query[:2] + bytes((0x84, 0, 0, 1, 0, 1, 0, 0, 0)) + query[11:12] + _QUESTION
    # Behind the question: a pointer to it, type, class, TTL and length of the one record, and then its text.
    return reply.startswith(head) and reply[len(head) + 12 :].startswith(bytes((len(text),)) + text)


def cookie_to_ask_with(query: bytes, reply: bytes) -> bytes:
    """Of an answer that wants the question again with it (RFC 7873 section 5.3); else empty."""
    cookie = reply[-FULL_OCTETS:]
    wanted = reply[:2] == query[:2] and len(reply) > 3 and reply[3] & 0xF == BADCOOKIE & 0xF
    sound = reply[-FULL_OCTETS - 4 : -FULL_OCTETS] == FULL_HEAD and cookie[:CLIENT_OCTETS] == query[-CLIENT_OCTETS:]
    return cookie if wanted and sound else b""
