"""TSIG written by hand from RFC 8945 section 4, so that a test needs to believe neither our code nor dnspython's."""

from __future__ import annotations

import hashlib
import hmac
import struct
import time
from dataclasses import dataclass, field

import dns.name
import dns.tsig

from gslb.dns.keyring import TsigSecret
from gslb.model import TsigAlgorithm

SECRET = bytes(range(32))
KEYS = {
    "transfer-key": TsigSecret("hmac-sha256", SECRET),
    "middle": TsigSecret("hmac-sha384", SECRET),
    "long": TsigSecret("hmac-sha512", SECRET * 2),
}
HASHES = {"hmac-sha256": hashlib.sha256, "hmac-sha384": hashlib.sha384, "hmac-sha512": hashlib.sha512}


def dnspython_key(name: str = "transfer-key") -> dns.tsig.Key:
    return dns.tsig.Key(name + ".", KEYS[name].secret, KEYS[name].algorithm)


def wire_of(name: str) -> bytes:
    return dns.name.from_text(name).to_digestable()


@dataclass
class Signature:
    """What goes into a TSIG. `mac` is filled in by `on`; `cut` makes it so many octets."""

    name: str = "transfer-key"
    algorithm: TsigAlgorithm = "hmac-sha256"
    secret: bytes = SECRET
    time_s: int = field(default_factory=lambda: int(time.time()))
    fudge_s: int = 300
    cut: int | None = None
    ttl: int = 0
    klass: int = 255
    mac: bytes = b""

    def on(self, bare: bytes, error: int = 0, other: bytes = b"", request_mac: bytes = b"") -> bytes:
        """The message with this signature."""
        times = struct.pack("!HIH", self.time_s >> 32, self.time_s & 0xFFFFFFFF, self.fudge_s)
        ends = struct.pack("!HH", error, len(other)) + other
        before = struct.pack("!H", len(request_mac)) + request_mac if request_mac else b""
        told = wire_of(self.name) + struct.pack("!HI", 255, 0) + wire_of(self.algorithm) + times + ends
        self.mac = hmac.digest(self.secret, before + bare + told, HASHES[self.algorithm])[: self.cut]
        rdata = wire_of(self.algorithm) + times + struct.pack("!H", len(self.mac)) + self.mac + bare[:2] + ends
        head = struct.pack("!HHIH", 250, self.klass, self.ttl, len(rdata))
        count = struct.unpack("!H", bare[10:12])[0] + 1
        return bare[:10] + struct.pack("!H", count) + bare[12:] + wire_of(self.name) + head + rdata
