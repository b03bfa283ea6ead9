"""What a signature is made over: records in the canonical form of RFC 4034 section 6."""

from __future__ import annotations

from typing import Final

from gslb.dns.codes import CNAME, IN, MB, MD, MF, MG, MINFO, MR, MX, NS, PTR, SOA
from gslb.dns.names import name_length, suffixes

# RDATA in which names are lower-cased (RFC 4034 section 6.2, less NSEC and HINFO by RFC 6840 section 5.1): octets
# before the first name, and how many names. The names are the only letters there that may change.
_LOWERED: Final = {
    **dict.fromkeys((NS, CNAME, PTR, MB, MD, MF, MG, MR), (0, 1)),
    **dict.fromkeys((MX, 18, 21, 36), (2, 1)),  # AFSDB, RT, KX
    39: (0, 1),  # DNAME
    SOA: (0, 2),
    MINFO: (0, 2),
    17: (0, 2),  # RP
    26: (2, 2),  # PX
    33: (6, 1),  # SRV
}
_NAPTR: Final = 35


def canonical_rdata(kind: int, rdata: bytes) -> bytes:
    """`rdata` is uncompressed. Raises gslb.dns.cursor.Malformed where names should be and are not."""
    if kind == _NAPTR:
        before, names = _behind_strings(rdata, 4, 3), 1
    else:
        before, names = _LOWERED.get(kind, (0, 0))
    end = before
    for _ in range(names):
        end += name_length(rdata, end)
    return rdata[:before] + rdata[before:end].lower() + rdata[end:] if names else rdata


def _behind_strings(rdata: bytes, at: int, strings: int) -> int:
    for _ in range(strings):
        at += 1 + rdata[at] if at < len(rdata) else 1
    return at


def canonical_rrset(owner: bytes, kind: int, ttl_s: int, rdatas: tuple[bytes, ...]) -> bytes:
    """Records in the order of their RDATA, none twice (RFC 4034 section 6.3)."""
    head = owner + kind.to_bytes(2, "big") + IN.to_bytes(2, "big") + ttl_s.to_bytes(4, "big")
    ordered = sorted({canonical_rdata(kind, rdata) for rdata in rdatas})
    return b"".join(head + len(rdata).to_bytes(2, "big") + rdata for rdata in ordered)


def count_labels(name: bytes) -> int:
    """Neither the root nor a leading asterisk counts (RFC 4034 section 3.1.3)."""
    return sum(1 for _ in suffixes(name)) - 1 - name.startswith(b"\x01*")


def wildcard_of(name: bytes, labels: int) -> bytes:
    """The owner that a signature with so many labels is made over: `name`, or the wildcard that it came from (RFC 4035
    section 5.3.2)."""
    have = count_labels(name)
    if labels >= have:
        return name
    while have > labels:
        name, have = name[1 + name[0] :], have - 1
    return b"\x01*" + name
