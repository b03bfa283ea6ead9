"""A node asks its own sockets a known question, every interval, as a client would: what is deaf is told."""

from __future__ import annotations

import asyncio
import secrets
import socket
import ssl
from collections.abc import Callable, Sequence

from gslb.dns import cookie_to_ask_with, is_own_answer, self_query
from gslb.model import Severity
from gslb.redirect import is_own_response, self_request
from gslb.runtime.journal import Journal
from gslb.runtime.sockets import Listener

WITHIN_S = 2.0
LATE_S = 1.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # whom to ask instead


class SelfCheck:
    """`addresses` are the listeners with the host and port that each came to have."""

    def __init__(self, addresses: Sequence[tuple[Listener, tuple[str, int]]], journal: Journal) -> None:
        self._addresses, self._journal = addresses, journal
        self.deaf: dict[Listener, str] = {}  # what is wrong with each listener, "" if nothing is

    async def run(self, node: Callable[[], str], interval_s: Callable[[], float]) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(interval_s())
            began_s = loop.time()
            found = await ask_all(self._addresses, node())
            if loop.time() - began_s > WITHIN_S + LATE_S:
                continue  # we were held up ourselves: that nothing was heard says nothing of them
            for listener, fault in found.items():
                self._tell(listener, self.deaf.get(listener, ""), fault)
            self.deaf = found

    def _tell(self, listener: Listener, before: str, fault: str) -> None:
        if fault and not before:
            message = f"{listener} does not answer our own question: {fault}"
            self._journal.tell("listener-deaf", Severity.ERROR, str(listener), message)
        elif before and not fault:
            self._journal.tell("listener-answers", Severity.INFO, str(listener), f"{listener} answers again")


async def ask_all(addresses: Sequence[tuple[Listener, tuple[str, int]]], node: str) -> dict[Listener, str]:
    """What is wrong with each listener, "" if nothing is. Takes at most WITHIN_S."""
    answers = await asyncio.gather(*(_ask(listener, *address, node) for listener, address in addresses))
    return {listener: fault for (listener, _), fault in zip(addresses, answers, strict=True)}


async def _ask(listener: Listener, host: str, port: int, node: str) -> str:
    try:
        async with asyncio.timeout(WITHIN_S):
            return await _ASK[listener.role](ANYWHERE.get(host, host), port, node)
    except TimeoutError:
        return f"no answer in {WITHIN_S:g} s"
    except (OSError, asyncio.IncompleteReadError) as error:
        return str(error) or type(error).__name__


async def _dns_udp(host: str, port: int, node: str) -> str:
    """With a cookie: who floods us from this machine must not make us deaf to ourselves."""
    loop = asyncio.get_running_loop()
    query = self_query(port, secrets.token_bytes(8))
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
        sock.connect((host, port))
        await loop.sock_sendall(sock, query)
        reply = await loop.sock_recv(sock, 4096)
        cookie = cookie_to_ask_with(query, reply)
        if cookie:
            query = self_query(port, cookie)
            await loop.sock_sendall(sock, query)
            reply = await loop.sock_recv(sock, 4096)
    return "" if is_own_answer(query, reply, node) else "a wrong answer: does another program listen there?"


async def _dns_tcp(host: str, port: int, node: str, tls: ssl.SSLContext | None = None) -> str:
    query = self_query(port)
    reader, writer = await asyncio.open_connection(host, port, ssl=tls)
    try:
        writer.write(len(query).to_bytes(2, "big") + query)
        reply = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    finally:
        writer.close()
    return "" if is_own_answer(query, reply, node) else "a wrong answer: does another program listen there?"


async def _dns_tls(host: str, port: int, node: str) -> str:
    return await _dns_tcp(host, port, node, _trusting())


async def _http(host: str, port: int, node: str, tls: ssl.SSLContext | None = None) -> str:
    reader, writer = await asyncio.open_connection(host, port, ssl=tls)
    try:
        writer.write(self_request())
        reply = await reader.read()
    finally:
        writer.close()
    return "" if is_own_response(reply, node) else "a wrong answer: does another program listen there?"


async def _https(host: str, port: int, node: str) -> str:
    return await _http(host, port, node, _trusting())


def _trusting() -> ssl.SSLContext:
    """The certificate is that of a name, and we ask an address: it is not what is checked here."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


_ASK = {"dns-udp": _dns_udp, "dns-tcp": _dns_tcp, "dns-tls": _dns_tls, "http": _http, "https": _https}
