"""Numbers of the DNS registries that this package uses."""

from __future__ import annotations

from typing import Final

# Header flags (RFC 1035 section 4.1.1)
QR: Final = 0x8000
AA: Final = 0x0400
TC: Final = 0x0200
RD: Final = 0x0100
OPCODE: Final = 0x7800
OPCODE_BITS: Final = 0x78  # the same, in the third octet alone

# RCODEs (RFC 1035, RFC 6891)
NOERROR: Final = 0
FORMERR: Final = 1
SERVFAIL: Final = 2
NXDOMAIN: Final = 3
NOTIMP: Final = 4
REFUSED: Final = 5
NOTAUTH: Final = 9  # RFC 8945
BADVERS: Final = 16
BADCOOKIE: Final = 23  # RFC 7873

RCODE_NAMES: Final = {
    NOERROR: "NOERROR",
    FORMERR: "FORMERR",
    SERVFAIL: "SERVFAIL",
    NXDOMAIN: "NXDOMAIN",
    NOTIMP: "NOTIMP",
    REFUSED: "REFUSED",
    NOTAUTH: "NOTAUTH",
    BADVERS: "BADVERS",
    BADCOOKIE: "BADCOOKIE",
}

# Types
A: Final = 1
NS: Final = 2
MD: Final = 3
MF: Final = 4
CNAME: Final = 5
SOA: Final = 6
MB: Final = 7
MG: Final = 8
MR: Final = 9
PTR: Final = 12
HINFO: Final = 13
MINFO: Final = 14
MX: Final = 15
TXT: Final = 16
AAAA: Final = 28
OPT: Final = 41
DS: Final = 43
RRSIG: Final = 46
NSEC: Final = 47
DNSKEY: Final = 48
CDS: Final = 59
CDNSKEY: Final = 60
SVCB: Final = 64
HTTPS: Final = 65
TSIG: Final = 250
IXFR: Final = 251
AXFR: Final = 252
ANY: Final = 255

TYPE_NAMES: Final = {
    A: "A",
    NS: "NS",
    CNAME: "CNAME",
    SOA: "SOA",
    PTR: "PTR",
    HINFO: "HINFO",
    MX: "MX",
    TXT: "TXT",
    AAAA: "AAAA",
    33: "SRV",
    DS: "DS",
    RRSIG: "RRSIG",
    NSEC: "NSEC",
    DNSKEY: "DNSKEY",
    CDS: "CDS",
    CDNSKEY: "CDNSKEY",
    SVCB: "SVCB",
    HTTPS: "HTTPS",
    IXFR: "IXFR",
    AXFR: "AXFR",
    ANY: "ANY",
    257: "CAA",
}

# Classes
IN: Final = 1
CH: Final = 3
ANY_CLASS: Final = 255

# EDNS options
NSID_OPTION: Final = 3  # RFC 5001
ECS_OPTION: Final = 8  # RFC 7871
COOKIE_OPTION: Final = 10  # RFC 7873
KEEPALIVE_OPTION: Final = 11  # RFC 7828
PADDING_OPTION: Final = 12  # RFC 7830
EDE_OPTION: Final = 15  # RFC 8914

# Extended DNS errors (RFC 8914 section 4)
EDE_OTHER: Final = 0
EDE_STALE: Final = 3
EDE_PROHIBITED: Final = 18
EDE_NOT_AUTHORITATIVE: Final = 20
EDE_NOT_SUPPORTED: Final = 21

# RFC 9715: no answer over UDP that could need fragments, and no promise to take one.
UDP_MAX: Final = 1232
UDP_MIN: Final = 512
TCP_MAX: Final = 65535

# How a message came, and what it is called in metrics. All but UDP are streams.
UDP_TRANSPORT: Final = 0
TCP_TRANSPORT: Final = 1
TLS_TRANSPORT: Final = 2
TRANSPORT_NAMES: Final = ("udp", "tcp", "tls")
