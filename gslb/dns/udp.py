"""One UDP socket: drained in batches, answered from the address that was asked."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_address
from struct import Struct
from typing import Any, Final

from gslb.dns.observer import Link
from gslb.dns.responder import Responder
from gslb.model.counting import Counters, add

# <linux/in.h> and <linux/in6.h>; the socket module of Python 3.11 does not name them.
IP_PKTINFO: Final = 8
IP_MTU_DISCOVER: Final = 10
IPV6_MTU_DISCOVER: Final = 23
PMTUDISC_OMIT: Final = 5

BATCH: Final = 64  # datagrams a wake: TCP and the control channel get their turn after so many
DATAGRAM_MAX: Final = 4096  # what is longer is cut, and then does not fit its own counts
_IN_PKTINFO = Struct("=I4s4s")
_IN6_PKTINFO = Struct("=16sI")
_Step = Callable[[], bool]


class UdpServer:
    """Serves a bound, non-blocking socket until `stop`. The socket stays the caller's to close."""

    def __init__(self, sock: socket.socket, responder: Responder, counters: Counters | None = None) -> None:
        self._sock = sock
        self._responder = responder
        self._counters = responder.counters if counters is None else counters
        sock.setblocking(False)
        _forbid_fragments(sock)
        # A socket on the wildcard address has to look up, and to say, which of its addresses was asked.
        self._local = sock.getsockname()
        wildcard = ip_address(self._local[0].partition("%")[0]).is_unspecified
        self._step: _Step = self._answer_from_asked if wildcard else self._answer
        if wildcard:
            _ask_for_destination(sock)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.add_reader(self._sock.fileno(), self.drain)

    def stop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Answers what has arrived, and reads no more."""
        loop.remove_reader(self._sock.fileno())
        for _ in range(4096):  # under a flood the buffer may never be empty
            if not self.drain():
                return

    def drain(self) -> bool:
        """Answers up to BATCH datagrams; tells whether there may be more."""
        step = self._step
        for _ in range(BATCH):
            try:
                more = step()
            except OSError:  # an earlier datagram was refused (ICMP): the socket tells of it here, and goes on
                add(self._counters, "gslb_dns_dropped_total", "udp", "receive")
                continue
            if not more:
                return False
        return True

    def _answer(self) -> bool:
        try:
            wire, peer = self._sock.recvfrom(DATAGRAM_MAX)
        except (BlockingIOError, InterruptedError):
            return False
        observer = self._responder.observer
        if observer is None:
            reply = self._responder.respond(wire, peer[0])
        else:
            reply = observer.respond(self._responder, wire, Link("udp", self._local, peer))
        if reply is not None:
            try:
                self._sock.sendto(reply, peer)
            except OSError as error:
                self._unsent(error)
        return True

    def _answer_from_asked(self) -> bool:
        try:
            wire, ancillary, _, peer = self._sock.recvmsg(DATAGRAM_MAX, 64)
        except (BlockingIOError, InterruptedError):
            return False
        observer = self._responder.observer
        if observer is None:
            reply = self._responder.respond(wire, peer[0])
        else:
            local = _destination(ancillary) or self._local[0]
            reply = observer.respond(self._responder, wire, Link("udp", (local, *self._local[1:]), peer))
        if reply is not None:
            try:
                self._sock.sendmsg((reply,), _source(ancillary), 0, peer)
            except OSError as error:
                self._unsent(error)
        return True

    def _unsent(self, error: OSError) -> None:
        """A full buffer or an unreachable peer costs this answer; the client asks again."""
        reason = "full" if isinstance(error, BlockingIOError) else "unreachable"
        add(self._counters, "gslb_dns_dropped_total", "udp", reason)


def _forbid_fragments(sock: socket.socket) -> None:
    """RFC 9715 section 3.1: a forged "fragmentation needed" must not make us send fragments."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_OMIT)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_OMIT)


def _ask_for_destination(sock: socket.socket) -> None:
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)


def _destination(ancillary: list[tuple[int, int, bytes]]) -> str | None:
    """The address that was asked, None if the kernel did not say."""
    for level, kind, data in ancillary:
        if level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
            return socket.inet_ntop(socket.AF_INET6, data[:16])
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO:
            return socket.inet_ntop(socket.AF_INET, data[8:12])
    return None


def _source(ancillary: list[tuple[int, int, bytes]]) -> list[tuple[int, int, Any]]:
    """What makes the answer leave from the address that the query came to."""
    for level, kind, data in ancillary:
        if level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
            address, interface = _IN6_PKTINFO.unpack_from(data)
            # Only link-local addresses need the interface: let routing choose it for the others.
            link_local = address[0] == 0xFE and address[1] & 0xC0 == 0x80
            return [(level, kind, _IN6_PKTINFO.pack(address, interface if link_local else 0))]
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO:
            _, local, _ = _IN_PKTINFO.unpack_from(data)
            return [(level, kind, _IN_PKTINFO.pack(0, local, b"\0\0\0\0"))]
    return []
