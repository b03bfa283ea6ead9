"""Queries of every kind, sound and broken, always the same ones from the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import pack

A, NS, CNAME, SOA, MX, TXT, AAAA, ANY = 1, 2, 5, 6, 15, 16, 28, 255
OPT, DS, RRSIG, NSEC, TSIG, IXFR, AXFR, MAILB, MAILA = 41, 43, 46, 47, 250, 251, 252, 253, 254
IN, CH, HS, NONE, ANY_CLASS = 1, 3, 4, 254, 255
USUAL = (A, A, A, AAAA, AAAA, NS, CNAME, SOA, MX, TXT)
TYPED = (12, 33, 35, 43, 43, 43, 44, 46, 47, 48, 50, 52, 59, 60, 64, 65, 257, 13, 99, 65280)
ODD = (0, ANY, ANY, 100, 128, 249, MAILB, MAILA, 65281, 65535, AXFR, IXFR, OPT, TSIG)
ECS, NSID, COOKIE, KEEPALIVE, PADDING, EXPIRE, CHAIN, EDE = 8, 3, 10, 11, 12, 9, 13, 15


@dataclass(frozen=True)
class Case:
    """`traits` say what is particular about it: the rows of a table of differences go by them."""

    number: int
    wire: bytes
    tcp: bool
    name: str
    type: int
    klass: int
    traits: frozenset[str]

    def __str__(self) -> str:
        way = "tcp" if self.tcp else "udp"
        return f"#{self.number} {way} {self.name} type {self.type} class {self.klass} {sorted(self.traits)} {self.wire.hex()}"


def generate(names: Sequence[tuple[bytes, ...]], origin: tuple[bytes, ...], count: int, seed: int) -> Iterator[Case]:
    """`names` are labels of names that exist; queries are about them, above, below, beside, and elsewhere."""
    chance = random.Random(seed)
    for number in range(count):
        yield _Draft(chance, number, names, origin).case()


def generate_secure(names: Sequence[tuple[bytes, ...]], origin: tuple[bytes, ...], count: int, seed: int) -> Iterator[Case]:
    """As a validator asks: nothing is broken, DO is set, and over TCP nothing is cut off."""
    chance = random.Random(seed)
    for number in range(count):
        yield _Draft(chance, number, names, origin).secure_case()


class _Draft:
    def __init__(self, chance: random.Random, number: int, names: Sequence[tuple[bytes, ...]], origin: tuple[bytes, ...]) -> None:
        self.chance, self.number, self.names, self.origin = chance, number, names, origin
        self.traits: set[str] = set()

    def case(self) -> Case:
        chance = self.chance
        labels = self._name()
        kind = chance.choice(chance.choices((USUAL, TYPED, ODD), (70, 20, 10))[0])
        klass = chance.choices((IN, CH, HS, NONE, ANY_CLASS, 0, 2), (94, 1, 1, 1, 2, 0.5, 0.5))[0]
        tcp = chance.random() < 0.2
        wire = self._wire(labels, kind, klass)
        if chance.random() < 0.12:
            wire = self._broken(wire, labels)
        name = b".".join(labels).decode("latin-1") + "."
        return Case(self.number, wire, tcp, name, kind, klass, frozenset(self.traits))

    def secure_case(self) -> Case:
        labels = self._name()
        kind = self.chance.choice(self.chance.choices((USUAL, TYPED), (70, 30))[0])
        wire = pack("!HHHHHH", self.number, 0, 1, 0, 0, 1) + encoded(labels) + pack("!HH", kind, IN)
        wire += pack("!BHHBBHH", 0, OPT, 1232, 0, 0, 0x8000, 0)
        name = b".".join(labels).decode("latin-1") + "."
        return Case(self.number, wire, self.chance.random() < 0.7, name, kind, IN, frozenset(self.traits))

    def _name(self) -> tuple[bytes, ...]:
        chance = self.chance
        known = chance.choice(self.names)
        match chance.choices(("is", "below", "above", "random", "wild", "elsewhere", "long"), (50, 18, 8, 10, 6, 4, 4))[0]:
            case "below":
                known = (*(self._label() for _ in range(chance.choice((1, 1, 2, 3)))), *known)
            case "above":
                known = known[chance.randrange(len(known) + 1) :]
            case "random":
                known = (self._label(), *self.origin)
            case "wild":
                known = (b"*", *known)
            case "elsewhere":
                self.traits.add("elsewhere")
                known = chance.choice(
                    ((b"www", b"example", b"org"), (b"example",), (), (b"x" + self.origin[0], *self.origin[1:]))
                )
            case "long":
                known = self._long(known)
        if chance.random() < 0.3:
            self.traits.add("random-case")
            known = tuple(bytes(chance.choice((octet, _swapped(octet))) for octet in label) for label in known)
        return known

    def _label(self) -> bytes:
        chance = self.chance
        return chance.choice(
            (
                bytes(chance.choices(b"abcdefghijklmnopqrstuvwxyz0123456789-", k=chance.randint(1, 12))),
                chance.choice(self.names)[0],
                bytes(chance.randrange(256) for _ in range(chance.randint(1, 5))),
                b"_http",
            )
        )

    def _long(self, known: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """255 octets, or nearly."""
        limit = self.chance.choice((255, 255, 254, 250))
        while (room := limit - sum(len(label) + 1 for label in known) - 1) > 1:
            known = (b"l" * min(63, room - 1), *known)
        return known

    def _wire(self, labels: tuple[bytes, ...], kind: int, klass: int) -> bytes:
        chance = self.chance
        opcode = chance.choices((0, 1, 2, 3, 4, 5, 6, 15), (97, 0.5, 0.5, 0.3, 0.5, 0.5, 0.4, 0.3))[0]
        if opcode:
            self.traits.add(f"opcode-{opcode}")
        flags = opcode << 11
        if chance.random() < 0.5:
            flags |= 0x0100
        if chance.random() < 0.15:
            flags |= chance.choice((0x0400, 0x0200, 0x0080, 0x0040, 0x0020, 0x0010, 0x0030, 0x06F0))
        opt = self._opt() if chance.random() < 0.65 else b""
        question = encoded(labels) + pack("!HH", kind, klass)
        return pack("!HHHHHH", self.number, flags, 1, 0, 0, 1 if opt else 0) + question + opt

    def _opt(self) -> bytes:
        chance = self.chance
        self.traits.add("edns")
        size = chance.choice((0, 511, 512, 513, 700, 1232, 1232, 1232, 4096, 65535))
        version = chance.choices((0, 1, 2, 255), (95, 3, 1, 1))[0]
        if version:
            self.traits.add("version")
        flags = 0x8000 if chance.random() < 0.3 else 0
        if flags:
            self.traits.add("do")
        if chance.random() < 0.05:
            flags |= chance.choice((0x4000, 0x0001, 0x7FFF))
        options = b"".join(self._option() for _ in range(chance.choice((0, 0, 0, 1, 1, 2))))
        return pack("!BHHBBHH", 0, OPT, size, 0, version, flags, len(options)) + options

    def _option(self) -> bytes:
        chance = self.chance
        code = chance.choice((ECS, ECS, ECS, NSID, COOKIE, KEEPALIVE, PADDING, EXPIRE, CHAIN, EDE, 65001))
        data = b""
        match code:
            case 8:
                data = self._subnet()
            case 10:
                length = chance.choices((8, 8, 16, 24, 40, 7, 12, 41, 0), (6, 1, 1, 1, 1, 1, 1, 1, 1))[0]
                self.traits.add("cookie" if length in (8, 16, 24, 40) else "bad-cookie")
                data = bytes(chance.randrange(256) for _ in range(length))
            case 11 if chance.random() < 0.2:
                data = b"\0\x64"
                self.traits.add("keepalive-with-time")
            case 12:
                data = bytes(chance.randrange(60))
            case 13:
                data = encoded(self.origin)
        self.traits.add(f"two-{code}" if f"option-{code}" in self.traits else f"option-{code}")
        return pack("!HH", code, len(data)) + data

    def _subnet(self) -> bytes:
        chance = self.chance
        family, bits = chance.choice(((1, 32), (1, 32), (2, 128)))
        length = chance.choice((0, 8, 17, 24, 24, bits, chance.randint(0, bits)))
        whole = chance.getrandbits(bits) >> bits - length << bits - length
        data = whole.to_bytes(bits // 8, "big")[: (length + 7) // 8]
        scope = 0
        if chance.random() < 0.15:
            self.traits.add("bad-ecs")
            match chance.choice(("family", "family-0", "length", "few", "many", "bits", "scope", "short")):
                case "family":
                    family = 3
                case "family-0":
                    family, data, length = 0, b"\x01", 8
                case "length":
                    length = bits + 1
                case "few" if data:
                    data = data[:-1]
                case "bits" if length & 7 and data:
                    data = data[:-1] + bytes((data[-1] | 1,))
                case "scope":
                    scope = 24
                case "short":
                    return pack("!HB", family, length)
                case _:
                    data += b"\x01"
        return pack("!HBB", family, length, scope) + data

    def _broken(self, wire: bytes, labels: tuple[bytes, ...]) -> bytes:
        """Counts, lengths and names that don't fit, more than one of what there should be one of, octets behind the end."""
        chance = self.chance
        at = 12 + len(encoded(labels)) + 4
        head, question, rest = wire[:12], wire[12:at], wire[at:]
        what = chance.choice(
            ("response", "no-question", "two-questions", "counts", "trailing", "cut", "pointer", "loop", "label-type", "overlong",
             "two-opts", "opt-below", "opt-overruns", "answer-record", "opt-in-answer")
        )  # fmt: skip
        self.traits.add(what)
        self.traits.add("broken")
        opt = rest or pack("!BHHBBHH", 0, OPT, 1232, 0, 0, 0, 0)
        match what:
            case "response":
                return head[:2] + bytes((head[2] | 0x80,)) + wire[3:]
            case "no-question":
                if chance.random() < 0.3:
                    self.traits |= {"cookie", "option-10"}
                    rest = pack("!BHHBBHHHHQ", 0, OPT, 1232, 0, 0, 0, 12, COOKIE, 8, chance.getrandbits(64))
                return _counted(head, 0, 0, 0, 1 if rest else 0) + rest
            case "two-questions":
                return _counted(head, 2, 0, 0, 1 if rest else 0) + question + question + rest
            case "counts":
                return _counted(head, 1, *(chance.choice(((1, 0, 0), (0, 1, 0), (0, 0, 2), (0, 65535, 0))))) + question + rest
            case "trailing":
                return wire + bytes(chance.randrange(256) for _ in range(chance.randint(1, 30)))
            case "cut":
                return wire[: chance.randint(2, len(wire) - 1)]
            case "pointer":
                return head + b"\x03www\xc0\x0c" + question[-4:] + rest
            case "loop":
                return head + b"\xc0\x0c" + question[-4:] + rest
            case "label-type":
                return head + chance.choice((b"\x40", b"\x80", b"\x41\x01")) + question + rest
            case "overlong":
                return head + (b"\x3f" + b"o" * 63) * 4 + question + rest
            case "two-opts":
                return _counted(head, 1, 0, 0, 2) + question + opt + opt
            case "opt-below":
                return _counted(head, 1, 0, 0, 1) + question + b"\x01x" + opt
            case "opt-overruns":
                return _counted(head, 1, 0, 0, 1) + question + pack("!BHHBBHHHH", 0, OPT, 1232, 0, 0, 0, 4, 65001, 9)
            case "answer-record":
                record = b"\xc0\x0c" + pack("!HHIH", A, IN, 60, 4) + bytes((192, 0, 2, 1))
                return _counted(head, 1, 1, 0, 1 if rest else 0) + question + record + rest
            case _:
                return _counted(head, 1, 1, 0, 0) + question + opt


def encoded(labels: Sequence[bytes]) -> bytes:
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def _counted(head: bytes, *counts: int) -> bytes:
    return head[:4] + pack("!HHHH", *counts)


def _swapped(octet: int) -> int:
    return bytes((octet,)).swapcase()[0]
