"""An exchange as two dnstap messages: AUTH_QUERY and AUTH_RESPONSE."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from gslb.dns.discretion import Discretion, cut_address, cut_message, packed, question_name
from gslb.dns.dnstap.schema import AUTH_QUERY, AUTH_RESPONSE, INET, INET6, MESSAGE, PROTOCOLS, Dnstap
from gslb.dns.names import suffixes, wire_name
from gslb.dns.observer import Exchange
from gslb.model import Configuration

_SECOND: Final = 1_000_000_000


class Encoder:
    """Payloads for Frame Streams. Used by one thread: two messages are kept, and filled anew for each exchange.

    `discretion` None: everything as it came.
    """

    def __init__(self, configuration: Configuration, version: str, discretion: Discretion | None) -> None:
        self._discretion = discretion
        self._zones = frozenset(wire_name(zone.name) for zone in configuration.zones)
        self._local = lru_cache(256)(packed)  # few are ours
        self._query = _blank(AUTH_QUERY, configuration.node, version)
        self._response = _blank(AUTH_RESPONSE, configuration.node, version)

    def payloads(self, exchange: Exchange) -> list[bytes]:
        """One for the query and one for the answer, if there was one."""
        query, reply, name = exchange.query, exchange.reply, question_name(exchange.query)
        peer = packed(exchange.link.peer[0])
        if self._discretion is not None:
            shown = self._discretion.shown(name)
            query, peer = cut_message(query, shown), cut_address(peer, shown)
            reply = None if reply is None else cut_message(reply, shown)
        zone = self._zone(name)
        about = self._about(self._query, exchange, peer, zone)
        about.query_message = query
        payloads = [self._query.SerializeToString()]
        if reply is not None:
            about = self._about(self._response, exchange, peer, zone)
            about.response_message = reply
            about.response_time_sec, about.response_time_nsec = divmod(exchange.told_ns, _SECOND)
            payloads.append(self._response.SerializeToString())
        return payloads

    def _zone(self, name: bytes | None) -> bytes | None:
        """The one of ours that the name is in."""
        if name is None:
            return None
        return next((suffix for suffix in suffixes(name) if suffix in self._zones), None)

    def _about(self, tap: Any, exchange: Exchange, peer: bytes, zone: bytes | None) -> Any:
        link, message = exchange.link, tap.message
        message.socket_family = INET if len(peer) == 4 else INET6
        message.socket_protocol = PROTOCOLS[link.transport]
        message.query_address, message.query_port = peer, link.peer[1]
        message.response_address, message.response_port = self._local(link.local[0]), link.local[1]
        message.query_time_sec, message.query_time_nsec = divmod(exchange.asked_ns, _SECOND)
        if zone is None:
            message.ClearField("query_zone")
        else:
            message.query_zone = zone
        return message


def _blank(kind: int, node: str, version: str) -> Any:
    tap = Dnstap(identity=node.encode(), version=version.encode(), type=MESSAGE)
    tap.message.type = kind
    return tap
