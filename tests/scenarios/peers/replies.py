"""What came back, in a form in which the same answers of two servers are equal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from struct import Struct

import dns.message
import dns.rdataclass
import dns.rdatatype
import dns.rrset

FLAGS = {0x8000: "QR", 0x0400: "AA", 0x0200: "TC", 0x0100: "RD", 0x0080: "RA", 0x0040: "Z", 0x0020: "AD", 0x0010: "CD"}
Section = frozenset[str]
# Of an OPT: version, flags, size, and its options by code.
Opt = tuple[int, int, int, tuple[tuple[int, str], ...]]
NOTHING = -1
_COUNTS, _OPT, _OPTION = Struct("!HHHHHH"), Struct("!BHHBBHH"), Struct("!HH")


@dataclass(frozen=True)
class Reply:
    """`rcode` is the whole of it, NOTHING where nothing came. `question` is as it came."""

    rcode: int
    opcode: int = 0
    flags: Section = frozenset()
    question: bytes = b""
    answer: Section = frozenset()
    authority: Section = frozenset()
    additional: Section = frozenset()
    opt: Opt | None = None
    octets: int = 0

    def __str__(self) -> str:
        if self.rcode == NOTHING:
            return "nothing"
        parts = [f"rcode {self.rcode} opcode {self.opcode} {' '.join(sorted(self.flags))} question {self.question.hex()}"]
        for name in ("answer", "authority", "additional"):
            parts += [f"{name}: {record}" for record in sorted(getattr(self, name))]
        return "\n    ".join((*parts, f"opt: {self.opt}, {self.octets} octets"))

    def option(self, code: int) -> str | None:
        return dict(self.opt[3]).get(code) if self.opt else None


def read_reply(wire: bytes | None) -> Reply:
    """Raises for what nobody could read: DNSException, IndexError, AssertionError."""
    if wire is None:
        return Reply(NOTHING)
    head = int.from_bytes(wire[2:4], "big")
    if len(wire) == 12 and not any(wire[4:]):
        return Reply(head & 0xF, head >> 11 & 0xF, _flags(head), octets=12)
    rest, opt = _without_opt(wire)
    plain = rest[:2] + (head & 0x87FF).to_bytes(2, "big") + rest[4:]  # dnspython reads an UPDATE in its own way
    message = dns.message.from_wire(plain)
    return Reply(
        rcode=head & 0xF | (opt[0] << 4 if opt else 0),
        opcode=head >> 11 & 0xF,
        flags=_flags(head),
        question=wire[12 : _after_questions(wire)],
        answer=_section(message.answer),
        authority=_section(message.authority),
        additional=_section(message.additional),
        opt=opt[1] if opt else None,
        octets=len(wire),
    )


def differing(ours: Reply, theirs: Reply) -> frozenset[str]:
    """Aspects in which they differ: silence, rcode, opcode, a flag, question, a section, the OPT or what is in it."""
    if NOTHING in (ours.rcode, theirs.rcode):
        return frozenset() if ours.rcode == theirs.rcode else frozenset({"silence"})
    plain = ("rcode", "opcode", "question", "answer", "authority", "additional")
    found = {name for name in plain if getattr(ours, name) != getattr(theirs, name)}
    return frozenset(found | (ours.flags ^ theirs.flags) | _differing_opts(ours.opt, theirs.opt))


def without_secrets(reply: Reply) -> Reply:
    """What two servers that sign the same zone with keys of their own must have in common: no key, no signature, no serial."""
    answer, authority = (frozenset(map(_without_secret, section)) for section in (reply.answer, reply.authority))
    return replace(reply, answer=answer, authority=authority, additional=frozenset(map(_without_secret, reply.additional)))


def _without_secret(record: str) -> str:
    name, ttl, klass, kind, *data = record.split()
    match kind:
        case "RRSIG":  # RFC 4034 section 3.2: type covered, algorithm, labels, original TTL, …, signer
            data = [*data[:4], data[7]]
        case "DNSKEY":
            data = data[:3]
        case "SOA":
            data = [*data[:2], *data[3:]]
    return " ".join((name, ttl, klass, kind, *data))


def _differing_opts(ours: Opt | None, theirs: Opt | None) -> set[str]:
    if ours is None or theirs is None:
        return set() if ours == theirs else {"opt"}
    found = {name for at, name in enumerate(("version", "opt-flags", "size")) if ours[at] != theirs[at]}
    return found | {f"option-{code}" for code, _ in set(ours[3]) ^ set(theirs[3])}


def _flags(head: int) -> Section:
    return frozenset(name for bit, name in FLAGS.items() if head & bit)


def _after_name(wire: bytes, at: int) -> int:
    while wire[at] and wire[at] < 0xC0:
        at += 1 + wire[at]
    return at + (2 if wire[at] else 1)


def _after_questions(wire: bytes) -> int:
    at = 12
    for _ in range(int.from_bytes(wire[4:6], "big")):
        at = _after_name(wire, at) + 4
    return at


def _without_opt(wire: bytes) -> tuple[bytes, tuple[int, Opt] | None]:
    """The message without the OPT that ends it, the upper bits of its RCODE, and what else it says. dnspython would not
    read one with a client subnet that is wrong."""
    *_, answers, authorities, additionals = _COUNTS.unpack_from(wire)
    at, start = _after_questions(wire), 0
    for _ in range(answers + authorities + additionals):
        start = at
        fixed = _after_name(wire, at)
        at = fixed + 10 + int.from_bytes(wire[fixed + 8 : fixed + 10], "big")
    if not additionals or wire[start : start + 3] != b"\0\0\x29":
        return wire, None
    assert at == len(wire), "octets behind the last record"
    _, _, size, upper, version, flags, _ = _OPT.unpack_from(wire, start)
    rest = wire[:10] + (additionals - 1).to_bytes(2, "big") + wire[12:start]
    return rest, (upper, (version, flags, size, tuple(sorted(_options(wire[start + 11 :])))))


def _options(data: bytes) -> Iterator[tuple[int, str]]:
    while data:
        code, length = _OPTION.unpack_from(data)
        assert len(data) >= 4 + length, "an option that overruns"
        yield code, data[4 : 4 + length].hex()
        data = data[4 + length :]


def _section(rrsets: Iterable[dns.rrset.RRset]) -> Section:
    return frozenset(
        " ".join(
            (
                rrset.name.to_text().lower(),
                str(rrset.ttl),
                dns.rdataclass.to_text(rrset.rdclass),
                dns.rdatatype.to_text(rrset.rdtype),
                rdata.to_text().lower() if rrset.rdtype != dns.rdatatype.TXT else rdata.to_text(),
            )
        )
        for rrset in rrsets
        for rdata in rrset
    )
