"""Names on the wire: lower-cased, uncompressed, with the root label; text only at the edges."""

from __future__ import annotations

from collections.abc import Iterator

from gslb.dns.cursor import Cursor

ROOT = b"\0"


def wire_name(text: str) -> bytes:
    """The wire form of an absolute name, in lower case. Escapes (`\\.`, `\\046`) are RFC 1035 section 5.1."""
    if text in ("", "."):
        return ROOT
    labels = [_unescaped(label) for label in _labels(text)]
    if any(not 0 < len(label) < 64 for label in labels):
        raise ValueError(f"{text!r}: a label is empty or over 63 octets")
    wire = b"".join(bytes((len(label),)) + label for label in labels) + ROOT
    if len(wire) > 255:
        raise ValueError(f"{text!r}: over 255 octets")
    return wire.lower()


def _labels(text: str) -> Iterator[str]:
    label, escaped = "", False
    for character in text:
        if character == "." and not escaped:
            yield label
            label = ""
            continue
        escaped = character == "\\" and not escaped
        label += character
    yield label


def _unescaped(label: str) -> bytes:
    octets, at = bytearray(), 0
    raw = label.encode("utf-8")
    while at < len(raw):
        if raw[at] != 0x5C:
            octets.append(raw[at])
            at += 1
        elif raw[at + 1 : at + 4].isdigit():
            octets.append(int(raw[at + 1 : at + 4]))
            at += 4
        else:
            octets += raw[at + 1 : at + 2]
            at += 2
    return bytes(octets)


def mailbox_name(contact: str) -> bytes:
    """`a.b@example.net` as the RNAME of an SOA: the local part is one label (RFC 1035 section 8)."""
    local, at, domain = contact.partition("@")
    if not at:
        return wire_name(contact.removesuffix("."))
    label = local.encode("utf-8").lower()
    if not 0 < len(label) < 64:
        raise ValueError(f"{contact!r}: the part before @ is empty or over 63 octets")
    return bytes((len(label),)) + label + wire_name(domain.removesuffix("."))


def parent(name: bytes) -> bytes:
    """The name without its first label. The root has no parent and is not asked for it."""
    return name[1 + name[0] :]


def suffixes(name: bytes) -> Iterator[bytes]:
    """The name itself, then each of its ancestors, the root last."""
    while True:
        yield name
        if name == ROOT:
            return
        name = parent(name)


def is_below(name: bytes, ancestor: bytes) -> bool:
    """Whether `name` is `ancestor` or lies under it."""
    return any(suffix == ancestor for suffix in suffixes(name))


def name_length(rdata: bytes, at: int) -> int:
    """Length in octets of the uncompressed name at `at`; Malformed if there is none."""
    cursor = Cursor(rdata, at)
    return len(cursor.question_name())
