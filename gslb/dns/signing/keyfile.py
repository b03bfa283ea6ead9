"""Key files as BIND 9 has them: `K<zone>.+<algorithm>+<tag>.key` holds the DNSKEY record, `.private` the secret and the times.

dnssec-keygen, dnssec-settime, dnssec-dsfromkey, ldns-keygen and keymgr understand the same files. What is not known here is
kept when a file is written again.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Final

from gslb.dns.signing.algorithms import ALGORITHMS, SECRET_OCTETS, Algorithm
from gslb.dns.signing.keys import PROTOCOL, SEP, ZONE_KEY, Key, Timing

LARGEST: Final = 16_384  # octets; those of RSA-4096 are a quarter of it
FORMAT: Final = "Private-key-format"
_FORMATS: Final = ("v1.2", "v1.3")
_TIME: Final = re.compile(r"[0-9]{14}")
_FIELD: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,40}):[ \t]*(.*)")
_REVOKE: Final = 0x0080  # RFC 5011 section 7

# The names of the times, in the order in which BIND writes them.
TIMES: Final[Mapping[str, str]] = {
    "Created": "created",
    "Publish": "publish",
    "Activate": "activate",
    "Inactive": "inactive",
    "Delete": "delete",
    "DSPublish": "ds_publish",
    "SyncPublish": "sync_publish",
    "SyncDelete": "sync_delete",
}
# Keys without any times are from before there were any, or of ldns: they are in use.
_TIMELESS: Final = Timing(created=0, publish=0, activate=0)


class BadKeyFile(Exception):
    """What is wrong in a key file, at which line, about which of its fields."""

    def __init__(self, line: int, key: str, message: str) -> None:
        super().__init__(message)
        self.line, self.key, self.message = line, key, message


@dataclass(frozen=True, slots=True)
class PublicPart:
    """The DNSKEY record of a `.key` file. `zone` is lower case without final dot."""

    zone: str
    flags: int
    algorithm: Algorithm
    public: bytes
    line: int


@dataclass(frozen=True, slots=True)
class PrivatePart:
    algorithm: Algorithm
    secret: bytes
    timing: Timing
    extra: tuple[tuple[str, str], ...]
    line: int  # of the secret

    def __repr__(self) -> str:
        return "PrivatePart(…)"


# --------------------------------------------------------------------------------------------------- read


def read_public(raw: bytes) -> PublicPart:
    """Raises BadKeyFile."""
    words = list(_words(_text(raw)))
    if not words:
        raise BadKeyFile(1, "DNSKEY", "holds no record; it was cut off, or is not a key file")
    line, zone = words[0]
    rest = [word for _, word in words[1:]]
    while rest and (rest[0].isdigit() or rest[0].upper() == "IN"):
        rest = rest[1:]
    if not rest or rest[0].upper() != "DNSKEY":
        raise BadKeyFile(line, "DNSKEY", "is no DNSKEY record; write `zone. IN DNSKEY flags 3 algorithm key`")
    if len(rest) < 5:
        raise BadKeyFile(line, "DNSKEY", "is cut off: flags, protocol, algorithm and key belong there")
    if not all(re.fullmatch("[0-9]{1,5}", word) for word in rest[1:4]):
        raise BadKeyFile(line, "DNSKEY", "has flags, protocol or algorithm that is not a number")
    flags, protocol, number = (int(word) for word in rest[1:4])
    _check_flags(line, flags, protocol)
    algorithm = _algorithm(line, "DNSKEY", number)
    public = _decoded(line, "DNSKEY", "".join(rest[4:]), algorithm.public_octets)
    return PublicPart(zone.lower().removesuffix("."), flags, algorithm, public, line)


def _check_flags(line: int, flags: int, protocol: int) -> None:
    if protocol != PROTOCOL:
        raise BadKeyFile(line, "DNSKEY", f"has protocol {protocol}; it is always 3 (RFC 4034 section 2.1.2)")
    if flags & _REVOKE:
        raise BadKeyFile(line, "DNSKEY", "is revoked (RFC 5011), which nobody could follow; take the key out of the directory")
    if flags not in (ZONE_KEY, ZONE_KEY | SEP):
        raise BadKeyFile(line, "DNSKEY", f"has flags {flags}; they are 257 (KSK or CSK) or 256 (ZSK)")


def read_private(raw: bytes) -> PrivatePart:
    """Raises BadKeyFile. What is wrong is told without what is in the file."""
    found = _fields(_text(raw))
    line, version = _wanted(found, FORMAT)
    if version not in _FORMATS:
        raise BadKeyFile(line, FORMAT, f"is not one of {' and '.join(_FORMATS)}")
    line, told = _wanted(found, "Algorithm")
    number = told.partition(" ")[0]
    if not re.fullmatch("[0-9]{1,3}", number):
        raise BadKeyFile(line, "Algorithm", "is not a number")
    algorithm = _algorithm(line, "Algorithm", int(number))
    line, told = _wanted(found, "PrivateKey")
    secret = _decoded(line, "PrivateKey", told, SECRET_OCTETS, algorithm.secret_least).rjust(SECRET_OCTETS, b"\0")
    timing = _timing(found)
    if "Revoke" in found:
        raise BadKeyFile(found["Revoke"][0], "Revoke", "is not supported (RFC 5011); take the line out")
    ours = {FORMAT, "Algorithm", "PrivateKey", *TIMES}
    extra = tuple((name, value) for name, (_, value) in found.items() if name not in ours)
    return PrivatePart(algorithm, secret, timing, extra, line)


def _timing(found: Mapping[str, tuple[int, str]]) -> Timing:
    times = {ours: _seconds(*found[name], name) for name, ours in TIMES.items() if name in found}
    if not times:
        return _TIMELESS
    timing = Timing(**times)
    for start, end in (("Publish", "Delete"), ("Activate", "Inactive"), ("SyncPublish", "SyncDelete")):
        first, last = times.get(TIMES[start]), times.get(TIMES[end])
        if first is not None and last is not None and last < first:
            raise BadKeyFile(found[end][0], end, f"is before {start}")
    return timing


def _seconds(line: int, text: str, name: str) -> int:
    try:
        if _TIME.fullmatch(text) and text >= "1970":
            return int(datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp())
    except ValueError:
        pass
    raise BadKeyFile(line, name, "is not a time; write it in UTC as 20270331120000")


def _fields(text: str) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if not line or line.startswith((";", "#")):
            continue
        match = _FIELD.fullmatch(line)
        if match is None:
            raise BadKeyFile(
                number, FORMAT, "is not a line `Name: value`; the file is damaged, or is not a private key of BIND's"
            )
        if match[1] in found:
            raise BadKeyFile(number, match[1], f"is there twice, first in line {found[match[1]][0]}")
        found[match[1]] = number, match[2].strip()
    return found


def _wanted(found: Mapping[str, tuple[int, str]], name: str) -> tuple[int, str]:
    if name not in found:
        last = max((line for line, _ in found.values()), default=1)
        raise BadKeyFile(last, name, "is missing; the file was cut off, or is not a private key of BIND's")
    return found[name]


def _words(text: str) -> Iterator[tuple[int, str]]:
    """Of zone text: comments and brackets do not count."""
    for number, line in enumerate(text.split("\n"), 1):
        for word in line.partition(";")[0].replace("(", " ").replace(")", " ").split():
            yield number, word


def _text(raw: bytes) -> str:
    if len(raw) > LARGEST:
        raise BadKeyFile(1, "(file)", f"is larger than {LARGEST} octets; no key file is")
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadKeyFile(line, "(file)", "is not ASCII; the file is damaged, or is not a key file") from None


def _algorithm(line: int, key: str, number: int) -> Algorithm:
    algorithm = ALGORITHMS.get(number)
    if algorithm is None:
        known = " and ".join(f"{each.number} ({each.mnemonic})" for each in ALGORITHMS.values())
        raise BadKeyFile(line, key, f"is algorithm {number}; there is {known}")
    return algorithm


def _decoded(line: int, key: str, text: str, octets: int, least: int | None = None) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadKeyFile(line, key, "is not whole base64; it was cut off or damaged") from None
    if not (octets if least is None else least) <= len(found) <= octets:
        raise BadKeyFile(line, key, f"has {len(found)} octets, not {octets}; it was cut off or is of another algorithm")
    return found


# -------------------------------------------------------------------------------------------------- write


def file_stem(zone: str, algorithm: int, tag: int) -> str:
    return f"K{zone}.+{algorithm:03d}+{tag:05d}"


def public_text(key: Key) -> str:
    """With the times as comments, for people."""
    kind = "key-signing" if key.sep else "zone-signing"
    lines = [f"; This is a {kind} key, keyid {key.tag}, for {key.zone}."]
    lines += [f"; {name}: {_stamp(at)} ({_utc(at):%a %b %e %H:%M:%S %Y})" for name, at in _times(key.timing)]
    told = f"{key.flags} {PROTOCOL} {key.algorithm.number} {base64.b64encode(key.secret.public).decode()}"
    return "\n".join([*lines, f"{key.zone}. IN DNSKEY {told}"]) + "\n"


def private_text(key: Key, secret: bytes) -> str:
    lines = [
        f"{FORMAT}: {_FORMATS[-1]}",
        f"Algorithm: {key.algorithm.number} ({key.algorithm.mnemonic})",
        f"PrivateKey: {base64.b64encode(secret).decode()}",
        *(f"{name}: {_stamp(at)}" for name, at in _times(key.timing)),
        *(f"{name}: {value}" for name, value in key.extra),
    ]
    return "\n".join(lines) + "\n"


def _times(timing: Timing) -> Iterator[tuple[str, int]]:
    values = {field.name: getattr(timing, field.name) for field in fields(timing)}
    for name, ours in TIMES.items():
        if values[ours] is not None:
            yield name, values[ours]


def _utc(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _stamp(at: int) -> str:
    return f"{_utc(at):%Y%m%d%H%M%S}"
