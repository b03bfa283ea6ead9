"""What a parent is told of a key: DS (RFC 4034 section 5, RFC 4509), CDS and CDNSKEY (RFC 7344)."""

from __future__ import annotations

import hashlib
from typing import Final

from gslb.dns.names import wire_name
from gslb.dns.signing.keys import Key

SHA256: Final = 2


def ds_rdata(key: Key) -> bytes:
    """Also that of CDS. SHA-256, the digest that every parent takes (RFC 8624 section 3.3)."""
    digest = hashlib.sha256(wire_name(key.zone) + key.rdata).digest()
    return key.tag.to_bytes(2, "big") + bytes((key.algorithm.number, SHA256)) + digest


def ds_text(key: Key) -> str:
    rdata = ds_rdata(key)
    return f"{key.tag} {key.algorithm.number} {SHA256} {rdata[4:].hex().upper()}"
