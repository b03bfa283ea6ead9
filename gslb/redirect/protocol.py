"""One connection of HTTP/1.x: octets in, requests to the redirector, responses out.

Requests are answered in order, as they are read (RFC 9112 section 9.3.2): all that one read brought, in one write. While the
peer does not read, neither do we. After a response behind which more may come we close our half and read on for a moment:
closing with unread octets resets the connection, and the peer may never see the response (RFC 9112 section 9.6).
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Final, cast

from gslb.model.counting import add
from gslb.redirect.arrival import Arrival
from gslb.redirect.connections import Connections, State
from gslb.redirect.inquiry import Inquiry, InquiryReader
from gslb.redirect.peers import Peer, peer_of, read_address
from gslb.redirect.proxy import SIGNATURE, BadProxyHeader, may_be_proxy, read_proxy
from gslb.redirect.redirector import Redirector
from gslb.redirect.refusal import Refusal
from gslb.redirect.reply import Endings, Fate, Reply, Stream
from gslb.redirect.through.outlet import Outlet

READ_MAX: Final = 4096  # octets a read: what a pipeline can make us answer at a time, and hold back from a slow peer
WRITE_BUFFER: Final = 16384  # octets that a slow peer may leave with us, and one response more
DISCARD_MAX: Final = 1 << 20  # octets that are read on behind the last response


class HttpProtocol(asyncio.BufferedProtocol):
    """`view` is what all connections of a loop read into, one at a time. `proxied` is whom a PROXY header before TLS named,
    `arrival` what counted until the handshake was over.
    """

    def __init__(
        self,
        redirector: Redirector,
        connections: Connections,
        endings: Endings,
        view: memoryview,
        tls: bool = False,
        proxied: Peer | None = None,
        arrival: Arrival | None = None,
    ) -> None:
        self.owner: Hashable | None = None
        self.state = State.READING
        self.since_s = 0.0
        self._redirector = redirector
        self._connections = connections
        self._endings = endings
        self._view = view
        self._tls = tls
        self._peer = proxied
        self._arrival = arrival
        self._transport: asyncio.Transport | None = None
        self._reader = InquiryReader()
        self._prelude: bytes | None = None  # what may become a PROXY header
        self._unread = b""  # held back while the peer does not read
        self._out: list[bytes] = []
        self._out_octets = 0
        self._paused = False
        self._half_closed = False  # the peer asks no more
        self._ending = False  # we answer no more
        self._discarded = 0
        self._outlet: Outlet | None = None  # while an answer is served through

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's are alike and not of the class
        self._transport = transport
        transport.set_write_buffer_limits(high=WRITE_BUFFER, low=0)
        peername = transport.get_extra_info("peername")
        peer = read_address(peername[0]) if peername else None
        if peer is None:  # gone before we looked
            transport.abort()
            return
        trusted = self._redirector.trusts(peer)
        self.owner = None if trusted else peer.household
        self._prelude = b"" if trusted and not self._tls else None
        self._peer = self._peer or peer
        if self._arrival is not None:
            self._connections.discard(self._arrival)
        add(self._connections.counters, "gslb_http_connections_total", "https" if self._tls else "http")
        self._connections.add(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        if nbytes == len(self._view):
            self._let_others()
        if self._ending:
            self._discard(nbytes)
            return
        data = bytes(self._view[:nbytes])
        if self._prelude is not None:
            data = self._behind_prelude(self._prelude + data)
        if data:
            self._take(data)

    def eof_received(self) -> bool:
        """The peer asks no more, and still wants its answers."""
        self._half_closed = True
        return self._waiting and not self._tls  # half-closed TLS there is not

    def pause_writing(self) -> None:
        self._paused = True
        if self._outlet is not None:
            self._outlet.pause()
            return
        self._connections.move(self, State.WRITING)
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._paused = False
        if self._outlet is not None:
            self._outlet.resume()
            return
        data, self._unread = self._unread, b""
        if self._transport is None or self._transport.is_closing():
            return
        if self._ending:
            self._transport.resume_reading()
            self._connections.move(self, State.ENDING)
            return
        self._take(data, True)
        if not self._waiting and not self._transport.is_closing():
            self._transport.resume_reading()
            if self._half_closed:
                self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._connections.discard(self)
        if self._outlet is not None:
            self._outlet.lost()

    # What the server calls.

    def cut(self, reason: str) -> None:
        """Ends it now. Half a request gets a response, so that whoever sent it sees what was wrong."""
        transport = self._transport
        if self._outlet is not None:
            if reason == "slow" and self._outlet.moves():
                self._connections.move(self, State.STREAMING)
                return
            self._outlet.lost()
        if self.state is not State.ENDING:
            add(self._connections.counters, "gslb_http_closed_total", reason)
        self._connections.discard(self)
        if transport is None:
            return
        if self._reader.partial and reason == "header" and not (self._paused or self._ending):
            self._put(self._redirector.turn_away(408, "The request took too long to arrive."), Fate.CLOSE)
            self._flush()
        if self._paused or self._ending or self._outlet is not None or transport.get_write_buffer_size():
            transport.abort()  # `close` waits for a peer that does not read, and nobody would look after it any more
            return
        self._ending = True
        transport.close()

    def finish(self) -> None:
        """Answers no more, unless a request has begun; the peer may close."""
        if not (self._paused or self._ending or self._reader.partial or self._prelude):
            self._end(True)

    # Octets.

    @property
    def _waiting(self) -> bool:
        """Whether nothing is to be read: for the peer to take what there is, or for a stream."""
        return self._paused or self._outlet is not None

    def _let_others(self) -> None:
        """Who fills the buffer has more to say, and uvloop would let it say up to 32 times as much before anybody else's turn."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._read_on)

    def _read_on(self) -> None:
        if not (self._waiting or self._transport is None or self._transport.is_closing()):
            self._transport.resume_reading()

    def _behind_prelude(self, data: bytes) -> bytes:
        """Of the first octets of a trusted proxy, those behind its PROXY header, as soon as it is known whether there is one."""
        self._prelude = data
        if may_be_proxy(data):
            try:
                header = read_proxy(data) if len(data) >= len(SIGNATURE) else None
            except BadProxyHeader:
                self.cut("proxy")
                return b""
            if header is None:
                return b""
            data = data[header.octets :]
            if header.source is not None:
                add(self._connections.counters, "gslb_http_forwarded_total", "proxy-v2")
                self._peer = peer_of(*header.source)
        self._prelude = None
        return data

    def _take(self, data: bytes, answered: bool = False) -> None:
        """Answers every request in `data`. `answered`: the peer has got something since it was last waited for."""
        at = 0
        while at < len(data):
            if self._paused:
                self._unread = data[at:]
                return
            try:
                at, inquiry = self._reader.read(data, at)
            except Refusal as refusal:
                self._put(self._redirector.turn_away(refusal.status, refusal.text), Fate.CLOSE)
                self._end(True)
                return
            if inquiry is None:
                continue
            answered = True
            if self._answer(inquiry, at == len(data)):
                self._end(at < len(data) or inquiry.method not in (b"GET", b"HEAD"))
                return
            if self._outlet is not None:
                self._unread = data[at:]
                return
        self._flush()
        if not self._paused:
            self._wait(answered)

    def _answer(self, inquiry: Inquiry, last: bool) -> bool:
        """Whether this was the last response of the connection. Only a drained one ends with the `last` of a read."""
        assert self._peer is not None  # noqa: S101
        reply = self._redirector.respond(inquiry, self._peer, self._tls)
        if reply.stream is not None:
            self._serve_through(reply.stream, inquiry)
            return False
        fate = self._fate(reply, inquiry, last)
        self._put(reply, fate, inquiry.method != b"HEAD")
        if self._out_octets > WRITE_BUFFER:
            self._flush()
        return fate is Fate.CLOSE

    def _fate(self, reply: Reply, inquiry: Inquiry, last: bool) -> Fate:
        if reply.close or not inquiry.keep_alive or (last and self._connections.draining):
            return Fate.CLOSE
        return Fate.KEPT if inquiry.http10 else Fate.OPEN

    # Serving through.

    def _serve_through(self, stream: Stream, inquiry: Inquiry) -> None:
        """The connection is the stream's until it ends; what else the client asks waits, with us or in its own kernel."""
        self._flush()
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.pause_reading()

        def put(reply: Reply) -> Fate:
            fate = self._fate(reply, inquiry, not self._unread)
            self._put(reply, fate, inquiry.method != b"HEAD")
            self._flush()
            return fate

        self._outlet = Outlet(transport, WRITE_BUFFER, self._connections.counters, put, self._served_through)
        if self._paused:  # by what came before it; the transport does not say so twice
            self._outlet.pause()
        self._connections.move(self, State.STREAMING)
        self._outlet.start(stream)

    def _served_through(self, fate: Fate | None) -> None:
        """None: it broke off, and nobody is to take what came for the whole."""
        self._outlet = None
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if fate is None:
            self._connections.discard(self)
            transport.abort()
            return
        if fate is Fate.CLOSE or (self._connections.draining and not self._unread):
            transport.resume_reading()
            self._end(not self._half_closed)  # what came meanwhile waits in the kernel, and nobody has counted it
            return
        self.resume_writing()

    def _put(self, reply: Reply, fate: Fate, with_body: bool = True) -> None:
        out = self._out
        out.append(reply.head)
        out.append(self._endings.now()[fate])
        if with_body and reply.body:
            out.append(reply.body)
        self._out_octets += len(reply.head) + len(reply.body)

    def _flush(self) -> None:
        if self._out:
            data = b"".join(self._out)
            self._out.clear()
            self._out_octets = 0
            if self._transport is not None and not self._transport.is_closing():
                self._transport.write(data)

    def _wait(self, answered: bool) -> None:
        """Notes what is waited for; patience is new only where something was answered."""
        if not self._reader.partial:
            if answered:
                self._connections.move(self, State.IDLE)
        elif answered or self.state is not State.READING:
            self._connections.move(self, State.READING)

    def _end(self, more: bool) -> None:
        """Sends what is written and closes; `more`: the peer may still be sending."""
        self._ending = True
        self._flush()
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if not more or not transport.can_write_eof():
            transport.close()
            return
        transport.write_eof()
        if not self._paused:
            self._connections.move(self, State.ENDING)

    def _discard(self, octets: int) -> None:
        self._discarded += octets
        if self._discarded > DISCARD_MAX and self._transport is not None:
            self._transport.abort()
