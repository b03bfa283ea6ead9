"""Queries that no cache of whole answers has seen: each for a client subnet of its own, drawn from all public IPv4.

dnsperf sends one EDNS option with every query, so this sends by itself: a window of queries in flight, for a time, from
one process. It is slower than dnsperf; what counts is the CPU time of the server for each answer.
"""

from __future__ import annotations

import random
import socket
import time
from ipaddress import IPv4Address

from tests.bench.measure import Load, cpu_s

WINDOW = 64


def subnets(count: int, seed: int) -> list[bytes]:
    """The first three octets of `count` public networks, each of them once."""
    draw, found = random.Random(seed), dict[bytes, None]()
    while len(found) < count:
        address = IPv4Address(draw.getrandbits(24) << 8)
        if address.is_global and not address.is_multicast:
            found[address.packed[:3]] = None
    return list(found)


def query(host: str, subnet: bytes) -> bytes:
    """An A query with a client subnet of 24 bits (RFC 7871 section 6); the ID is left 0."""
    name = b"".join(bytes((len(label),)) + label.encode() for label in host.split(".")) + b"\0"
    option = b"\0\x08\0\x07\0\x01\x18\0" + subnet
    opt = b"\0\0\x29\x04\xd0\0\0\0\0" + len(option).to_bytes(2, "big") + option
    return b"\0\0\0\0\0\1\0\0\0\0\0\1" + name + b"\0\1\0\1" + opt


def varied(port: int, host: str, pids: list[int], seconds: float, seed: int = 2008) -> Load:
    queries = [query(host, subnet) for subnet in subnets(200_000, seed)]
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        sock.settimeout(0.5)
        before, began = cpu_s(pids), time.monotonic()
        answered, lost = _run(sock, queries, began + seconds)
        return Load.of(answered, time.monotonic() - began, cpu_s(pids) - before, lost)


def _run(sock: socket.socket, queries: list[bytes], end_s: float) -> tuple[int, int]:
    """Ends when the time is over or every query was sent once."""
    sent = answered = lost = 0
    while sent < len(queries) and time.monotonic() < end_s:
        while sent - answered - lost < WINDOW and sent < len(queries):
            sock.send(queries[sent])
            sent += 1
        try:
            sock.recv(2048)
            answered += 1
        except TimeoutError:
            lost = sent - answered
    return answered, lost
