"""The algorithms that zones are signed with (RFC 8624 section 3.1): ECDSA P-256 (RFC 6605) and Ed25519 (RFC 8080).

Signatures are deterministic (RFC 6979; Ed25519 is so by itself): nodes that share a key make the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECRET_OCTETS: Final = 32
_DETERMINISTIC: Final = ECDSA(SHA256(), deterministic_signing=True)

Sign = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Secret:
    """A private key. It is never printed, and never leaves the process."""

    public: bytes  # as in the DNSKEY record
    sign: Sign = field(compare=False)

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> str:
        raise TypeError("a private key stays in control")


@dataclass(frozen=True, slots=True)
class Algorithm:
    """`name` is that of the configuration, `mnemonic` that of key files. `load` raises ValueError.

    `secret_least` is how short a secret can be in a file: BIND leaves leading zeros of a number out.
    """

    number: int
    name: str
    mnemonic: str
    public_octets: int
    secret_least: int
    load: Callable[[bytes], Secret] = field(repr=False)
    generate: Callable[[], bytes] = field(repr=False)


def _load_p256(secret: bytes) -> Secret:
    key = derive_private_key(int.from_bytes(secret, "big"), SECP256R1())
    # RFC 6605 section 4: Q is x | y, without the octet that tells the form
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, _DETERMINISTIC))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return Secret(public, sign)


def _generate_p256() -> bytes:
    return generate_private_key(SECP256R1()).private_numbers().private_value.to_bytes(SECRET_OCTETS, "big")


def _load_ed25519(secret: bytes) -> Secret:
    key = Ed25519PrivateKey.from_private_bytes(secret)
    return Secret(key.public_key().public_bytes_raw(), key.sign)


ALGORITHMS: Final[Mapping[int, Algorithm]] = {
    13: Algorithm(13, "ecdsap256sha256", "ECDSAP256SHA256", 64, 24, _load_p256, _generate_p256),
    15: Algorithm(15, "ed25519", "ED25519", 32, 32, _load_ed25519, lambda: Ed25519PrivateKey.generate().private_bytes_raw()),
}
BY_NAME: Final[Mapping[str, Algorithm]] = {algorithm.name: algorithm for algorithm in ALGORITHMS.values()}
