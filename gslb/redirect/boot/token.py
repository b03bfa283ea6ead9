"""The token by which a report is believed: that its sender was given a script here, in the network that it reports for.

A network is what the service keeps together (`sticky`), and nobody reports for another one, as the address of the sender is
part of what the token vouches for. It holds for ten minutes, on every node that has the same cookie secrets.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from hashlib import blake2b
from hmac import compare_digest
from typing import Final, NamedTuple

VALID_S: Final = 600
AHEAD_S: Final = 60  # that the clock of another node may be ahead
_NONCE, _TIME, _MAC = 8, 4, 16  # octets
_TOKEN: Final = re.compile(rb"[0-9a-f]{%d}" % (2 * (_NONCE + _TIME + _MAC)))


class Judgement(StrEnum):
    GOOD = "good"
    MALFORMED = "malformed"
    EXPIRED = "expired"
    FOREIGN = "foreign"  # of another network or service, of nodes with other secrets, or made up


class Bearer(NamedTuple):
    """Whom a token is for; `network` as `network_of` writes it."""

    service: str
    network: str


def make_token(secrets: Sequence[bytes], bearer: Bearer, utc_s: float, nonce: bytes) -> str:
    """`nonce` are 8 octets that no other token has. The first of the secrets is used."""
    head = nonce + (int(utc_s) + VALID_S).to_bytes(_TIME, "big")
    return (head + _mac(secrets[0], head, bearer)).hex()


def judge_token(token: bytes, secrets: Sequence[bytes], bearer: Bearer, utc_s: float) -> Judgement:
    if _TOKEN.fullmatch(token) is None:
        return Judgement.MALFORMED
    octets = bytes.fromhex(token.decode("ascii"))
    head, mac = octets[: _NONCE + _TIME], octets[_NONCE + _TIME :]
    if not any(compare_digest(mac, _mac(secret, head, bearer)) for secret in secrets):
        return Judgement.FOREIGN
    left_s = int.from_bytes(head[_NONCE:], "big") - utc_s
    return Judgement.GOOD if 0 <= left_s <= VALID_S + AHEAD_S else Judgement.EXPIRED


def _mac(secret: bytes, head: bytes, bearer: Bearer) -> bytes:
    """With a key of its own: the secret is that of DNS cookies."""
    key = blake2b(key=secret, digest_size=32, person=b"gslb report key").digest()
    told = b"\0".join((head, bearer.service.encode(), bearer.network.encode()))
    return blake2b(told, key=key, digest_size=_MAC, person=b"gslb report").digest()
