"""Where a peer answers otherwise, and why ours is right: by the RFC, or because it leaves a choice and ours is documented."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.scenarios.peers.queries import ANY, ANY_CLASS, AXFR, CH, DS, IXFR, NSEC, OPT, RRSIG, SOA, TSIG, Case
from tests.scenarios.peers.replies import NOTHING, Reply

NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED, NOTAUTH, BADVERS, BADCOOKIE = 0, 1, 3, 4, 5, 9, 16, 23
Condition = Callable[[Case, Reply, Reply], bool]
NO_OPT = frozenset(("two-opts", "opt-below", "counts", "cut"))
NOT_ONE = frozenset(("two-opts", "two-questions", "no-question", "counts", "cut"))
UNASSIGNED, UNWILLING = (0,), (NOTIMP, NOTAUTH, FORMERR, REFUSED)
META_TYPES = frozenset(range(128, 256)) - {ANY}


@dataclass(frozen=True)
class Row:
    """Under `when` (query, our reply, theirs), `aspects` may differ."""

    name: str
    aspects: frozenset[str]
    when: Condition
    why: str


def unexplained(
    rows: Sequence[Row], case: Case, ours: Reply, theirs: Reply, aspects: frozenset[str], used: set[str]
) -> frozenset[str]:
    """What no row allows. The names of the rows that allowed something go to `used`."""
    for row in rows:
        if row.aspects & aspects and row.when(case, ours, theirs):
            used.add(row.name)
            aspects -= row.aspects
    return aspects


def _both(rcode: int) -> Condition:
    return lambda case, ours, theirs: ours.rcode == theirs.rcode == rcode


def _row(name: str, aspects: str, when: Condition, why: str) -> Row:
    return Row(name, frozenset(aspects.split()), when, why)


def _opcode(case: Case) -> bool:
    return any(trait.startswith("opcode-") for trait in case.traits)


def _is_broken(*traits: str) -> Condition:
    """We say FORMERR, the peer something else."""
    return lambda case, ours, theirs: bool(case.traits & set(traits)) and ours.rcode == FORMERR


OPTIONS = "option-3 option-8 option-9 option-10 option-11 option-15"
WHOLE = f"rcode AA TC question answer authority additional opt {OPTIONS}"

EVERYBODY = (
    _row(
        "silence",
        "silence",
        lambda case, ours, theirs: theirs.rcode == NOTHING and ours.rcode in (FORMERR, NOTIMP) and "broken" in case.traits,
        "RFC 8906 section 3: who is silent is taken for dead, and asked again",
    ),
    _row(
        "FORMERR is a header alone",
        "question",
        lambda case, ours, theirs: ours.rcode == theirs.rcode == FORMERR and not ours.question,
        "RFC 1035 section 4.1.1: what could not be interpreted is not repeated as if it had been",
    ),
    _row(
        "FORMERR says why",
        OPTIONS,
        lambda case, ours, theirs: ours.rcode == FORMERR and ours.option(15) is not None,
        "RFC 8914 section 2: an extended error may go with any RCODE; a message that could not be read has no wishes",
    ),
    _row(
        "FORMERR for an OPT has an OPT",
        "opt",
        lambda case, ours, theirs: ours.rcode == FORMERR and ours.opt is not None and theirs.opt is None,
        "RFC 6891 section 7: the answer to an OPT that is wrong must have one",
    ),
    _row(
        "FORMERR for an OPT that is not one",
        "opt",
        lambda case, ours, theirs: bool(case.traits & NO_OPT) and ours.rcode == theirs.rcode == FORMERR,
        "RFC 6891 section 6.1.1: which of two is meant is not known, one below the root is none, nor is one in half a message",
    ),
    _row(
        "an OPT below the root",
        WHOLE,
        _is_broken("opt-below"),
        "RFC 6891 section 6.1.2: its name must be the root",
    ),
    _row(
        "another opcode gets a header alone",
        f"rcode question RD opt {OPTIONS}",
        lambda case, ours, theirs: _opcode(case) and ours.rcode == NOTIMP and ours.flags == {"QR"} and not ours.question,
        "RFC 8906 section 3.1.4: NOTIMP, the opcode, no flag but QR, empty sections",
    ),
    _row(
        "REFUSED says why",
        "option-15",
        lambda case, ours, theirs: ours.rcode == REFUSED and ours.option(15) is not None,
        "RFC 8914 sections 4.21 and 4.22",
    ),
    _row(
        "a transfer that is not allowed is refused",
        f"rcode {OPTIONS}",
        lambda case, ours, theirs: case.type in (AXFR, IXFR) and ours.rcode in (REFUSED, NOTAUTH) and theirs.rcode in UNWILLING,
        "RFC 5936 section 2.2.1: NOTAUTH for what is no zone here, REFUSED for who may not have it",
    ),
    _row(
        "OPT and TSIG are not data",
        WHOLE,
        lambda case, ours, theirs: case.type in (OPT, TSIG) and ours.rcode == FORMERR,
        "RFC 6891 section 6.1.1, RFC 8945 section 4.2: they are records of a message, of which no zone has any",
    ),
    _row(
        "two client subnets",
        WHOLE,
        _is_broken("two-8"),
        "RFC 7871 section 7.2.1: the answer depends on one network, and which of the two was meant nobody can say",
    ),
    _row(
        "a client subnet that is wrong",
        WHOLE,
        _is_broken("bad-ecs"),
        "RFC 7871 sections 6 and 7.1.2: FORMERR for bits past the length, too many or too few octets, a scope",
    ),
    _row(
        "a version that nobody speaks",
        f"rcode opt-flags {OPTIONS}",
        lambda case, ours, theirs: ours.rcode == BADVERS and "version" in case.traits,
        "RFC 6891 section 6.1.3: BADVERS, with the version that is spoken; what the options of another mean is not known",
    ),
    _row(
        "a cookie alone",
        f"rcode opt {OPTIONS}",
        lambda case, ours, theirs: "no-question" in case.traits and ours.rcode in (NOERROR, BADCOOKIE) and _is_cookie(case, ours),
        "RFC 7873 section 5.4: no question is needed to get one, or to hear that the one sent is none of ours",
    ),
    _row(
        "not one question, two OPTs or half a message, of another version",
        WHOLE,
        lambda case, ours, theirs: bool(case.traits & NOT_ONE) and (ours.rcode, theirs.rcode) == (FORMERR, BADVERS),
        "RFC 6891 section 6.1.1, RFC 9619 section 4: FORMERR, whatever version it is of",
    ),
    _row(
        "class ANY is not authoritative",
        "AA",
        lambda case, ours, theirs: case.klass == ANY_CLASS and "AA" not in ours.flags,
        "RFC 1035 section 6.2: an answer for every class can never be authoritative",
    ),
)
KNOT = (
    *EVERYBODY,
    _row(
        "octets behind the end",
        WHOLE,
        lambda case, ours, theirs: bool(case.traits & {"trailing", "counts"}) and theirs.rcode == FORMERR != ours.rcode,
        "RFC 1035 section 4.1.1: the counts tell what belongs to a message; what follows does not",
    ),
    _row(
        "an OPT in another section",
        WHOLE,
        lambda case, ours, theirs: "opt-in-answer" in case.traits and theirs.rcode == FORMERR and ours.opt is None,
        "RFC 6891 section 6.1.1: an OPT is in the additional section; elsewhere it says nothing",
    ),
    _row(
        "a cookie that is wrong",
        WHOLE,
        _is_broken("bad-cookie"),
        "RFC 7873 section 5.2.2: FORMERR; Knot looks at cookies with a module that is not loaded here",
    ),
    _row(
        "a cookie",
        "option-10",
        lambda case, ours, theirs: _is_cookie(case, ours) and theirs.option(10) is None,
        "RFC 7873 section 5.2.3: the client's half as it came, and one of ours",
    ),
    _row(
        "EXPIRE",
        "option-9",
        lambda case, ours, theirs: "option-9" in case.traits and theirs.option(9) is not None,
        "RFC 7314 is for secondaries that ask secondaries; RFC 6891 section 6.1.2: an option that is not known is ignored",
    ),
    _row(
        "keepalive",
        "option-11",
        lambda case, ours, theirs: case.tcp and "option-11" in case.traits and theirs.option(11) is None,
        "RFC 7828 section 3.3.2: who asks over TCP may be told; Knot does not tell",
    ),
    _row(
        "ANY has one HINFO",
        "answer authority additional TC",
        lambda case, ours, theirs: case.type == ANY and _has("IN HINFO", ours.answer),
        "RFC 8482 section 4.2; Knot takes one of the RRsets (section 4.1)",
    ),
    _row(
        "minimal responses",
        "additional",
        lambda case, ours, theirs: bool(ours.answer) and not ours.additional and _may_be_useful(theirs.additional),
        "RFC 1034 section 4.3.2 step 6, RFC 9460 section 4.1: what targets have may be useful, and makes an answer larger",
    ),
    _row(
        "type 0 has no data",
        "rcode AA answer authority additional",
        lambda case, ours, theirs: case.type in UNASSIGNED and theirs.rcode == NOTIMP,
        "RFC 8906 section 3.1.3: of a type that is not known there is no data; NOTIMP is for opcodes",
    ),
    _row(
        "RRSIG at an alias",
        "rcode answer authority additional",
        lambda case, ours, theirs: case.type in (RRSIG, NSEC) and _has("IN CNAME", ours.answer),
        "RFC 1034 section 4.3.2 step 3a: in an unsigned zone the alias has no other data, so it is followed",
    ),
)
GDNSD = (
    *EVERYBODY,
    _row(
        "its own buffer",
        "size",
        lambda case, ours, theirs: (ours.opt and ours.opt[2], theirs.opt and theirs.opt[2]) == (1232, 1024),
        "RFC 6891 section 6.2.3: each tells what it can take itself",
    ),
    _row(
        "keepalive",
        "option-11",
        lambda case, ours, theirs: case.tcp and theirs.option(11) is not None,
        "RFC 7828 section 3.3.2: we tell who asks, gdnsd tells everybody",
    ),
    _row(
        "CHAOS",
        f"rcode answer AA {OPTIONS}",
        lambda case, ours, theirs: case.klass == CH and ours.rcode == REFUSED and _has("CH TXT", theirs.answer),
        "RFC 4892 section 2: there are names for it; gdnsd says its own at each",
    ),
    _row(
        "how long a HINFO holds",
        "answer",
        lambda case, ours, theirs: case.type == ANY and _without_ttl(ours.answer) == _without_ttl(theirs.answer),
        "RFC 8482 section 4.2 leaves the TTL to the server",
    ),
    _row(
        "ANY at an empty name",
        "answer authority",
        lambda case, ours, theirs: case.type == ANY and not ours.answer and _has("IN HINFO", theirs.answer),
        "RFC 8482 section 4.2 makes up a record for those that are there; where none is, it is NODATA (RFC 8020 section 2)",
    ),
    _row(
        "the end of a chain of aliases",
        "rcode answer authority additional",
        lambda case, ours, theirs: _has("IN CNAME", ours.answer) and theirs.answer <= ours.answer,
        "RFC 1034 section 4.3.2, RFC 2308 section 2.1, RFC 6604 section 3: followed for every type, RCODE and SOA of its end",
    ),
    _row(
        "types that are not data",
        "rcode AA TC answer authority additional",
        lambda case, ours, theirs: case.type in META_TYPES and theirs.rcode == NOTIMP,
        "RFC 8906 section 3.1.3: of a type that is not known there is no data; NOTIMP is for opcodes",
    ),
    _row(
        "a cookie of each server's own",
        "option-10",
        lambda case, ours, theirs: _is_cookie(case, ours) and _is_cookie(case, theirs),
        "RFC 9018 section 4: only servers that share a secret make the same",
    ),
    _row(
        "the SOA's own TTL",
        "answer",
        lambda case, ours, theirs: case.type == SOA and _without_ttl(ours.answer) == _without_ttl(theirs.answer),
        "RFC 2308 section 3 lowers the TTL in denials alone",
    ),
    _row(
        "DS at a delegation",
        "rcode AA answer authority additional",
        lambda case, ours, theirs: case.type == DS and "AA" in ours.flags and "AA" not in theirs.flags,
        "RFC 4035 section 3.1.4.1: the parent has it, or can tell that there is none; gdnsd takes no zone that has one",
    ),
)


SIGNED = (
    *(row for row in KNOT if row.name == "minimal responses"),
    _row(
        "RRSIG has one of them",
        "answer",
        lambda case, ours, theirs: case.type == RRSIG and _has("IN RRSIG", ours.answer) and _has("IN RRSIG", theirs.answer),
        "RFC 8482 section 4.1: as for ANY, one set of signatures is an answer; Knot takes that over another type",
    ),
    _row(
        "no closer match than a wildcard",
        "authority",
        lambda case, ours, theirs: (case.name.startswith("*.") or case.type == NSEC) and theirs.authority < ours.authority,
        "RFC 4035 section 3.1.3.3: whatever is expanded, for an asterisk or of type NSEC too; Knot leaves the proof out",
    ),
)


def _without_ttl(records: frozenset[str]) -> frozenset[str]:
    return frozenset(" ".join(record.split()[:1] + record.split()[2:]) for record in records)


def _is_cookie(case: Case, reply: Reply) -> bool:
    """The client's half as it came, and a server's."""
    cookie = reply.option(10)
    return cookie is not None and len(cookie) >= 32 and cookie[:16] in case.wire.hex()


def _has(kind: str, records: frozenset[str]) -> bool:
    return any(f" {kind} " in record for record in records)


def _may_be_useful(records: frozenset[str]) -> bool:
    return all(record.split()[3] in ("A", "AAAA", "SVCB", "HTTPS", "RRSIG", "NSEC") for record in records)
